from odoo import models
from odoo.tools import SQL


class MailingList(models.Model):
    """Ways into a list that make subscriptions without creating them as records."""

    _inherit = "mailing.list"

    def write(self, vals):
        result = super().write(vals)
        if "contact_ids" in vals or "subscription_ids" in vals:
            self._adopt_memberships()
        return result

    def action_merge(self, src_lists, archive):
        """Who is out of the list stays out, whichever list he comes from."""
        result = super().action_merge(src_lists, archive)
        self._adopt_memberships()
        return result

    def _adopt_memberships(self):
        topics = self.env["marketing.topic"]._get_by_list(self)
        for topic in topics.values():
            topic._adopt_subscriptions()
        plain = self - self.browse().union(*topics)
        if plain:
            self.env["marketing.consent"].sudo()._keep_out(
                SQL("subscription.list_id = ANY(%s)", plain.ids)
            )
