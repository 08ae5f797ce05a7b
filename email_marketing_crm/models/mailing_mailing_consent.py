from odoo import api, fields, models


class MailingMailing(models.Model):
    """What a mailing is about: only people who agreed to its topic get it."""

    _inherit = "mailing.mailing"

    marketing_topic_id = fields.Many2one(
        "marketing.topic",
        "Topic",
        compute="_compute_marketing_topic_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Only persons who agreed to this topic get the mailing, and who "
        "unsubscribes from it leaves this topic. Empty: who unsubscribes wants no "
        "mail at all.",
    )

    @api.depends("contact_list_ids")
    def _compute_marketing_topic_id(self):
        """The topic of the list, where the mailing goes to one list."""
        for mailing in self:
            if mailing.marketing_topic_id or len(mailing.contact_list_ids) != 1:
                continue
            lists = mailing.contact_list_ids._origin
            mailing.marketing_topic_id = (
                self.env["marketing.topic"]._get_by_list(lists).get(lists)
            )

    def _get_compliance_profile(self):
        """The profile of the company that sends this mailing."""
        self.ensure_one()
        mailing = self.sudo()
        company = (
            mailing.marketing_topic_id.company_id
            or mailing.user_id.company_id
            or self.env.company
        )
        return company.marketing_compliance_profile_id
