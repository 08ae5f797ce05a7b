from odoo import api, fields, models


class MailingMailing(models.Model):
    """The results of mailings in their lists: those of their forms, and no others.

    Odoo's own ratios count mails, whatever opened them, and are shown where there is
    nothing better: for mailings that left before the add-on was there. As of the last
    count, as in the reports.
    """

    _inherit = "mailing.mailing"

    marketing_has_results = fields.Boolean(compute="_compute_marketing_rates")
    marketing_delivered_rate = fields.Float(
        "Delivered (%)",
        compute="_compute_marketing_rates",
        help="Did not come back so far, of all that were sent.",
    )
    marketing_open_rate = fields.Float(
        "Opened (%)",
        compute="_compute_marketing_rates",
        help="Opened by humans, of all that the mail was delivered to.",
    )
    marketing_click_rate = fields.Float(
        "Clicked (%)",
        compute="_compute_marketing_rates",
        help="Clicked by humans, of all that the mail was delivered to.",
    )
    marketing_reply_rate = fields.Float(
        "Replied (%)",
        compute="_compute_marketing_rates",
        help="Replied, of all that the mail was delivered to.",
    )

    @api.depends("marketing_kind", "state")
    @api.depends_context("uid")
    def _compute_marketing_rates(self):
        """Read once a list, from the results that are counted for reports."""
        may_see = self.env.user.has_group("email_marketing_crm.group_marketing_user")
        found = self.env["marketing.mailing.result"].sudo()
        if may_see:
            found = found.search([("mailing_id", "in", self._origin.ids)])
        results = {result.mailing_id: result for result in found}
        for mailing in self:
            result = results.get(mailing._origin, found.browse())
            mailing.marketing_has_results = may_see and bool(
                result or mailing.marketing_kind
            )
            mailing.marketing_delivered_rate = get_percent(
                result.delivered, result.sent
            )
            for rate, figure in (
                ("marketing_open_rate", "opened"),
                ("marketing_click_rate", "clicked"),
                ("marketing_reply_rate", "replied"),
            ):
                mailing[rate] = get_percent(result[figure], result.delivered)


def get_percent(part, whole):
    """Of nobody: 0."""
    return 100 * part / whole if whole else 0.0
