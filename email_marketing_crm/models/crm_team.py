from contextlib import contextmanager

from odoo import api, models

_HANDOFF_LEADS = "marketing_handoff_lead_ids"


@contextmanager
def _kept_transaction(cr):
    """Let a stock method that commits on its way run inside our transaction.

    The assignment commits each hundred leads, because it is meant to be run by its
    own cron. Within an inbox batch that would commit half of the batch and close the
    savepoint around it. Only this cursor is concerned, and nothing is lost: the lane
    commits when the batch is complete.
    """
    commit = vars(cr).get("commit")
    cr.commit = lambda: None
    try:
        yield
    finally:
        if commit is None:
            del cr.commit
        else:
            cr.commit = commit


class CrmTeam(models.Model):
    _inherit = "crm.team"

    @api.model
    def _ensure_handoff_team(self):
        """Hand-offs need a team to go to, also where nobody sells in teams."""
        if not self.search_count([], limit=1):
            self.create({"name": self.env._("Sales")})

    def _get_lead_to_assign_domain(self):
        """Narrow the stock assignment down to the leads of a hand-off."""
        lead_ids = self.env.context.get(_HANDOFF_LEADS)
        if lead_ids is None:
            return super()._get_lead_to_assign_domain()
        return [
            ("id", "in", lead_ids),
            ("user_id", "=", False),
            ("team_id", "in", self.ids),
        ]

    def _assign_handoff_leads(self, leads):
        """Give unassigned leads of these teams to members, by Odoo's own rules.

        Quota, domains and order of the members are those of the rule-based
        assignment, which also converts leads to opportunities. What it leaves over
        because all quotas of the day are used up, no member takes part, or the team
        skips the assignment, goes to the team leader. The turn of the teams is taken
        first, so that quotas hold whoever else shares leads out at this moment.

        :returns: `{lead id: "rules" | "leader" | "none"}`
        """
        teams = self.filtered(lambda team: not team.assignment_optout)
        self.env["marketing.handoff.turn"]._take(teams)
        with _kept_transaction(self.env.cr):
            teams.with_context(
                **{_HANDOFF_LEADS: leads.ids}
            )._assign_and_convert_leads()
        answer = {lead.id: "rules" for lead in leads if lead.user_id}
        quiet_leads = leads.with_context(mail_auto_subscribe_no_notify=True)
        for team, remaining in quiet_leads.grouped("team_id").items():
            remaining = remaining.filtered(lambda lead: not lead.user_id)
            leader = team.user_id.filtered("active")
            if leader:
                remaining._handle_salesmen_assignment(user_ids=leader.ids)
            for lead in remaining:
                answer[lead.id] = "leader" if leader else "none"
        return answer
