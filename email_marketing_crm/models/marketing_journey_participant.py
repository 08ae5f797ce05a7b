from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

#: States of somebody who is under way.
LIVE_STATES = ("running", "waiting", "error")
#: Participants of ended journeys that leave by one statement.
LEAVE_BATCH = 20000


class MarketingJourneyParticipant(models.Model):
    """One pass of one person through one journey.

    States: `running` (stands at a step that is carried out at `due`), `waiting` (at a
    wait for an event: woken by the inbox, looked at again at `due`), `error` (the
    step failed too often; kept with its traceback until somebody tries it again or
    removes the person), `done` (came to the end), `exited` (left before, see
    `exit_reason`). The last two are final: another pass is another row.

    Written by SQL: entered by the inbox or the start of the journey, moved by the
    journey lane of the person. A person is under way at most once in a journey (a
    partial unique index) and a step is done at most once (the index of the log).
    """

    _name = "marketing.journey.participant"
    _description = "Journey Participant"
    _order = "id DESC"
    _rec_name = "person_id"
    _log_access = False

    journey_id = fields.Many2one(
        "marketing.journey", required=True, readonly=True, ondelete="cascade"
    )
    version_id = fields.Many2one(
        "marketing.journey.version",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(related="journey_id.company_id")
    # who
    person_id = fields.Many2one(
        "marketing.person", required=True, readonly=True, ondelete="cascade"
    )
    res_model = fields.Selection(related="journey_id.res_model")
    res_id = fields.Many2oneReference(
        "Record", model_field="res_model", required=True, readonly=True
    )
    # where
    step_id = fields.Many2one(
        "marketing.journey.step", readonly=True, ondelete="cascade"
    )
    state = fields.Selection(
        [
            ("running", "Under way"),
            ("waiting", "Waiting for an event"),
            ("error", "Failed"),
            ("done", "Finished"),
            ("exited", "Left"),
        ],
        required=True,
        readonly=True,
    )
    is_live = fields.Boolean(compute="_compute_is_live", search="_search_is_live")
    visit = fields.Integer(
        "Pass", readonly=True, help="How many times the person entered this journey."
    )
    # when
    entered = fields.Datetime(required=True, readonly=True)
    arrived = fields.Datetime("At the Step Since", required=True, readonly=True)
    due = fields.Datetime("Next Look", readonly=True)
    deadline = fields.Datetime(
        "Waits Until",
        readonly=True,
        help="End of the wait for an event; empty while its mail has not left.",
    )
    finished = fields.Datetime(readonly=True)
    # how it ended
    exit_reason = fields.Selection(
        [
            ("goal", "Goal reached"),
            ("segment_left", "No longer in the segment"),
            ("unsubscribed", "Unsubscribed"),
            ("hard_bounce", "The address does not exist"),
            ("complaint", "Reported a mail as spam"),
            ("suppressed", "Blocked from all mail"),
            ("deleted", "The record was deleted"),
            ("archived", "The record was archived"),
            ("address_changed", "The record has another address now"),
            ("merged", "Merged with a person who is in the journey"),
            ("removed", "Removed by hand"),
            ("ended", "The journey ended"),
        ],
        readonly=True,
    )
    # failure
    attempts = fields.Integer(readonly=True)
    error = fields.Text(readonly=True)
    # story
    log_ids = fields.One2many(
        "marketing.journey.log", "participant_id", string="Story", readonly=True
    )

    # One pass at a time.
    _live_unique = models.UniqueIndex(
        "(journey_id, person_id) WHERE state IN ('running', 'waiting', 'error')",
        "This person is in the journey already.",
    )
    # What the lanes take.
    _due = models.Index("(due) WHERE state IN ('running', 'waiting')")
    # The inbox looks for persons; entering looks for their earlier passes.
    _person = models.Index("(person_id, journey_id)")
    # Who stands at a step; the other steps of a journey that is over are not counted.
    _step = models.Index("(step_id, state)")
    # The figures of a journey.
    _journey_state = models.Index("(journey_id, state, exit_reason)")

    @api.depends("person_id")
    def _compute_display_name(self):
        for participant in self:
            participant.display_name = participant.person_id.display_name

    @api.depends("state")
    def _compute_is_live(self):
        for participant in self:
            participant.is_live = participant.state in LIVE_STATES

    @api.model
    def _search_is_live(self, operator, value):
        if operator != "in":
            return NotImplemented
        states = set()
        if True in value:
            states.update(LIVE_STATES)
        if False in value:
            states.update({"done", "exited"})
        return [("state", "in", sorted(states))]

    @api.model
    def _get_counts(self, journey_ids):
        """`{journey id: {state or "goal": number}}`, each participant counted once."""
        rows = self._read_group(
            [("journey_id", "in", journey_ids)],
            ["journey_id", "state", "exit_reason"],
            ["__count"],
        )
        counts = defaultdict(lambda: defaultdict(int))
        for journey, state, reason, count in rows:
            counts[journey.id]["goal" if reason == "goal" else state] += count
        return counts

    # ------------------------------------------------------------------
    # LEAVE
    # ------------------------------------------------------------------

    @api.model
    def _leave(self, reasons, detail=None):
        """Let participants leave: `{participant id: reason}`; those gone stay gone."""
        by_reason = defaultdict(list)
        for participant_id, reason in reasons.items():
            by_reason[reason].append(participant_id)
        for reason, participant_ids in by_reason.items():
            self._leave_where(SQL("id = ANY(%s)", participant_ids), reason, detail)

    @api.model
    def _leave_ended(self):
        """Let a batch of those who are under way in ended journeys leave.

        :returns: how many did; a lane calls again until nobody is left
        """
        self.env["marketing.journey"].flush_model(["state"])
        return self._leave_where(
            SQL(
                """
                id IN (SELECT p.id FROM marketing_journey_participant p
                         JOIN marketing_journey journey
                           ON journey.id = p.journey_id AND journey.state = 'ended'
                        WHERE p.state IN ('running', 'waiting', 'error')
                        LIMIT %s)
                """,
                LEAVE_BATCH,
            ),
            "ended",
        )

    @api.model
    def _leave_where(self, condition, reason, detail=None):
        self.env.cr.execute(
            SQL(
                """
                WITH gone AS (
                    UPDATE marketing_journey_participant
                       SET state = 'exited', exit_reason = %(reason)s, due = NULL,
                           deadline = NULL, finished = %(now)s
                     WHERE %(condition)s
                       AND state IN ('running', 'waiting', 'error')
                 RETURNING id, step_id, visit
                )
                INSERT INTO marketing_journey_log (participant_id, step_id, visit, date,
                                                   event, outcome, detail)
                SELECT id, step_id, visit, %(now)s, 'left', %(reason)s, %(detail)s
                  FROM gone
                """,
                condition=condition,
                reason=reason,
                now=fields.Datetime.now(),
                detail=detail,
            )
        )
        count = self.env.cr.rowcount
        self.invalidate_model()
        self.env["marketing.journey.log"].invalidate_model()
        return count

    # ------------------------------------------------------------------
    # MERGE
    # ------------------------------------------------------------------

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """Give the passes of merged persons to the one who stays.

        Where both are under way in one journey, the pass of the one who stays goes
        on (else the oldest), the others leave as merged.
        """
        surplus = self.env.execute_query(
            SQL(
                """
                SELECT id FROM (
                    SELECT id, row_number() OVER (
                               PARTITION BY journey_id
                               ORDER BY person_id = %(target)s DESC, id) AS rank
                      FROM marketing_journey_participant
                     WHERE person_id = ANY(%(persons)s)
                       AND state IN ('running', 'waiting', 'error')) live
                 WHERE rank > 1
                """,
                target=target_id,
                persons=[*source_ids, target_id],
            )
        )
        self._leave({participant_id: "merged" for (participant_id,) in surplus})
        self.env.cr.execute(
            "UPDATE marketing_journey_participant SET person_id = %s"
            " WHERE person_id = ANY(%s)",
            [target_id, list(source_ids)],
        )
        self.invalidate_model()

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_retry(self):
        """Try the failed step of these participants again, with the next run."""
        self.check_access("read")
        failed = self.filtered(lambda participant: participant.state == "error")
        if not failed:
            return
        self.env["marketing.journey.log"].sudo()._write_lines(failed.ids, "retried")
        self.env.cr.execute(
            """
            UPDATE marketing_journey_participant
               SET state = 'running', due = %s, attempts = 0, error = NULL
             WHERE id = ANY(%s)
            """,
            [fields.Datetime.now(), failed.ids],
        )
        self.invalidate_model()
        self.env["marketing.lane"]._wake("journey")

    def action_remove(self):
        """Ask why, then take these participants out of their journey."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Remove from the Journey"),
            "res_model": "marketing.journey.remove",
            "view_mode": "form",
            "target": "new",
            "context": {"default_participant_ids": self.ids},
        }

    def action_open_record(self):
        self.ensure_one()
        return self.person_id._open_record(self.res_model, self.res_id)
