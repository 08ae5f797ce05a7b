import logging
import traceback

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.conflict import CONFLICTS
from ..tools.journey_wait import MAX_ATTEMPTS, get_retry_delay

_logger = logging.getLogger(__name__)

#: Participants a run takes at once.
BATCH_SIZE = 500
#: What `_run_<kind>` returns for those who stay at the step for now.
STAY = "stay"


class MarketingJourneyParticipant(models.Model):
    """The worker that carries out the steps that are due.

    A run claims a batch, lets those leave who must, and carries the steps out by
    group: all participants at one step together, in one savepoint, by
    `_run_<kind>()`. It returns `{outcome: participants}`; an outcome is an edge of
    the step, or a pair of an edge and a detail for the log, or `STAY`. Log, move and
    what the step did are one transaction: after a crash all of it happened or none.

    A group that fails is halved until only the participant is left who cannot go on;
    the others do. He is tried again with growing distance, then kept as failed.

    Steps that are due at once are carried out in the same run. When the workers stood
    still, everything overdue is done with the first run, and waits that follow count
    from then: nobody gets two mails at once because of it.
    """

    _inherit = "marketing.journey.participant"

    # ------------------------------------------------------------------
    # LANE
    # ------------------------------------------------------------------

    @api.model
    def _get_lane_backlog(self, number, count):
        self.env["marketing.journey"].flush_model(["state"])
        return self.env.execute_query(
            SQL(
                """
                SELECT count(*), min(p.due)
                  FROM marketing_journey_participant p
                  JOIN marketing_journey journey
                    ON journey.id = p.journey_id AND journey.state = 'running'
                 WHERE p.person_id %% %s = %s AND p.due <= %s
                   AND p.state IN ('running', 'waiting')
                """,
                count,
                number,
                fields.Datetime.now(),
            )
        )[0]

    @api.model
    def _run_lane(self, number, count):
        crowd = self._move_crowds() if number == 0 else 0
        claimed = self._claim(number, count)
        if claimed:
            self._advance(self._leave_due_exits(claimed))
        return crowd + len(claimed), int(crowd or len(claimed) == BATCH_SIZE)

    @api.model
    def _move_crowds(self):
        """Go on with what a button began and is too large for one request.

        Members of large segments enter, participants of ended journeys leave.
        """
        journeys = self.env["marketing.journey"].search(
            [
                ("entering_since", "!=", False),
                ("state", "in", ("running", "paused")),
            ]
        )
        return journeys._continue_entry() + self._leave_ended()

    @api.model
    def _claim(self, number, count):
        """Ids of due participants of the shard, locked; served by the index on due."""
        self.env["marketing.journey"].flush_model(["state"])
        return [
            participant_id
            for (participant_id,) in self.env.execute_query(
                SQL(
                    """
                    SELECT p.id
                      FROM marketing_journey_participant p
                      JOIN marketing_journey journey
                        ON journey.id = p.journey_id AND journey.state = 'running'
                     WHERE p.person_id %% %s = %s AND p.due <= %s
                       AND p.state IN ('running', 'waiting')
                     ORDER BY p.due, p.id
                     LIMIT %s
                       FOR UPDATE OF p SKIP LOCKED
                    """,
                    count,
                    number,
                    fields.Datetime.now(),
                    BATCH_SIZE,
                )
            )
        ]

    @api.model
    def _advance(self, participant_ids):
        """Carry out the steps of participants until nothing is due for them.

        The steps are a tree, so everybody comes to a wait or to an end.
        """
        while participant_ids:
            groups = self.browse(participant_ids).grouped("step_id")
            participant_ids = []
            for step, participants in groups.items():
                participant_ids += participants._run_group(step)

    # ------------------------------------------------------------------
    # ONE STEP
    # ------------------------------------------------------------------

    def _run_group(self, step):
        """Carry out one step for these participants; ids of who can go on at once."""
        try:
            with self.env.cr.savepoint():
                results = getattr(self, f"_run_{step.kind}")()
                return self._move(step, results)
        except CONFLICTS:
            raise  # the lane takes the whole batch again
        except Exception:
            self.env.invalidate_all()
            if len(self) == 1:
                self._fail(step, traceback.format_exc())
                return []
            middle = len(self) // 2
            return self[:middle]._run_group(step) + self[middle:]._run_group(step)

    def _move(self, step, results):
        """Write what happened at a step and let the participants go on."""
        now = fields.Datetime.now()
        children = {child.edge: child for child in step.child_ids}
        ready = []
        for outcome, participants in results.items():
            edge, detail = outcome if isinstance(outcome, tuple) else (outcome, None)
            if edge == STAY or not participants:
                continue
            self.env["marketing.journey.log"]._write_lines(
                participants.ids, "step", edge, detail
            )
            child = children.get(edge)
            if child:
                participants._go_to(child, now)
                if child._get_due(now) <= now:
                    ready += participants.ids
            else:
                participants._finish(now)
        return ready

    def _go_to(self, step, now):
        self.env.cr.execute(
            """
            UPDATE marketing_journey_participant
               SET step_id = %s, state = 'running', arrived = %s, due = %s,
                   deadline = NULL, attempts = 0, error = NULL
             WHERE id = ANY(%s)
            """,
            [step.id, now, step._get_due(now), self.ids],
        )
        self.invalidate_recordset()

    def _finish(self, now):
        self.env.cr.execute(
            """
            UPDATE marketing_journey_participant
               SET state = 'done', due = NULL, deadline = NULL, finished = %s,
                   attempts = 0, error = NULL
             WHERE id = ANY(%s)
            """,
            [now, self.ids],
        )
        self.invalidate_recordset()

    def _fail(self, step, error):
        """Keep the traceback of a step that failed for one participant."""
        attempts = self.attempts + 1
        is_final = attempts >= MAX_ATTEMPTS
        _logger.error(
            "Journey participant %s failed at step %s (attempt %s):\n%s",
            self.id,
            step.id,
            attempts,
            error,
        )
        due = None if is_final else fields.Datetime.now() + get_retry_delay(attempts)
        self.env.cr.execute(
            """
            UPDATE marketing_journey_participant
               SET attempts = %s, error = %s, due = %s, state = %s
             WHERE id = %s
            """,
            [attempts, error, due, "error" if is_final else self.state, self.id],
        )
        self.invalidate_recordset()
        if is_final:
            self.env["marketing.journey.log"]._write_lines(
                self.ids, "error", None, error.strip().splitlines()[-1][:200]
            )
