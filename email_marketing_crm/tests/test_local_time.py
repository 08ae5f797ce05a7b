"""A mailing leaves at the same hour everywhere."""

from datetime import datetime, timedelta

from odoo.tests import tagged

from .common import NOW
from .timing_common import ANA, BEN, ClockCase


@tagged("post_install", "-at_install")
class TestLocalTime(ClockCase):
    def schedule(self, date, user=None, **values):
        user = user or self.user_marketing
        mailing = self.make_mailing(
            self.segment,
            schedule_type="scheduled",
            schedule_date=date,
            marketing_send_time="local",
            **values,
        )
        mailing.with_user(user).action_schedule()
        return mailing

    def test_the_same_hour_everywhere(self):
        self.live_in(ana="Asia/Tokyo", ben="America/New_York")
        # Tuesday 09:00 in Berlin, where it is said
        mailing = self.schedule(
            datetime(2026, 3, 10, 8, 0), marketing_send_tz="Europe/Berlin"
        )
        self.assertEqual(
            self.wait(mailing), ("local_time", datetime(2026, 3, 10, 0, 0))
        )
        self.assertEqual(
            self.wait(mailing, BEN), ("local_time", datetime(2026, 3, 10, 13, 0))
        )
        self.clock.move_to(datetime(2026, 3, 10, 0, 1))
        self.deliver()
        self.assertEqual(self.outcome(mailing), "sent")
        self.assertEqual(self.outcome(mailing, BEN), "planned")
        self.assertIn(mailing.state, ("in_queue", "sending"))
        self.clock.move_to(datetime(2026, 3, 10, 13, 1))
        self.deliver()
        self.send()
        self.assertEqual(self.outcome(mailing, BEN), "sent")
        self.assertEqual(mailing.state, "done")

    def test_whose_hour_is_over_gets_it_the_next_day(self):
        self.live_in(ana="Asia/Tokyo")
        # 11:00 here is over in Tokyo: it is 19:00 there
        mailing = self.schedule(NOW + timedelta(hours=1), marketing_send_tz="UTC")
        self.assertEqual(self.wait(mailing)[1], datetime(2026, 3, 5, 2, 0))
        self.assertEqual(self.delivery_of(mailing, BEN).due, NOW + timedelta(hours=1))

    def test_an_hour_that_does_not_exist(self):
        self.live_in(ana="Europe/Berlin")
        mailing = self.schedule(datetime(2026, 3, 29, 2, 30), marketing_send_tz="UTC")
        self.assertEqual(self.wait(mailing)[1], datetime(2026, 3, 29, 1, 0))

    def test_local_time_obeys_quiet_hours(self):
        self.live_in(ana="Asia/Tokyo")
        self.make_quiet()
        mailing = self.schedule(datetime(2026, 3, 10, 7, 0), marketing_send_tz="UTC")
        self.assertEqual(
            self.wait(mailing), ("quiet_hours", datetime(2026, 3, 9, 23, 0))
        )

    def test_another_hour_moves_everybody(self):
        self.live_in(ana="Asia/Tokyo")
        mailing = self.schedule(datetime(2026, 3, 10, 8, 0), marketing_send_tz="UTC")
        mailing.schedule_date = datetime(2026, 3, 11, 9, 0)
        self.assertEqual(
            self.wait(mailing), ("local_time", datetime(2026, 3, 11, 0, 0))
        )
        self.assertEqual(
            self.delivery_of(mailing, BEN).due, datetime(2026, 3, 11, 9, 0)
        )

    def test_the_zone_of_a_person(self):
        """His own, that of a country with one zone, the company's."""
        germany, usa = self.env.ref("base.de"), self.env.ref("base.us")
        self.assertEqual(germany.marketing_tz, "Europe/Berlin")
        self.assertFalse(usa.marketing_tz)
        for values, expected in (
            ({"tz": "Asia/Tokyo", "country_id": germany.id}, "Asia/Tokyo"),
            ({"tz": False, "country_id": germany.id}, "Europe/Berlin"),
            ({"tz": False, "country_id": usa.id}, "UTC"),
            ({"tz": False, "country_id": False}, "UTC"),
        ):
            self.ana.write(values)
            self.run_inbox()
            self.assertEqual(self.person_of(ANA)._get_zone().key, expected)

    def test_the_clock_of_who_schedules(self):
        self.user_marketing.tz = "Europe/Berlin"
        mailing = (
            self.env["mailing.mailing"]
            .with_user(self.user_marketing)
            .create(
                {
                    "subject": "Local",
                    "mailing_model_id": self.partner_model,
                    "marketing_send_time": "local",
                }
            )
        )
        self.assertEqual(mailing.marketing_send_tz, "Europe/Berlin")

    def test_mails_of_journeys_leave_at_their_hour(self):
        self.live_in(ana="Asia/Tokyo")  # 19:00 there
        mailing = self.make_mailing(
            marketing_kind="journey",
            marketing_send_time="local",
            marketing_send_hour=20.5,
        )
        self.env["marketing.delivery"]._plan(
            mailing,
            [
                (self.person_of(ANA).id, self.ana.id, 1),
                (self.person_of(BEN).id, self.ben.id, 2),
            ],
        )
        self.assertEqual(self.wait(mailing)[1], datetime(2026, 3, 4, 11, 30))
        self.assertEqual(self.wait(mailing, BEN)[1], datetime(2026, 3, 4, 20, 30))

    def test_the_moments_of_a_mailing_are_one_statement(self):
        self.live_in(ana="Asia/Tokyo", ben="America/New_York")
        counts = []
        for send_time in ("at_once", "local"):
            mailing = self.make_mailing(self.segment, marketing_send_time=send_time)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env["marketing.delivery"]._plan_audience(mailing)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)
