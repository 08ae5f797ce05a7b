from datetime import datetime, timedelta

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common import NOW
from .pace_common import PaceCase


@tagged("post_install", "-at_install")
class TestPaceWarmUp(PaceCase):
    """A new sender sends few mails a day first."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailing = cls.make_sender_mailing(12)
        cls.sender = cls.mailing.marketing_sender_id
        cls.sender.write(
            {
                "tz": "UTC",
                "spread_hours": 1,
                "ramp_ids": [
                    Command.clear(),
                    Command.create({"day": 1, "mails": 2}),
                    Command.create({"day": 2, "mails": 4}),
                    Command.create({"day": 4, "mails": 6}),
                ],
            }
        )

    def start(self):
        self.sender.action_start_warm_up()
        self.mailing.action_launch()

    def day(self):
        """Send what the day allows, then let midnight come."""
        self.hour()
        tomorrow = datetime.now() + timedelta(days=1)
        self.clock.move_to(tomorrow.replace(hour=0, minute=0, second=0))
        self.pace()

    def returned(self, code, count):
        """So many of the mails that were sent come back."""
        sent = self.deliveries_of(self.mailing).filtered(lambda d: d.state == "sent")
        for delivery in sent[:count]:
            self.happened(code, delivery.email, mailing_id=self.mailing.id)
        self.run_inbox()

    def test_default_steps(self):
        sender = self.env["marketing.sender"].create({"domain": "fresh.example.com"})
        self.assertEqual(
            sender.ramp_ids.mapped("mails")[:9],
            [50, 100, 250, 500, 1000, 2500, 5000, 7500, 10000],
        )
        mailing = self.make_mailing(email_from="a@fresher.example.com")
        self.assertEqual(len(mailing.marketing_sender_id.ramp_ids), 12)

    def test_more_each_day(self):
        self.start()
        for sent in (2, 6, 10, 12):
            self.day()
            self.assertEqual(self.sent_count(self.mailing), sent)
        self.assertEqual(self.mailing.state, "done")

    def test_day_by_day_in_the_log(self):
        self.start()
        for _day in range(3):
            self.day()
        self.hour()
        log = self.sender.day_ids.sorted("date")
        self.assertEqual(log.mapped("sent"), [2, 4, 4, 2])
        self.assertEqual(log.mapped("quota"), [2, 4, 4, 6])
        self.assertEqual(log.mapped("warm_up_day"), [1, 2, 3, 4])
        self.assertEqual(
            log.mapped("decision"), ["started", "advanced", "advanced", "advanced"]
        )
        self.assertIn("2 mails left on 03/04/2026", log[1].explanation)

    def test_waits_say_so(self):
        self.start()
        self.compose()
        self.assertEqual(self.waits_of(self.mailing), {"warm_up": 12})

    def test_most_engaged_first(self):
        self.happened("clicked", "p7@example.com", NOW - timedelta(days=1))
        self.happened("replied", "p3@example.com", NOW - timedelta(days=9))
        self.happened("opened", "p5@example.com", NOW, reliability="human_likely")
        self.env["marketing.person"].search(
            [("email_normalized", "=", "p7@example.com")]
        ).last_engagement_date = NOW - timedelta(days=1)
        self.run_inbox()
        self.start()
        self.compose()
        order = self.deliveries_of(self.mailing).sorted("pace_order").mapped("email")
        self.assertEqual(
            order[:4],
            ["p7@example.com", "p3@example.com", "p5@example.com", "p0@example.com"],
        )
        self.hour()
        self.assertCountEqual(self.taken, ["p7@example.com", "p3@example.com"])

    def test_bounces_hold_the_day(self):
        self.start()
        self.hour()
        self.returned("hard_bounce", 2)
        self.day()
        self.assertEqual(self.sender.warm_up_day, 1)
        self.assertEqual(self.sender.warm_up_decision, "bounces")
        self.assertIn("2 of 2 mails bounced", self.sender.warm_up_text)
        self.hour()
        self.assertEqual(self.sent_count(self.mailing), 4, "none is dropped")
        self.assertEqual(self.sender.day_ids.sorted("date")[-1].decision, "bounces")

    def test_complaint_holds_the_day(self):
        self.start()
        self.hour()
        self.returned("complaint", 1)
        self.day()
        self.assertEqual(self.sender.warm_up_decision, "complaints")
        self.assertEqual(self.sender.warm_up_day, 1)

    def test_day_with_too_few_mails_is_done_again(self):
        self.sender.action_start_warm_up()
        self.day()
        self.assertEqual(self.sender.warm_up_decision, "few")
        self.assertEqual(self.sender.warm_up_day, 1)

    def test_begins_anew_after_a_month(self):
        self.start()
        self.day()
        self.day()
        self.assertEqual(self.sender.warm_up_day, 3)
        self.mailing.action_marketing_pause()
        self.clock.tick(timedelta(days=31))
        self.pace()
        self.assertEqual(self.sender.warm_up_day, 1)
        self.assertEqual(self.sender.warm_up_decision, "restarted")

    def test_is_over_after_the_last_day(self):
        self.mailing.marketing_segment_ids += self.make_audience(20, name="q")
        self.start()
        for _day in range(4):
            self.day()
        self.assertFalse(self.sender.is_warming_up)
        self.assertEqual(self.sender.warm_up_decision, "finished")
        self.hour()
        self.assertEqual(self.sent_count(self.mailing), 32)

    def finish(self):
        """Go through all days, then send the rest."""
        self.mailing.marketing_segment_ids += self.make_audience(20, name="q")
        self.start()
        for _day in range(4):
            self.day()
        self.hour()
        self.assertEqual(self.sent_count(self.mailing), 32)

    def test_a_sender_that_was_idle_for_a_month_begins_anew(self):
        self.finish()
        self.clock.tick(timedelta(days=29))
        self.pace()
        self.assertFalse(self.sender.is_warming_up)
        self.clock.tick(timedelta(days=1))
        self.pace()
        self.assertTrue(self.sender.is_warming_up)
        self.assertEqual(self.sender.warm_up_day, 1)
        self.assertEqual(self.sender.warm_up_decision, "restarted")
        message = self.sender.message_ids[0]
        self.assertIn("begins anew", message.body)
        self.assertIn(self.sender._get_owner().partner_id, message.partner_ids)
        later = self.make_mailing(self.make_audience(9, name="r"))
        later.action_launch()
        self.hour()
        self.assertEqual(self.sent_count(later), 2, "as on the first day")

    def test_a_manager_who_ends_it_ends_it_for_good(self):
        self.finish()
        self.clock.tick(timedelta(days=40))
        self.pace()
        self.assertTrue(self.sender.is_warming_up)
        self.sender.action_stop_warm_up()
        self.assertEqual(self.sender.warm_up_decision, "stopped")
        self.pace()
        self.clock.tick(timedelta(days=40))
        self.pace()
        self.assertFalse(self.sender.is_warming_up)

    def test_a_sender_that_never_warmed_up_does_not_begin_by_itself(self):
        self.mailing.action_launch()
        self.hour()
        self.clock.tick(timedelta(days=60))
        self.pace()
        self.assertFalse(self.sender.is_warming_up)

    def test_starts_at_a_date(self):
        self.sender.warm_up_start = "2026-03-06"
        self.sender.action_start_warm_up()
        self.assertIn("begins on 03/06/2026", self.sender.warm_up_text)
        self.assertIn("until then only the quotas", self.sender.warm_up_text)
        self.assertIsNone(self.sender._get_warm_up_quota())
        self.assertEqual(self.sender._get_warm_up_quota(2), 2)
        self.assertEqual(self.sender._get_warm_up_quota(3), 4)
        self.clock.move_to("2026-03-06 00:00:00")
        self.pace()
        self.assertEqual(self.sender.warm_up_day, 1)
        self.assertEqual(self.sender.warm_up_quota, 2)
        self.assertIn("began", self.sender.warm_up_text)

    def test_daily_quota_below_the_warm_up(self):
        self.start()
        self.sender.daily_quota = 1
        self.hour()
        self.assertEqual(self.sent_count(self.mailing), 1)

    def test_forecast_with_the_ramp(self):
        self.start()
        self.compose()
        self.assertEqual(
            [number for _day, number in self.sender._get_forecast({"other": 12}, {})],
            [2, 4, 4, 2],
        )
        self.assertIn("03/07/2026", self.mailing.marketing_pace_text)

    def test_ends_when_the_manager_says_so(self):
        self.start()
        self.compose()
        self.sender.with_user(self.user_manager).action_stop_warm_up()
        self.pace()
        self.deliver()
        self.assertEqual(self.sent_count(self.mailing), 12)

    def test_manager_only(self):
        with self.assertRaises(AccessError):
            self.sender.with_user(self.user_marketing).action_start_warm_up()

    def test_a_warm_up_grows(self):
        with self.assertRaisesRegex(ValidationError, "A warm-up grows"):
            self.sender.ramp_ids[0].mails = 100
            self.sender.ramp_ids.flush_recordset()
            self.sender._check_ramp()
