from odoo import fields, models


class MailingContact(models.Model):
    _name = "mailing.contact"
    _inherit = ["mailing.contact", "marketing.person.mixin"]

    # Bounces, persons and blacklists look contacts up by address.
    email_normalized = fields.Char(index="btree_not_null")
