"""Names of campaigns, sources and media stand in the address a link leads to."""

from odoo import models


class UtmCampaign(models.Model):
    _inherit = "utm.campaign"

    def write(self, vals):
        if vals.keys() & {"name", "title"}:
            self.env.registry.clear_cache()
        return super().write(vals)


class UtmSource(models.Model):
    _inherit = "utm.source"

    def write(self, vals):
        if "name" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)


class UtmMedium(models.Model):
    _inherit = "utm.medium"

    def write(self, vals):
        if "name" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)
