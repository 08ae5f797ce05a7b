from odoo import models
from odoo.exceptions import UserError
from odoo.tools import email_split


class MailingMailingTest(models.TransientModel):
    """A test is for colleagues: who wants no mail gets no test either."""

    _inherit = "mailing.mailing.test"

    def send_mail_test(self):
        self.ensure_one()
        normalize = self.env["marketing.person"]._normalize
        addresses = {
            email
            for line in (self.email_to or "").splitlines()
            for email in map(normalize, email_split(line)[:1])
            if email
        }
        refused = self._get_refused_addresses(addresses)
        if refused:
            raise UserError(
                self.env._(
                    "%s: whoever has this address wants no mail from you. Send the test"
                    " to yourself or to a colleague.",
                    ", ".join(sorted(refused)),
                )
            )
        return super().send_mail_test()

    def _get_refused_addresses(self, addresses):
        """Those of these addresses that get no mailing at all, colleagues left out."""
        colleagues = (
            self.env["res.users"]
            .sudo()
            .search(
                [("email_normalized", "in", list(addresses)), ("share", "=", False)]
            )
        )
        others = addresses - set(colleagues.mapped("email_normalized"))
        blocked = self.env["mail.blacklist"].sudo().search([("email", "in", [*others])])
        persons = (
            self.env["marketing.person"]
            .sudo()
            .search(
                [
                    ("email_normalized", "in", list(others)),
                    "|",
                    ("suppression", "=", "complaint"),
                    ("suppression", "=", "manual"),
                ]
            )
        )
        return {
            *blocked.mapped("email"),
            *persons.mapped("email_normalized"),
            *self.env["marketing.suppression"].sudo()._is_suppressed(others),
        }
