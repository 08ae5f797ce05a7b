from odoo import models


class MailingContact(models.Model):
    _name = "mailing.contact"
    _inherit = ["mailing.contact", "marketing.person.mixin"]

    # Bounces, persons and blacklists look contacts up by address.
    _email_normalized = models.Index(
        "(email_normalized) WHERE email_normalized IS NOT NULL"
    )
