"""Segments: how large they were, day by day, and who came and went."""

from datetime import date, timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .segment_common import ScreenCase


@tagged("post_install", "-at_install")
class TestSegmentHistory(ScreenCase):
    def history_of(self, segment):
        return [
            (row.date, row.size, row.entered_count, row.left_count)
            for row in segment.history_ids.sorted("date")
        ]

    def test_one_row_a_day(self):
        self.make_partner("ana@example.com")
        segment = self.make_segment()
        segment._refresh()
        self.assertEqual(self.history_of(segment), [(date(2026, 3, 4), 1, 1, 0)])
        self.make_partner("bo@example.com")
        segment._refresh()
        self.assertEqual(self.history_of(segment), [(date(2026, 3, 4), 2, 2, 0)])
        self.clock.tick(timedelta(days=1))
        self.env["res.partner"].search(
            [("email", "=", "ana@example.com")]
        ).active = False
        segment._refresh()
        self.assertEqual(
            self.history_of(segment),
            [(date(2026, 3, 4), 2, 2, 0), (date(2026, 3, 5), 1, 0, 1)],
        )
        self.assertEqual(segment.size_chart, [["2026-03-04", 2], ["2026-03-05", 1]])

    def test_what_happens_after_the_last_refresh_of_a_day_is_counted_the_next_day(self):
        segment = self.make_segment()
        self.make_partner("ana@example.com")
        self.run_inbox()
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        self.assertEqual(self.history_of(segment), [(date(2026, 3, 4), 0, 0, 0)])
        self.clock.tick(timedelta(days=1))
        segment._refresh()
        self.assertEqual(
            self.history_of(segment),
            [(date(2026, 3, 4), 0, 1, 0), (date(2026, 3, 5), 1, 0, 0)],
        )

    def test_who_entered_and_left(self):
        partner = self.make_partner("ana@example.com")
        segment = self.make_segment()
        partner.active = False
        segment._refresh()
        self.make_segment(name="Another")
        action = segment.action_view_moves()
        moves = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(
            sorted(moves.type_id.mapped("code")), ["segment_entered", "segment_left"]
        )
        self.assertEqual(len(moves), 2)

    def test_marketers_read_sizes_and_nobody_writes_them(self):
        self.make_partner("ana@example.com")
        segment = self.make_segment()
        row = segment.history_ids.with_user(self.user_marketing)
        self.assertEqual(row.size, 1)
        with self.assertRaises(AccessError):
            row.size = 5
        segment.company_id = self.company_other
        row.invalidate_recordset()
        with self.assertRaises(AccessError):
            row.read(["size"])
        self.assertFalse(
            self.env["marketing.segment.history"]
            .with_user(self.user_sales)
            .has_access("read")
        )
