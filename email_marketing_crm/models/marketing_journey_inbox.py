from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL

from ..tools.pg_array import to_columns
from ..tools.reliability import CLASSES, RANK


class MarketingJourneyParticipant(models.Model):
    """What journeys learn from the inbox."""

    _inherit = "marketing.journey.participant"

    @api.model
    def _consume_inbox(self, batch):
        """Enter, leave, start clocks and wake, each by one statement for the batch.

        Nothing is decided about waits here: those concerned become due now, and the
        lane decides from the log.
        """
        self._consume_entries(batch)
        live_ids = self._get_live_ids(batch.person_ids)
        if not live_ids:
            return
        self._consume_exits(batch)
        self._consume_sent(batch)
        self._wake(batch)
        self.invalidate_model()
        if self._has_due(live_ids, batch.now):
            self.env["marketing.lane"]._wake("journey")

    @api.model
    def _has_due(self, participant_ids, now):
        """Whether some of these can go on: the lanes need not wait for their minute."""
        [(is_due,)] = self.env.execute_query(
            SQL(
                """
                SELECT EXISTS (SELECT FROM marketing_journey_participant
                                WHERE id = ANY(%s) AND due <= %s
                                  AND state IN ('running', 'waiting'))
                """,
                participant_ids,
                now,
            )
        )
        return is_due

    @api.model
    def _consume_entries(self, batch):
        """Who came into the segment of a journey enters it."""
        entered = defaultdict(set)
        for row in batch.of_types("segment_entered"):
            if row.res_model == "marketing.segment":
                entered[row.res_id].add(row.person_id)
        if not entered:
            return
        journeys = self.env["marketing.journey"].search(
            [
                ("segment_id", "in", list(entered)),
                ("state", "in", ("running", "paused")),
            ]
        )
        for journey in journeys:
            journey._enter(entered[journey.segment_id.id])

    @api.model
    def _consume_exits(self, batch):
        """Who must leave leaves at once, not only when the next step is due."""
        person_ids = set(batch.changed_ids | batch.rebuild_ids)
        person_ids.update(
            row.person_id for row in batch.of_types(*self._get_exit_types())
        )
        self._leave_due_exits(
            self._get_live_ids(person_ids), [row.id for row in batch.touchpoints]
        )

    @api.model
    def _consume_sent(self, batch):
        """The mail before a wait has left: the time allowed begins."""
        rows = [
            (row.person_id, row.mailing_id, row.date)
            for row in batch.of_types("sent")
            if row.mailing_id
        ]
        if not rows:
            return
        self.env.cr.execute(
            """
            UPDATE marketing_journey_participant p
               SET deadline = greatest(p.arrived, sent.date)
                              + step.wait_seconds * interval '1 second',
                   due = greatest(p.arrived, sent.date)
                         + step.wait_seconds * interval '1 second'
              FROM unnest(%s::int[], %s::int[], %s::timestamp[])
                       sent (person_id, mailing_id, date),
                   marketing_journey_step step, marketing_journey_step mail
             WHERE p.person_id = sent.person_id AND p.state = 'waiting'
               AND p.deadline IS NULL AND sent.date >= p.entered
               AND step.id = p.step_id AND mail.id = step.mail_step_id
               AND mail.mailing_id = sent.mailing_id
            """,
            to_columns(rows),
        )

    @api.model
    def _wake(self, batch):
        """Those whose event came, or whose mail will not, become due now."""
        skipped_id = self.env["marketing.touchpoint.type"]._get_id("skipped")
        wanted = {skipped_id} | self._get_awaited_type_ids()
        hits = [
            (
                row.person_id,
                row.type_id,
                row.mailing_id,
                row.date,
                RANK[row.reliability],
                row.res_id if row.res_model == "marketing.asset" else None,
            )
            for row in batch.touchpoints
            if row.type_id in wanted
        ]
        if hits:
            self.env.cr.execute(
                """
                UPDATE marketing_journey_participant p
                   SET due = least(p.due, %s)
                  FROM unnest(%s::int[], %s::int[], %s::int[], %s::timestamp[],
                              %s::int[], %s::int[])
                           hit (person_id, type_id, mailing_id, date, rank, asset_id),
                       marketing_journey_step step
                  LEFT JOIN marketing_journey_step mail ON mail.id = step.mail_step_id
                 WHERE p.person_id = hit.person_id AND p.state = 'waiting'
                   AND step.id = p.step_id AND hit.date >= p.entered
                   AND CASE WHEN hit.type_id = %s
                            THEN hit.mailing_id = mail.mailing_id
                            ELSE hit.type_id = step.event_type_id
                                 AND (step.event_source = 'any'
                                      OR hit.mailing_id = mail.mailing_id)
                                 AND (step.event_asset_id IS NULL
                                      OR hit.asset_id = step.event_asset_id)
                                 AND hit.rank + 1 >= array_position(
                                         %s, step.event_reliability::text)
                        END
                """,
                [
                    batch.now,
                    *to_columns(hits),
                    skipped_id,
                    list(CLASSES),
                ],
            )
        rebuilt = sorted(batch.rebuild_ids)
        if rebuilt:
            self.env.cr.execute(
                """
                UPDATE marketing_journey_participant SET due = least(due, %s)
                 WHERE person_id = ANY(%s) AND state = 'waiting'
                """,
                [batch.now, rebuilt],
            )

    @api.model
    def _get_awaited_type_ids(self):
        """Types of events that some step waits for."""
        return {
            type_id
            for (type_id,) in self.env.execute_query(
                SQL(
                    "SELECT DISTINCT event_type_id FROM marketing_journey_step"
                    " WHERE kind = 'wait_event' AND event_type_id IS NOT NULL"
                )
            )
        }
