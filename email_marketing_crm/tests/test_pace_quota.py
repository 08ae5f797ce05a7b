from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged
from odoo.tools import SQL

from .common import NOW
from .pace_common import PaceCase


@tagged("post_install", "-at_install")
class TestPaceQuota(PaceCase):
    """Quotas of a sender, and what waits for them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailing = cls.make_sender_mailing(10)
        cls.sender = cls.mailing.marketing_sender_id
        cls.sender.tz = "UTC"

    def test_sender_without_limit_does_not_wait(self):
        self.mailing.action_launch()
        self.deliver()
        self.assertEqual(self.sent_count(self.mailing), 10)
        delivery = self.deliveries_of(self.mailing)[0]
        self.assertEqual(delivery.sender_id, self.sender)
        self.assertEqual(delivery.provider, "other")

    def test_hourly_quota_is_shared_out_by_the_minute(self):
        self.sender.hourly_quota = 60
        self.mailing.action_launch()
        self.compose()
        self.assertEqual(self.waits_of(self.mailing), {"sender_quota": 10})
        self.assertEqual(self.mailing.marketing_waiting, 10)
        for sent in range(1, 4):
            self.minute()
            self.assertEqual(self.sent_count(self.mailing), sent)

    def test_no_hour_sees_more_than_its_quota(self):
        self.sender.hourly_quota = 4
        self.mailing.action_launch()
        for sent in (4, 8, 10):
            self.hour()
            self.assertEqual(self.sent_count(self.mailing), sent)
        self.assertEqual(self.mailing.state, "done")
        self.assertCountEqual(
            self.taken, [f"p{number}@example.com" for number in range(10)]
        )

    def test_what_is_on_its_way_counts(self):
        """The server was down: what was composed then leaves now, in the same quota."""
        self.sender.hourly_quota = 4
        self.mailing.action_launch()
        for _quarter in range(4):
            self.compose()
            self.pace()
            self.clock.tick(900)
        self.compose()
        self.assertEqual(
            sorted(self.outcomes(self.mailing).values()).count("composed"), 4
        )
        self.hour()
        self.assertEqual(self.sent_count(self.mailing), 4, "no four new ones on top")

    def test_daily_quota_over_the_hours_of_the_day(self):
        self.sender.write({"daily_quota": 6, "spread_hours": 3})
        self.mailing.action_launch()
        for sent in (2, 4, 6, 6):
            self.hour()
            self.assertEqual(self.sent_count(self.mailing), sent)
        self.clock.move_to(NOW.replace(hour=0) + timedelta(days=1))
        self.hour()
        self.assertEqual(self.sent_count(self.mailing), 8)

    def test_day_of_the_senders_zone(self):
        """At 10:00 UTC on March 4, it is the 5th in Kiritimati since midnight there."""
        self.sender.write({"tz": "Pacific/Kiritimati", "daily_quota": 5})
        self.assertEqual(str(self.sender._get_today()), "2026-03-05")
        self.assertEqual(self.sender._get_day_start(), NOW)

    def test_quota_is_set_while_mails_leave(self):
        self.mailing.action_launch()
        self.sender.hourly_quota = 1
        self.deliver()
        self.pace()
        self.deliver()
        self.assertEqual(self.sent_count(self.mailing), 1)
        self.sender.hourly_quota = 0
        self.pace()
        self.deliver()
        self.assertEqual(self.sent_count(self.mailing), 10)

    def test_what_was_let_go_is_taken_back(self):
        self.sender.hourly_quota = 1
        self.mailing.action_launch()
        self.compose()
        self.sender.hourly_quota = 0
        self.pace()
        self.sender.hourly_quota = 2
        self.pace()
        self.deliver()
        self.assertLessEqual(self.sent_count(self.mailing), 2)

    def test_two_mailings_share_the_quota_of_their_sender(self):
        other = self.make_mailing(self.make_audience(6, name="q"))
        self.assertEqual(other.marketing_sender_id, self.sender)
        self.sender.hourly_quota = 4
        self.mailing.action_launch()
        other.action_launch()
        self.hour()
        self.assertEqual(self.sent_count(self.mailing) + self.sent_count(other), 4)

    def test_urgent_mailing_first(self):
        urgent = self.make_mailing(
            self.make_audience(3, name="q"), marketing_priority="2"
        )
        self.sender.hourly_quota = 4
        self.mailing.action_launch()
        self.compose()
        urgent.action_launch()
        self.hour()
        self.assertEqual(self.sent_count(urgent), 3)

    def test_paused_mailing_does_not_hold_up_the_others(self):
        other = self.make_mailing(self.make_audience(3, name="q"))
        self.sender.hourly_quota = 60
        self.mailing.action_launch()
        other.action_launch()
        self.compose()
        self.mailing.action_marketing_pause()
        for _minute in range(3):
            self.minute()
        self.assertEqual(self.sent_count(self.mailing), 0)
        self.assertEqual(self.sent_count(other), 3)

    def test_stopped_mailing_waits_for_nothing(self):
        self.sender.hourly_quota = 1
        self.mailing.action_launch()
        self.compose()
        self.mailing.action_marketing_stop()
        self.deliver()
        self.assertEqual(set(self.outcomes(self.mailing).values()), {"canceled"})

    def test_a_later_schedule_keeps_the_queue_closed(self):
        self.sender.hourly_quota = 60
        self.mailing.action_launch()
        self.compose()
        self.mailing.write(
            {"state": "in_queue", "schedule_date": NOW + timedelta(hours=5)}
        )
        self.minute()
        self.assertEqual(self.sent_count(self.mailing), 0)

    def test_opt_out_while_waiting_counts(self):
        self.sender.hourly_quota = 10
        self.mailing.action_launch()
        self.compose()
        self.env["mail.blacklist"]._add("p3@example.com")
        self.hour()
        self.assertEqual(self.outcomes(self.mailing)["p3@example.com"], "blacklisted")
        self.assertEqual(self.sent_count(self.mailing), 9)
        self.assertNotIn("p3@example.com", self.taken)

    def test_waiting_for_something_else_leaves_the_queue(self):
        self.sender.hourly_quota = 60
        self.mailing.action_launch()
        self.compose()
        self.pace()
        first = self.deliveries_of(self.mailing).filtered("released_date")
        self.env["marketing.delivery"]._hold(
            {first.id: ("brake", NOW + timedelta(hours=1))}
        )
        self.assertTrue(first.released_date)
        with patch(
            "odoo.addons.email_marketing_crm.models.marketing_delivery_pace"
            ".PACE_REASONS",
            (),
        ):
            self.env["marketing.delivery"]._hold(
                {first.id: ("brake", NOW + timedelta(hours=1))}
            )
        self.assertFalse(first.released_date)

    def test_a_million_is_not_looked_at_batch_by_batch(self):
        """What is behind a batch that waits goes into the queue with it."""
        self.sender.hourly_quota = 60
        self.mailing.action_launch()
        with patch(
            "odoo.addons.email_marketing_crm.models.marketing_delivery_compose"
            ".COMPOSE_BATCH",
            2,
        ):
            processed, _more = self.env["marketing.delivery"]._run_lane(0, 1)
        self.env.invalidate_all()
        self.assertEqual(processed, 2)
        self.assertEqual(self.waits_of(self.mailing), {"sender_quota": 10})
        self.assertEqual(self.sender.waiting_count, 10)

    def test_only_its_own_shard(self):
        self.sender.hourly_quota = 60
        self.mailing.action_launch()
        self.env["marketing.delivery"]._run_lane(1, 2)
        self.env.invalidate_all()
        for delivery in self.deliveries_of(self.mailing):
            self.assertEqual(bool(delivery.wait_reason), delivery.person_id.id % 2 == 1)

    def test_about_when_each_mail_leaves(self):
        self.sender.hourly_quota = 4
        self.mailing.action_launch()
        self.compose()
        dues = self.deliveries_of(self.mailing).sorted("pace_order").mapped("due")
        hours = [(due - NOW) // timedelta(hours=1) for due in dues]
        self.assertEqual(hours, [1] * 4 + [2] * 4 + [3] * 2)

    def test_provider_has_a_pace_of_its_own(self):
        gmail = self.make_audience(5, "gmail.com", "g")
        self.mailing.marketing_segment_ids = [Command.link(gmail.id)]
        self.sender.provider_ids = [
            Command.create({"provider": "gmail", "hourly_quota": 2})
        ]
        self.mailing.action_launch()
        self.deliver()
        self.assertEqual(self.sent_count(self.mailing), 10, "the others do not wait")
        self.assertEqual(self.waits_of(self.mailing), {"provider_pace": 5})
        for sent in (12, 14, 15):
            self.hour()
            self.assertEqual(self.sent_count(self.mailing), sent)

    def test_provider_of_a_company_by_its_mail_servers(self):
        domain = self.env["marketing.email.domain"].create({"name": "example.com"})
        self.env["marketing.email.domain"]._note_servers(
            {"example.com": ["aspmx.l.google.com."], "elsewhere.dev": ["mx.a.dev."]}
        )
        self.assertEqual(domain.provider, "gmail")
        self.mailing.action_launch()
        self.compose()
        self.assertEqual(
            set(self.deliveries_of(self.mailing).mapped("provider")), {"gmail"}
        )

    def test_forecast_and_room(self):
        self.assertIsNone(self.sender._get_room_today())
        self.sender.write({"daily_quota": 4, "spread_hours": 1})
        self.assertEqual(self.sender._get_room_today(), 4)
        self.assertEqual(
            [
                (str(day), number)
                for day, number in self.sender._get_forecast({"other": 9})
            ],
            [("2026-03-04", 4), ("2026-03-05", 4), ("2026-03-06", 1)],
        )
        self.assertIn("Room for 4 more mails today", self.mailing.marketing_pace_text)
        self.assertIn("03/06/2026", self.mailing.marketing_pace_text)
        self.mailing.action_launch()
        self.hour()
        self.mailing.invalidate_recordset()
        self.assertIn("Room for 0 more mails today", self.mailing.marketing_pace_text)
        self.assertIn("03/06/2026", self.mailing.marketing_pace_text)

    def test_log_of_the_day(self):
        self.sender.daily_quota = 100
        self.mailing.action_launch()
        self.hour()
        self.pace()
        day = self.sender.day_ids
        self.assertEqual((str(day.date), day.sent, day.quota), ("2026-03-04", 10, 100))
        self.assertEqual(self.sender.day_used, 10)

    def test_log_is_kept_through_compaction(self):
        senders = self.env["marketing.sender"]
        for _batch in range(5):
            senders._note_result([(self.sender.id, "gmail", "sent", 20)])
            self.clock.tick(30)
        self.clock.tick(600)
        self.pace()
        results = self.env["marketing.sender.result"].search(
            [("sender_id", "=", self.sender.id)]
        )
        self.assertEqual(results.mapped("count"), [100])
        self.assertEqual(self.sender.day_ids.sent, 100)
        self.clock.tick(timedelta(days=41))
        results._gc_results()
        self.assertFalse(results.exists())
        self.assertEqual(self.sender.day_ids.sent, 100)

    def test_unknown_outcome_is_a_mistake(self):
        with self.assertRaises(ValueError):
            self.env["marketing.sender"]._note_result(
                [(self.sender.id, "gmail", "lost", 1)]
            )

    def test_what_another_sender_let_go_waits_for_the_new_one(self):
        """The mailing gets another sender before its mails are composed."""
        self.sender.hourly_quota = 60000
        self.mailing.action_launch()
        self.compose()
        self.pace()
        self.assertTrue(
            all(self.deliveries_of(self.mailing).mapped("released_date")),
            "the first sender has room for all of them",
        )
        self.mailing.email_from = "Valves Ltd <news@valves.example.com>"
        other = self.mailing.marketing_sender_id
        self.assertNotEqual(other, self.sender)
        other.hourly_quota = 4
        self.mailing._release_checked()
        for sent in (4, 8):
            self.hour()
            self.assertEqual(self.sent_count(self.mailing), sent)

    def test_what_may_have_left_counts(self):
        self.sender.hourly_quota = 4
        self.clock.move_to(NOW.replace(minute=58))
        self.mailing.action_launch()
        self.compose()
        self.pace()
        self.compose()
        composed = self.deliveries_of(self.mailing).filtered(
            lambda delivery: delivery.state == "composed"
        )
        self.assertEqual(len(composed), 4)
        deliveries = self.env["marketing.delivery"]
        deliveries._claim(composed[:1].ids)
        deliveries._mark_unknown(SQL("id = %s", composed[0].id), "The worker died.")
        self.minute()
        self.assertEqual(self.sent_count(self.mailing), 3)
        self.clock.move_to(NOW.replace(minute=59))
        self.minute()
        self.assertEqual(self.sent_count(self.mailing), 3, "the fourth may have left")
        self.hour()
        self.assertEqual(self.sent_count(self.mailing), 7)

    def test_the_day_on_which_summer_time_ends(self):
        """It has 25 hours: what is let go in the last one counts for it."""
        self.sender.write({"tz": "Europe/Berlin", "daily_quota": 3, "spread_hours": 2})
        self.clock.move_to(datetime(2026, 10, 25, 10))
        self.mailing.action_launch()
        self.hour()
        self.assertEqual(self.sent_count(self.mailing), 2)
        self.clock.move_to(datetime(2026, 10, 25, 22, 30))
        self.pace()
        self.clock.tick(60)
        self.pace()
        self.deliver()
        self.assertEqual(self.sent_count(self.mailing), 3)
        self.clock.move_to(datetime(2026, 10, 25, 23, 30))
        self.pace()
        log = {str(day.date): day.sent for day in self.sender.day_ids}
        self.assertEqual(log["2026-10-25"], 3)
