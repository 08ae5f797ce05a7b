from datetime import timedelta

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import NOW
from .segment_common import SegmentCase


@tagged("post_install", "-at_install")
class TestSegmentLimit(SegmentCase):
    """ "The newest 1000", here the newest two."""

    def setUp(self):
        super().setUp()
        self.emails = [f"{name}@example.com" for name in ("ana", "bo", "cy", "di")]
        self.partners = self.env["res.partner"].concat(
            *(self.make_partner(email) for email in self.emails)
        )

    def run_lane(self):
        """The inbox, and then the segments that are due."""
        self.run_inbox()
        while self.env["marketing.segment"]._run_lane(0, 1)[0]:
            self.env.flush_all()

    def assert_members(self, segment, *names):
        self.assertEqual(
            self.members_of(segment), sorted(f"{name}@example.com" for name in names)
        )

    def test_most_recent_behavior(self):
        for days, email in enumerate(self.emails[:3]):
            self.happened("form", email, date=NOW - timedelta(days=days))
        self.run_inbox()
        segment = self.make_segment(
            ("form", "at_least", 1, 30), member_limit=2, sort_order="behavior"
        )
        self.assert_members(segment, "ana", "bo")
        self.happened("form", "di@example.com")
        self.run_lane()
        self.assert_members(segment, "ana", "di")
        self.assertEqual(
            self.moves_of(segment, "bo@example.com"),
            ["segment_entered", "segment_left"],
        )
        members = segment.member_ids.ids
        segment._refresh()
        self.assertEqual(segment.member_ids.ids, members)

    def test_newest_records(self):
        for days, partner in enumerate(self.partners):
            self.env.cr.execute(
                "UPDATE res_partner SET create_date = %s WHERE id = %s",
                [NOW - timedelta(days=days + 1), partner.id],
            )
        segment = self.make_segment(member_limit=2)
        self.assert_members(segment, "ana", "bo")
        self.make_partner("eve@example.com")
        self.run_lane()
        self.assert_members(segment, "ana", "eve")
        self.partners[0].active = False
        self.run_lane()
        self.assert_members(segment, "bo", "eve")

    def test_highest_score(self):
        self.env["marketing.score.model"].search([]).active = False
        self.env["marketing.score.model"].create(
            {
                "name": "Score",
                "is_primary": True,
                "rule_ids": [
                    Command.create(
                        {
                            "type_id": self.env["marketing.touchpoint.type"]._get_id(
                                "form"
                            ),
                            "points": 10,
                        }
                    )
                ],
            }
        )
        for times, email in enumerate(self.emails, start=1):
            for _time in range(times):
                self.happened("form", email)
        self.run_inbox()
        segment = self.make_segment(member_limit=2, sort_order="score")
        self.assert_members(segment, "cy", "di")
        for _time in range(9):
            self.happened("form", "ana@example.com")
        self.run_lane()
        self.assert_members(segment, "ana", "di")

    def test_who_is_kept_out_takes_no_place(self):
        segment = self.make_segment(member_limit=2)
        self.assert_members(segment, "cy", "di")
        segment._exclude_persons(self.person_of("di@example.com").ids)
        self.run_lane()
        self.assert_members(segment, "bo", "cy")
        segment._include_records(self.partners[0])
        self.run_lane()
        self.assert_members(segment, "ana", "bo", "cy")

    def test_news_of_strangers_cost_nothing(self):
        self.make_partner("eve@example.com").category_id = False
        segment = self.make_segment(("form", "at_most", 0, 0), member_limit=2)
        self.run_lane()
        self.assertFalse(segment.is_waiting)
        self.happened("form", "eve@example.com")
        self.run_inbox()
        self.assertFalse(segment.is_waiting)
        self.happened("form", "di@example.com")
        self.run_inbox()
        self.assertTrue(segment.is_waiting)

    def test_refresh_follows_the_cost_of_the_last_one(self):
        segment = self.make_segment(member_limit=2)
        segment.refresh_seconds = 30
        self.clock.move_to(segment.refreshed_at)
        segment._request_places()
        self.assertEqual(
            segment.next_refresh, segment.refreshed_at + timedelta(seconds=300)
        )

    def test_order_by_behavior_needs_behavior(self):
        with self.assertRaises(ValidationError):
            self.make_segment(member_limit=2, sort_order="behavior")
