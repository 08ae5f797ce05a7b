"""How large a segment was: one row a day, written by its refresh."""

from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .marketing_segment_rule_query import SEGMENT_TYPES

#: Days that the small chart of the form shows.
CHART_DAYS = 30


class MarketingSegmentHistory(models.Model):
    """The size of a segment on one day (UTC), and who came and went on that day.

    Written by the full refresh of the segment alone, which happens at least once a
    night: `size` is that of the day's last refresh; `entered_count` and `left_count`
    are counted from the log and corrected once more on the following day. There is
    never more than one row of a segment and day. Nobody edits a row.
    """

    _name = "marketing.segment.history"
    _description = "Size of a Segment"
    _order = "date desc, segment_id"
    _rec_name = "date"
    _log_access = False

    segment_id = fields.Many2one(
        "marketing.segment", required=True, readonly=True, ondelete="cascade"
    )
    date = fields.Date("Day", required=True, readonly=True)
    size = fields.Integer("Members", required=True, readonly=True, aggregator="avg")
    entered_count = fields.Integer("Entered", required=True, readonly=True)
    left_count = fields.Integer("Left", required=True, readonly=True)
    last_move_id = fields.Integer(
        required=True,
        readonly=True,
        default=0,
        aggregator=None,
        help="The last event that was counted.",
    )

    # Also finds the days of a segment, newest first.
    _segment_date_unique = models.Constraint(
        "UNIQUE(segment_id, date)", "A segment has one size a day."
    )

    @api.model
    def _record_size(self, segment):
        """Keep today's size of a segment, and add who came and went since last time.

        What another transaction wrote meanwhile may be missed: the first refresh of a
        day counts the day before once more.
        """
        today = fields.Date.today()
        rows = self.env.execute_query(
            SQL(
                "SELECT last_move_id FROM marketing_segment_history"
                " WHERE segment_id = %s AND date = %s",
                segment.id,
                today,
            )
        )
        if not rows:
            self._correct_day(segment, today - timedelta(days=1))
        entered, left, last_id = self._count_moves(
            segment, today, rows[0][0] if rows else 0
        )
        self.env.cr.execute(
            """
            INSERT INTO marketing_segment_history AS history
                   (segment_id, date, size, entered_count, left_count, last_move_id)
            VALUES (%(segment)s, %(today)s, %(size)s, %(entered)s, %(left)s, %(last)s)
                ON CONFLICT (segment_id, date) DO UPDATE
               SET size = EXCLUDED.size,
                   entered_count = history.entered_count + EXCLUDED.entered_count,
                   left_count = history.left_count + EXCLUDED.left_count,
                   last_move_id = GREATEST(history.last_move_id, EXCLUDED.last_move_id)
             WHERE history.size <> EXCLUDED.size
                OR EXCLUDED.entered_count + EXCLUDED.left_count > 0
            """,
            {
                "segment": segment.id,
                "today": today,
                "size": segment.size,
                "entered": entered,
                "left": left,
                "last": last_id,
            },
        )
        self.invalidate_model()

    @api.model
    def _correct_day(self, segment, day):
        entered, left, last_id = self._count_moves(segment, day)
        self.env.cr.execute(
            """
            UPDATE marketing_segment_history
               SET entered_count = %s, left_count = %s, last_move_id = %s
             WHERE segment_id = %s AND date = %s
            """,
            [entered, left, last_id, segment.id, day],
        )

    @api.model
    def _count_moves(self, segment, day, after_id=0):
        """How many entered and left on a day, and the last of these events.

        Read from the index on moves alone, so that a refresh that changes nothing
        costs nothing: events up to `after_id` are never looked at in the table.
        """
        types = self.env["marketing.touchpoint.type"]._get_types_by_code()
        entered, left = (types[code][0] for code in SEGMENT_TYPES)
        start = datetime.combine(day, time.min)
        return self.env.execute_query(
            SQL(
                """
                SELECT count(*) FILTER (WHERE type_id = %s),
                       count(*) FILTER (WHERE type_id = %s),
                       COALESCE(max(id), %s)
                  FROM marketing_touchpoint
                 WHERE res_model = 'marketing.segment' AND res_id = %s
                   AND date >= %s AND date < %s AND id > %s
                """,
                entered,
                left,
                after_id,
                segment.id,
                start,
                start + timedelta(days=1),
                after_id,
            )
        )[0]


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

    history_ids = fields.One2many(
        "marketing.segment.history", "segment_id", readonly=True, copy=False
    )
    size_chart = fields.Json("Size Over Time", compute="_compute_size_chart")

    def _compute_size_chart(self):
        """`[[day, members]]` of the last days, oldest first: what the form draws."""
        since = fields.Date.today() - timedelta(days=CHART_DAYS)
        rows = self.env["marketing.segment.history"].search_fetch(
            [("segment_id", "in", self.ids), ("date", ">=", since)],
            ["segment_id", "date", "size"],
            order="date",
        )
        points = {}
        for row in rows:
            points.setdefault(row.segment_id.id, []).append(
                [fields.Date.to_string(row.date), row.size]
            )
        for segment in self:
            segment.size_chart = points.get(segment._origin.id, [])

    def _refresh_pass(self):
        is_complete = super()._refresh_pass()
        if is_complete:
            self.env["marketing.segment.history"]._record_size(self)
            self.invalidate_recordset(["history_ids", "size_chart"])
        return is_complete

    def action_view_history(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Size of %s", self.name),
            "res_model": "marketing.segment.history",
            "view_mode": "graph,list,pivot",
            "domain": [("segment_id", "=", self.id)],
            "context": {"hide_segment": True},
        }

    def action_view_moves(self):
        """Who entered and who left, newest first."""
        self.ensure_one()
        types = self.env["marketing.touchpoint.type"]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Entered and left %s", self.name),
            "res_model": "marketing.touchpoint",
            "view_mode": "list,form",
            "views": [
                (
                    self.env.ref(
                        "email_marketing_crm.marketing_segment_move_view_list"
                    ).id,
                    "list",
                ),
                (False, "form"),
            ],
            "domain": [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("type_id", "in", [types._get_id(code) for code in SEGMENT_TYPES]),
            ],
        }


class MarketingTouchpoint(models.Model):
    _inherit = "marketing.touchpoint"

    # Who entered and left a segment; a part of the log that segments wrote.
    _segment_moves = models.Index(
        "(res_id, date DESC, id) WHERE res_model = 'marketing.segment'"
    )
