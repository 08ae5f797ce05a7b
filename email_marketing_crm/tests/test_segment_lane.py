"""Segments: when one is looked at as a whole, and that none stops the others."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import NOW
from .segment_common import MODELS, SegmentCase


@tagged("post_install", "-at_install")
class TestSegmentLane(SegmentCase):
    def test_lane_takes_one_due_segment_of_its_shard(self):
        self.env["marketing.segment"].search([]).next_refresh = False
        segments = self.make_segment() | self.make_segment() | self.make_segment()
        segments.next_refresh = NOW - timedelta(hours=1)
        lane = segments[0].id % 2
        mine = segments.filtered(lambda segment: segment.id % 2 == lane)
        waiting = self.env["marketing.segment"]._get_lane_backlog(lane, 2)
        self.assertEqual(waiting, (len(mine), NOW - timedelta(hours=1)))
        for left in range(len(mine) - 1, -1, -1):
            self.assertEqual(
                self.env["marketing.segment"]._run_lane(lane, 2), (1, left)
            )
        self.assertEqual(self.env["marketing.segment"]._run_lane(lane, 2), (0, 0))

    def test_very_many_changes_are_made_in_passes(self):
        for number in range(5):
            self.make_partner(f"person{number}@example.com")
        segments = self.env["marketing.segment"]
        segments.search([]).next_refresh = False
        segment = segments.create({"name": "Many", "domain": repr([self.in_crowd])})
        self.assertTrue(segment.is_waiting)
        with patch(f"{MODELS}.marketing_segment_refresh.CHANGES_PER_PASS", 2):
            for size, left in ((2, 1), (4, 1), (5, 0)):
                self.assertFalse(segment.refreshed_at)
                self.assertEqual(segments._run_lane(0, 1), (1, left))
                self.assertEqual(segment.size, size)
            self.assertTrue(segment.refreshed_at)
            self.assertFalse(segment.is_waiting)
            self.env["res.partner"].search([self.in_crowd]).active = False
            for size in (3, 1, 0):
                segment.action_refresh()
                self.assertEqual(segment.size, size)
        self.assertEqual(
            self.moves_of(segment, "person4@example.com"),
            ["segment_entered", "segment_left"],
        )

    def test_mailing_waits_for_very_many_members(self):
        for number in range(5):
            self.make_partner(f"person{number}@example.com")
        with patch(f"{MODELS}.marketing_segment_refresh.CHANGES_PER_PASS", 2):
            self.assertEqual(self.make_segment().size, 5)

    def test_second_look_soon_after_a_change(self):
        """For transactions that were open when the conditions changed."""
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.assertEqual(segment.next_refresh, NOW + timedelta(minutes=5))
        segment._refresh()
        self.assertGreater(segment.next_refresh, NOW + timedelta(hours=1))

    def test_next_refresh_follows_the_kind_of_conditions(self):
        nightly = self.make_segment(domain=[("city", "=", "Porto")])
        nightly._refresh()
        self.assertFalse(nightly.is_time_dependent)
        self.assertGreater(nightly.next_refresh, NOW + timedelta(hours=1))
        often = self.make_segment(("form", "at_least", 1, 30))
        often._refresh()
        self.assertTrue(often.is_time_dependent)
        self.assertLess(often.next_refresh, NOW + timedelta(hours=1))

    def test_changed_conditions_are_due_at_once(self):
        segment = self.make_segment()
        self.assertGreater(segment.next_refresh, NOW)
        segment.domain = repr([self.in_crowd, ("city", "=", "Porto")])
        self.assertEqual(segment.next_refresh, NOW)
        segment._refresh()
        segment.rule_ids = [
            Command.create(
                {"type_id": self.env["marketing.touchpoint.type"]._get_id("form")}
            )
        ]
        self.assertEqual(segment.next_refresh, NOW)
        segment._refresh()
        segment.rule_ids.times = 2
        self.assertEqual(segment.next_refresh, NOW)
        segment._refresh()
        segment.rule_ids.unlink()
        self.assertEqual(segment.next_refresh, NOW)
        segment._refresh()
        segment.name = "Another name"
        self.assertGreater(segment.next_refresh, NOW)
        segment.active = False
        self.assertFalse(segment.next_refresh)

    def test_broken_domain_does_not_stop_the_lane(self):
        self.env["marketing.segment"].search([]).next_refresh = False
        self.make_partner("ana@example.com")
        broken, sound = self.make_segment(name="Broken"), self.make_segment()
        self.env.cr.execute(
            "UPDATE marketing_segment SET domain = %s, next_refresh = %s WHERE id = %s",
            ["[('x_field_of_yesterday', '=', 1)]", NOW, broken.id],
        )
        sound.next_refresh = NOW
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        with mute_logger(f"{MODELS}.marketing_segment_worker"):
            self.env["marketing.segment"]._run_lane(0, 1)
            self.env["marketing.segment"]._run_lane(0, 1)
        self.assertIn("x_field_of_yesterday", broken.error)
        self.assertEqual(broken.next_refresh, NOW + timedelta(hours=1))
        self.assertEqual(self.members_of(broken), ["ana@example.com"])
        self.assertFalse(sound.error)
        self.assertGreater(sound.next_refresh, NOW)
        # The inbox goes on, too.
        with mute_logger(f"{MODELS}.marketing_segment_worker"):
            self.make_partner("bo@example.com")
            self.run_inbox()
        self.assertEqual(self.members_of(sound), ["ana@example.com", "bo@example.com"])
        # Mended, it works again.
        broken.domain = repr([self.in_crowd])
        self.env["marketing.segment"]._run_lane(0, 1)
        self.assertFalse(broken.error)
        self.assertEqual(self.members_of(broken), ["ana@example.com", "bo@example.com"])
