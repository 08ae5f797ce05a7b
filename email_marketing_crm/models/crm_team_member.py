from odoo import models

#: Leads a day that nobody reaches: room for everybody, and still the least busy first.
UNLIMITED_QUOTA = 10000


class CrmTeamMember(models.Model):
    _inherit = "crm.team.member"

    def _get_assignment_quota(self, force_quota=False):
        """Give members room for hand-offs where nobody set their capacity.

        Without rule-based assignment in the settings the capacity is not shown, and
        its default would send all but one hand-off a day to the team leader.
        """
        quota = super()._get_assignment_quota(force_quota=force_quota)
        if (
            self.env.context.get("marketing_handoff_lead_ids") is None
            or self.env["crm.lead"]._is_rule_based_assignment_activated()
        ):
            return quota
        return UNLIMITED_QUOTA - self.lead_day_count
