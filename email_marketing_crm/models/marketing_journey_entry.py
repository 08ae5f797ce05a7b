from odoo import fields, models
from odoo.tools import SQL

#: Members that enter by one statement when a journey starts.
ENTRY_BATCH = 20000


class MarketingJourney(models.Model):
    """How people come into a journey.

    With the start enter the members there are: one batch at once, those of a larger
    segment with the next runs of the first lane, for which `entering_since` stays
    set. Later the inbox lets in who comes into the segment.
    """

    _inherit = "marketing.journey"

    def _start_entry(self):
        """Let the present members enter."""
        self.entering_since = fields.Datetime.now()
        self._continue_entry()

    def _continue_entry(self):
        """Let the next batch of members enter; returns how many did."""
        entered = 0
        for journey in self:
            count = journey._enter(limit=ENTRY_BATCH)
            if count < ENTRY_BATCH:
                journey.entering_since = False
            entered += count
        return entered

    def _enter(self, person_ids=None, by_hand=False, limit=None):
        """Let members of the segment enter: one statement a journey.

        :param person_ids: only these persons; None for all members
        :param by_hand: somebody chose them, so re-entry rules do not matter; nobody
            enters while still under way though
        :param limit: at most so many
        :returns: number of persons who entered
        """
        now = fields.Datetime.now()
        entered = 0
        for journey in self.filtered(lambda j: j.state in ("running", "paused")):
            first = journey.version_id.step_ids.filtered(lambda s: not s.parent_id)
            self.env.cr.execute(
                SQL(
                    """
                    WITH entered AS (
                        INSERT INTO marketing_journey_participant
                               (journey_id, version_id, person_id, res_id, step_id,
                                state, visit, entered, arrived, due, attempts)
                        SELECT %(journey)s, %(version)s, member.person_id,
                               member.res_id, %(step)s, 'running',
                               %(visits)s + 1, %(now)s, %(now)s, %(due)s, 0
                          FROM (%(candidates)s %(limit)s) member
                         ON CONFLICT DO NOTHING
                     RETURNING id, step_id, visit
                    )
                    INSERT INTO marketing_journey_log
                           (participant_id, step_id, visit, date, event)
                    SELECT id, step_id, visit, %(now)s, 'entered' FROM entered
                    """,
                    journey=journey.id,
                    version=journey.version_id.id,
                    step=first.id,
                    now=now,
                    due=first._get_due(now),
                    candidates=journey._get_candidates(now, person_ids, by_hand),
                    limit=SQL("LIMIT %s", limit) if limit else SQL(),
                    visits=journey._get_past_visits(by_hand),
                )
            )
            entered += self.env.cr.rowcount
        self.env["marketing.journey.participant"].invalidate_model()
        self.env["marketing.journey.log"].invalidate_model()
        return entered

    def _count_entries(self):
        """How many members would enter now."""
        self.ensure_one()
        if not self.segment_id:
            return 0
        candidates = self._get_candidates(fields.Datetime.now())
        [(count,)] = self.env.execute_query(
            SQL("SELECT count(*) FROM (%s) candidate", candidates)
        )
        return count

    def _get_candidates(self, now, person_ids=None, by_hand=False):
        """SQL of the members (person_id, res_id) who may enter now."""
        self.ensure_one()
        journey_id = self._origin.id or 0
        members = self.env["marketing.segment.member"]
        conditions = [
            SQL("marketing_segment_member.segment_id = %s", self.segment_id._origin.id),
            SQL("marketing_segment_member.res_id IS NOT NULL"),
            members._get_member_condition(),
        ]
        if person_ids is not None:
            conditions.append(
                SQL("marketing_segment_member.person_id = ANY(%s)", list(person_ids))
            )
        if by_hand:
            hindrance = SQL("p.state IN ('running', 'waiting', 'error')")
        elif self.reentry == "once":
            hindrance = SQL("TRUE")
        else:
            hindrance = SQL(
                "(p.state IN ('running', 'waiting', 'error')"
                " OR p.entered > %s - %s * interval '1 day' OR p.entered >= %s)",
                now,
                self.reentry_days,
                self.entering_since or None,
            )
        conditions.append(
            SQL(
                """
                NOT EXISTS (SELECT FROM marketing_journey_participant p
                             WHERE p.person_id = marketing_segment_member.person_id
                               AND p.journey_id = %s AND %s)
                """,
                journey_id,
                hindrance,
            )
        )
        return SQL(
            "SELECT person_id, res_id FROM marketing_segment_member WHERE %s",
            SQL(" AND ").join(conditions),
        )

    def _get_past_visits(self, by_hand):
        """SQL of the number of earlier passes of `member.person_id`."""
        self.ensure_one()
        if self.reentry == "once" and not by_hand:
            return SQL("0")
        return SQL(
            "(SELECT count(*) FROM marketing_journey_participant p"
            " WHERE p.journey_id = %s AND p.person_id = member.person_id)",
            self.id,
        )
