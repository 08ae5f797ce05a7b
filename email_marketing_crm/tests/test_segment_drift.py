from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import NOW
from .segment_common import MODELS, SegmentCase

ANA, BO = "ana@example.com", "bo@example.com"


@tagged("post_install", "-at_install")
class TestSegmentDrift(SegmentCase):
    def setUp(self):
        super().setUp()
        self.ana = self.make_partner(ANA, city="Porto")
        self.bo = self.make_partner(BO, city="Lund")
        self.run_inbox()
        self.clock.move_to(NOW)

    def compare(self, segment):
        """The nightly comparison; returns who did not follow."""
        self.env.flush_all()
        with mute_logger(f"{MODELS}.marketing_segment_drift"):
            segment._measure_drift()
        self.assertEqual(segment.drift, len(segment.drift_person_ids))
        return segment.drift_person_ids.mapped("email_normalized")

    def move_silently(self, partner, city):
        """A write that nobody is told of, as a mistake in the hooks would be."""
        self.env.cr.execute(
            "UPDATE res_partner SET city = %s, write_date = %s WHERE id = %s",
            [city, self.env.cr.now(), partner.id],
        )
        self.env.invalidate_all()

    def test_who_follows_is_no_drift(self):
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.bo.city = "Porto"
        self.run_inbox()
        self.assertEqual(self.members_of(segment), [ANA, BO])
        self.assertEqual(self.compare(segment), [])
        self.assertTrue(segment.drift_date)

    def test_who_does_not_follow_is_shown_and_repaired(self):
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.move_silently(self.bo, "Porto")
        self.assertEqual(self.compare(segment), [BO])
        self.assertEqual(segment.drift, 1)
        self.assertTrue(segment.is_waiting)
        action = segment.action_view_drift()
        self.assertEqual(
            self.env[action["res_model"]].search(action["domain"]), self.person_of(BO)
        )
        self.env["marketing.segment"]._run_lane(0, 1)
        self.assertEqual(self.members_of(segment), [ANA, BO])
        self.assertEqual(self.compare(segment), [])

    def test_news_that_wait_for_a_lane_are_no_drift(self):
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.bo.city = "Porto"
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertEqual(self.compare(segment), [])
        self.run_inbox()
        self.assertEqual(self.members_of(segment), [ANA, BO])

    def test_what_time_moved_is_no_drift(self):
        """Until the next full refresh: that is what it is for."""
        self.happened("form", ANA, date=NOW - timedelta(days=30, seconds=-120))
        self.run_inbox()
        behavior = self.make_segment(("form", "at_least", 1, 30))
        dates = self.make_segment(domain=[("create_date", ">=", "now -1H")])
        self.assertEqual(self.members_of(behavior), [ANA])
        self.clock.tick(3600)
        self.assertEqual(self.compare(behavior), [])
        self.assertEqual(self.compare(dates), [])
        behavior._refresh()
        self.assertEqual(self.members_of(behavior), [])

    def test_refresh_that_takes_long_is_as_of_its_beginning(self):
        """An event that ages out meanwhile was counted, and is no drift later."""
        self.happened("form", ANA, date=NOW - timedelta(days=30, seconds=-10))
        self.run_inbox()
        self.clock.move_to(NOW)
        segment = self.make_segment(("form", "at_least", 1, 30))
        apply_conditions = type(segment)._apply_conditions

        def apply_slowly(records, *args, **kwargs):
            changes = apply_conditions(records, *args, **kwargs)
            self.clock.tick(60)
            return changes

        with patch.object(type(segment), "_apply_conditions", apply_slowly):
            segment._refresh()
        self.assertEqual(segment.refreshed_at, NOW)
        self.assertEqual(self.members_of(segment), [ANA])
        self.assertEqual(self.compare(segment), [])

    def test_what_time_does_not_explain_is_drift(self):
        self.happened("form", ANA)
        self.run_inbox()
        segment = self.make_segment(("form", "at_least", 1, 30))
        self.env.cr.execute(
            "DELETE FROM marketing_segment_member WHERE segment_id = %s", segment.ids
        )
        self.clock.tick(3600)
        self.assertEqual(self.compare(segment), [ANA])

    def test_places_that_are_about_to_be_given_anew_are_not_compared(self):
        segment = self.make_segment(domain=[("city", "=", "Lund")], member_limit=1)
        self.run_inbox()
        self.ana.city = "Lund"
        self.run_inbox()
        self.compare(segment)
        self.assertFalse(segment.drift_date)
        segment._refresh()
        self.assertEqual(self.compare(segment), [])
        self.assertTrue(segment.drift_date)
        self.env.cr.execute(
            "DELETE FROM marketing_segment_member WHERE segment_id = %s", segment.ids
        )
        self.assertEqual(self.compare(segment), [BO])

    def test_nightly_comparison_of_all_segments(self):
        right = self.make_segment(domain=[("city", "=", "Lund")])
        wrong = self.make_segment(domain=[("city", "=", "Porto")])
        static = self.make_segment(kind="static")
        self.move_silently(self.bo, "Porto")
        self.env.flush_all()
        cron = self.env.ref("email_marketing_crm.ir_cron_segment_drift")
        with (
            self.enter_registry_test_mode(),
            mute_logger(f"{MODELS}.marketing_segment_drift"),
        ):
            cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((right.drift, wrong.drift), (1, 1))
        self.assertFalse(static.drift_date)
        todo = self.env["marketing.segment"]._get_segments_to_compare()
        self.assertFalse((right | wrong) & todo)
        self.clock.tick(86400)
        todo = self.env["marketing.segment"]._get_segments_to_compare()
        self.assertEqual((right | wrong) & todo, right | wrong)
