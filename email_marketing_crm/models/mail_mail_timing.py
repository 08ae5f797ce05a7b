from odoo import api, models


class MailMail(models.Model):
    _inherit = "mail.mail"

    @api.model
    def _get_ready(self, number, count):
        """What was not handed over before it got quiet waits until the morning."""
        self.env["marketing.delivery"]._hold_ready(number, count)
        return super()._get_ready(number, count)
