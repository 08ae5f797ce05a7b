"""Figures of the add-on beside those of stock Odoo, measured in the same run."""
