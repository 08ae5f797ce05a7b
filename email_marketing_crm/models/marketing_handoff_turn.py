from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.conflict import CONFLICTS


class MarketingHandoffTurn(models.Model):
    """Who shares out the hand-offs of a sales team: one transaction at a time.

    How much room its members have is counted from their leads. Two transactions that
    count at the same time both find the last place free. Therefore whoever is about to
    share leads out takes the turn of the team, its row, until he commits. PostgreSQL
    lets the next one have it only when he has seen those leads: one that began before
    they were there fails, and is done again from its start.

    A row of its own, not the one of the team: leads refer to that, so whoever made or
    changed one meanwhile would fail as well. Written by the assignment only.
    """

    _name = "marketing.handoff.turn"
    _description = "Turn of a Sales Team"
    _rec_name = "team_id"
    _log_access = False

    team_id = fields.Many2one(
        "crm.team", "Sales Team", required=True, readonly=True, ondelete="cascade"
    )
    number = fields.Integer(readonly=True, required=True, aggregator=None)

    _team_unique = models.Constraint("UNIQUE(team_id)", "A team has one turn.")

    @api.model
    def _take(self, teams):
        """Wait for the turns of these teams, and keep them until the commit.

        :raises psycopg2.errors.SerializationFailure: somebody had one since this
            transaction began; it has to be done again
        """
        teams = teams.filtered(self._has_quota)
        if not teams:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_handoff_turn (team_id, number)
                SELECT unnest(%s::int[]), 1 -- in one order, or two wait for each other
                    ON CONFLICT (team_id)
                    DO UPDATE SET number = marketing_handoff_turn.number + 1
                """,
                sorted(teams.ids),
            ),
            log_exceptions=False,
        )

    @api.model
    def _try_take(self, team):
        """The same without waiting or failing: whether it is our turn now."""
        if not self._has_quota(team):
            return True
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(
                    SQL(
                        "SELECT FROM marketing_handoff_turn WHERE team_id = %s"
                        " FOR NO KEY UPDATE NOWAIT",
                        team.id,
                    ),
                    log_exceptions=False,
                )
                self._take(team)
        except CONFLICTS:
            return False
        return True

    @api.model
    def _has_quota(self, team):
        """Whether the members of a team may run out of room."""
        return (
            bool(self.env["crm.lead"]._is_rule_based_assignment_activated())
            and not team.assignment_optout
        )
