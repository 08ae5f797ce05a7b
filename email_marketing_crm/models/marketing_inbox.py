import logging
import traceback
from datetime import timedelta

from psycopg2.extras import execute_values

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.conflict import CONFLICTS
from ..tools.inbox_batch import InboxBatch, TouchpointRow
from ..tools.wording import last_line

_logger = logging.getLogger(__name__)

_PENDING = "marketing.inbox"
#: Rows a lane takes at once: a batch stays well under ten seconds.
BATCH_SIZE = 2000
#: A failing person is tried again after 5, 25, 125 … minutes, at most daily.
RETRY_BASE_MINUTES = 5
RETRY_MAX_MINUTES = 24 * 60


class MarketingInbox(models.Model):
    """Work for the consumers: a person has a new touchpoint or new attributes.

    Insert-only, so that writers never wait for each other; a row is deleted in the
    transaction that consumed it. `kind` says why: `touchpoint` (see touchpoint_id),
    `changed` (a record of the person changed in a watched field) or `rebuild` (the
    person's history was rewritten). A row that fails keeps its error and is tried
    again at `due`; only such rows are ever updated.
    """

    _name = "marketing.inbox"
    _description = "Event Waiting to Be Processed"
    _order = "id"
    _log_access = False

    # Plain numbers: a queue pays for every foreign key on each insert.
    person_id = fields.Integer("Person ID", required=True, readonly=True)
    touchpoint_id = fields.Integer("Touchpoint ID", readonly=True)
    kind = fields.Selection(
        [
            ("touchpoint", "New event"),
            ("changed", "Record changed"),
            ("rebuild", "History rewritten"),
        ],
        required=True,
        readonly=True,
    )
    due = fields.Datetime(required=True, readonly=True)
    attempts = fields.Integer(readonly=True, default=0)
    error = fields.Text(readonly=True)
    error_summary = fields.Char("What Went Wrong", compute="_compute_error_summary")
    person = fields.Many2one("marketing.person", compute="_compute_person")

    # What failed, for the health page; almost always empty.
    _failed = models.Index("(id) WHERE attempts > 0")

    @api.depends("person_id")
    def _compute_person(self):
        persons = self.env["marketing.person"].browse(self.mapped("person_id")).exists()
        by_id = {person.id: person for person in persons}
        for row in self:
            row.person = by_id.get(row.person_id, False)

    @api.depends("error")
    def _compute_error_summary(self):
        for row in self:
            row.error_summary = last_line(row.error)

    # ------------------------------------------------------------------
    # QUEUE
    # ------------------------------------------------------------------

    @api.model
    def _push(self, person_ids, kind):
        """Queue persons once this transaction commits; doubles are put together."""
        if not person_ids:
            return
        precommit = self.env.cr.precommit
        if not precommit.data.get(_PENDING):
            precommit.data[_PENDING] = set()
            precommit.add(self.sudo()._flush_pushed)
        precommit.data[_PENDING].update((person_id, kind) for person_id in person_ids)

    @api.model
    def _take_pushed(self):
        """What waits to be queued, for the one who queues it: a sorted list."""
        return sorted(self.env.cr.precommit.data.pop(_PENDING, None) or ())

    @api.model
    def _take_few_pushed(self):
        """As `_take_pushed`, where they are so few that they ride with an event."""
        few = len(self.env.cr.precommit.data.get(_PENDING) or ()) <= 10
        return self._take_pushed() if few else []

    @api.model
    def _flush_pushed(self):
        pending = self._take_pushed()
        if pending:
            now = fields.Datetime.now()
            execute_values(
                self.env.cr._obj,
                """
                INSERT INTO marketing_inbox (person_id, kind, due, attempts) VALUES %s
                """,
                [(person_id, kind, now, 0) for person_id, kind in pending],
                page_size=1000,
            )

    # ------------------------------------------------------------------
    # LANE
    # ------------------------------------------------------------------

    @api.model
    def _get_consumers(self):
        """Models that learn from the inbox, in the order they need of each other."""
        return [
            "marketing.person",
            "marketing.score.model",
            "marketing.segment",
            "marketing.segment.action",
            "marketing.sender",
            "marketing.handoff.policy",
            "marketing.journey.participant",
        ]

    @api.model
    def _get_lane_backlog(self, number, count):
        return self.env.execute_query(
            SQL(
                "SELECT count(*), min(due) FROM marketing_inbox"
                " WHERE person_id %% %s = %s AND due <= %s",
                count,
                number,
                fields.Datetime.now(),
            )
        )[0]

    @api.model
    def _run_lane(self, number, count):
        rows = self._claim(number, count)
        if not rows:
            return 0, 0
        self._consume(rows)
        is_full = len(rows) == BATCH_SIZE
        return len(rows), int(is_full or self._has_consequences(number, count))

    @api.model
    def _has_consequences(self, number, count):
        """Whether what was just learned brought about something to learn from now.

        A click lets somebody enter a segment, and that a journey: they follow in this
        run, not each a minute later.
        """
        self.env["marketing.touchpoint"]._flush_captured()
        self._flush_pushed()
        waiting, _oldest = self._get_lane_backlog(number, count)
        return bool(waiting)

    @api.model
    def _claim(self, number, count):
        """Take the oldest rows of a shard: [(id, person, touchpoint, kind)]."""
        return self.env.execute_query(
            SQL(
                """
                SELECT id, person_id, touchpoint_id, kind
                  FROM marketing_inbox
                 WHERE person_id %% %s = %s AND due <= %s
                 ORDER BY id
                 LIMIT %s
                   FOR UPDATE SKIP LOCKED
                """,
                count,
                number,
                fields.Datetime.now(),
                BATCH_SIZE,
            )
        )

    @api.model
    def _consume(self, rows):
        """Hand rows to the consumers; bisect by person when they fail."""
        try:
            with self.env.cr.savepoint():
                batch = self._prepare_batch(rows)
                for consumer in self._get_consumers():
                    self.env[consumer]._consume_inbox(batch)
        except CONFLICTS:
            raise  # the lane takes the whole batch again
        except Exception:
            self.env.invalidate_all()
            persons = sorted({row[1] for row in rows})
            if len(persons) == 1:
                self._postpone(persons[0], rows, traceback.format_exc(limit=-5))
                return
            middle = persons[len(persons) // 2]
            self._consume([row for row in rows if row[1] < middle])
            self._consume([row for row in rows if row[1] >= middle])
            return
        self.env.cr.execute(
            "DELETE FROM marketing_inbox WHERE id = ANY(%s)", [[row[0] for row in rows]]
        )

    @api.model
    def _postpone(self, person_id, rows, error):
        """Keep what failed, with its error, and try it again later."""
        _logger.error("Events of person %s failed:\n%s", person_id, error)
        self.env.cr.execute(
            """
            UPDATE marketing_inbox
               SET attempts = attempts + 1, error = %s,
                   due = %s + least(%s * 5 ^ least(attempts, 5), %s)
                              * interval '1 minute'
             WHERE id = ANY(%s)
            """,
            [
                error,
                fields.Datetime.now(),
                RETRY_BASE_MINUTES,
                RETRY_MAX_MINUTES,
                [row[0] for row in rows],
            ],
        )
        self.env["marketing.inbox"].invalidate_model()

    @api.model
    def _prepare_batch(self, rows):
        """Read the touchpoints behind inbox rows into one batch."""
        touchpoints = self.env.execute_query(
            SQL(
                """
                SELECT t.id, t.person_id, t.type_id, type.code, t.date, t.reliability,
                       t.mailing_id, t.link_id, t.res_model, t.res_id, t.company_id,
                       t.value
                  FROM marketing_touchpoint t
                  JOIN marketing_touchpoint_type type ON type.id = t.type_id
                 WHERE t.id = ANY(%s)
                 ORDER BY t.person_id, t.date, t.id
                """,
                [row[2] for row in rows if row[2]],
            )
        )
        batch = InboxBatch(
            now=fields.Datetime.now(),
            touchpoints=[TouchpointRow(*row) for row in touchpoints],
            changed_ids=frozenset(row[1] for row in rows if row[3] == "changed"),
            rebuild_ids=frozenset(row[1] for row in rows if row[3] == "rebuild"),
        )
        return self.env["marketing.touchpoint"]._reclassify_bursts(batch)

    def action_retry(self):
        """Try these rows again with the next run of their lane."""
        self.check_access("read")
        self.env.cr.execute(
            "UPDATE marketing_inbox SET due = %s WHERE id = ANY(%s)",
            [fields.Datetime.now() - timedelta(seconds=1), self.ids],
        )
        self.invalidate_model()
