from odoo import fields, models
from odoo.tools import float_round


class UtmCampaign(models.Model):
    """What came of a campaign: Odoo's statistics, and the results of its mailings.

    Odoo's count mails whatever opened them, and read every trace of the campaign for
    it; here they are sums of what is counted already. The results count persons, with
    what machines did left out.
    """

    _inherit = "utm.campaign"

    marketing_report_ids = fields.One2many(
        "marketing.mailing.report",
        "campaign_id",
        "Results of Mailings",
        readonly=True,
        groups="email_marketing_crm.group_marketing_user",
    )

    def _compute_statistics(self):
        """Odoo's formulas; its query is part of them, so they are written anew."""
        counts = self.env["marketing.mailing.count"].sudo()
        statistics = counts._get_campaign_counts(self.ids)
        for campaign in self:
            mails, sent = statistics.get(campaign.id, ({}, 0))
            total = (sum(mails.values()) - mails.get("cancel", 0)) or 1
            replied = mails.get("reply", 0)
            bounced = mails.get("bounce", 0)
            campaign.update(
                {
                    ratio: float_round(100 * count / total, precision_digits=2)
                    for ratio, count in (
                        ("received_ratio", sent - bounced),
                        ("opened_ratio", mails.get("open", 0) + replied),
                        ("replied_ratio", replied),
                        ("bounced_ratio", bounced),
                    )
                }
            )

    def _compute_mailing_mail_count(self):
        """Odoo's, also for salespeople who open the campaign of a lead.

        Its form asks for the number of A/B tests, which they may not read.
        """
        return super(UtmCampaign, self.sudo())._compute_mailing_mail_count()

    def action_view_marketing_results(self):
        """What works in this campaign."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_mailing_report_action"
        )
        return action | {"domain": [("campaign_id", "=", self.id)]}
