"""Users see beforehand who gets a mailing later, and why."""

from datetime import datetime, timedelta

from odoo.tests import tagged

from .common import NOW
from .timing_common import ANA, BEN, EVENING, ClockCase


@tagged("post_install", "-at_install")
class TestTimingPreview(ClockCase):
    def test_an_estimate_before_anything_is_planned(self):
        self.live_in(ana="Asia/Tokyo")
        mailing = self.make_mailing(self.segment, marketing_send_time="local")
        mailing.marketing_send_tz = "UTC"
        action = mailing.with_user(self.user_marketing).action_estimate_timing()
        lines = (
            self.env["marketing.timing.estimate"]
            .with_user(self.user_marketing)
            .search(action["domain"])
        )
        self.assertEqual(
            [(line.zone, line.due, line.persons) for line in lines],
            [("UTC", NOW, 1), ("Asia/Tokyo", datetime(2026, 3, 5, 1, 0), 1)],
        )
        self.assertFalse(self.deliveries_of(mailing))

    def test_a_segment_says_who_can_be_mailed_later(self):
        """Each person once: a refusal first, then frequency rules, then quiet hours."""
        self.make_quiet()
        self.make_rule((1, "rolling", 7))
        segment = self.segment.with_user(self.user_marketing)

        def figures():
            self.env.invalidate_all()
            outcomes = segment.get_mailing_outcomes()
            return {figure["code"]: figure["count"] for figure in outcomes["figures"]}

        self.assertEqual(figures(), {"mailable": 2})
        self.live_in(ana="Asia/Tokyo")
        self.clock.move_to(NOW + timedelta(hours=4))  # 23:00 in Tokyo
        self.assertEqual(figures(), {"mailable": 1, "later_quiet_hours": 1})
        mailing = self.mail()
        self.assertEqual(self.outcome(mailing, BEN), "sent")
        self.assertEqual(
            figures(), {"mailable": 0, "later_quiet_hours": 1, "later_frequency": 1}
        )
        found = self.env["marketing.person"].search(
            [("segment_outcome", "=", f"{segment.id}:later_frequency")]
        )
        self.assertEqual(found.email_normalized, BEN)
        self.env["mail.blacklist"]._add(BEN)
        self.assertEqual(
            figures(), {"mailable": 0, "later_quiet_hours": 1, "blacklisted": 1}
        )
        labels = {
            figure["code"]: figure["label"]
            for figure in segment.get_mailing_outcomes()["figures"]
        }
        self.assertEqual(
            labels["later_quiet_hours"], "Can be mailed later: Quiet hours"
        )

    def test_a_person_shows_what_he_waits_for(self):
        self.make_quiet()
        self.clock.move_to(EVENING)
        mailing = self.mail()
        person = self.person_of(ANA).with_user(self.user_marketing)
        self.assertEqual(person.waiting_delivery_count, 1)
        action = person.action_view_waiting_deliveries()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(found, self.delivery_of(mailing))
        self.assertEqual(found.timing_note, "Quiet hours")

    def test_the_preview_says_who_gets_it_later(self):
        self.live_in(ana="Asia/Tokyo")
        self.make_quiet()
        mailing = self.make_mailing(
            self.segment,
            schedule_type="scheduled",
            schedule_date=datetime(2026, 3, 10, 18, 0),  # 03:00 in Tokyo
        )
        preview = self.env["marketing.delivery.preview"].with_user(self.user_marketing)
        for send_time, expected in (
            ("at_once", ("quiet_hours", datetime(2026, 3, 10, 23, 0))),
            ("local", ("local_time", datetime(2026, 3, 10, 9, 0))),
        ):
            mailing.write(
                {"marketing_send_time": send_time, "marketing_send_tz": "UTC"}
            )
            mailing.with_user(self.user_marketing).action_check_audience()
            rows = preview.search([("mailing_id", "=", mailing.id)])
            found = {
                row.person_id.email_normalized: (row.wait_reason, row.wait_until)
                for row in rows
            }
            self.assertEqual(found, {ANA: expected, BEN: (False, False)})
