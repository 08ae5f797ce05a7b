from odoo import Command
from odoo.tests import tagged

from .common import NOW
from .pace_common import PaceCase


@tagged("post_install", "-at_install")
class TestPaceForecast(PaceCase):
    """When the last mail will leave, with everything that holds a sender."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gmail = cls.make_audience(9, "gmail.com", "g")
        cls.mailing = cls.make_sender_mailing(5)
        cls.mailing.marketing_segment_ids = [Command.link(cls.gmail.id)]
        cls.sender = cls.mailing.marketing_sender_id
        cls.sender.tz = "UTC"
        cls.sender.provider_ids = [
            Command.create({"provider": "gmail", "hourly_quota": 1})
        ]

    def forecast(self, counts, ahead=None):
        days = self.sender._get_forecast(counts, ahead)
        return [(str(date)[-2:], number) for date, number in days]

    def test_a_provider_takes_so_many_an_hour(self):
        # NOW is 10:00: fourteen hours are left of the day.
        self.assertEqual(
            self.forecast({"gmail": 20, "other": 100}), [("04", 114), ("05", 6)]
        )
        self.assertEqual(
            self.forecast({"gmail": 5}, {"gmail": 10}), [("04", 4), ("05", 1)]
        )

    def test_the_quota_holds_as_well(self):
        self.sender.hourly_quota = 3
        self.assertEqual(
            self.forecast({"gmail": 10, "other": 40}), [("04", 42), ("05", 8)]
        )

    def test_the_careful_pace_after_a_brake_doubles(self):
        self.sender.provider_ids.write(
            {"hourly_quota": 0, "careful_quota": 2, "full_pace": 9}
        )
        self.assertEqual(self.forecast({"gmail": 2 + 4 + 8 + 500}), [("04", 514)])
        line = self.sender.provider_ids
        self.assertEqual([line._get_limit(hour) for hour in range(4)], [2, 4, 8, None])

    def test_a_braked_provider_gets_nothing(self):
        self.sender._insert_brakes(
            [(self.sender.id, "gmail", "policy", 5, 10, 5.0, None)]
        )
        self.assertEqual(self.forecast({"gmail": 1, "other": 5}), [])
        self.assertEqual(self.forecast({"other": 5}), [("04", 5)])

    def test_the_screen_of_a_draft_and_of_what_waits(self):
        self.sender.provider_ids.hourly_quota = 0
        self.sender.provider_ids.hourly_quota = 1
        text = self.mailing.marketing_pace_text
        self.assertIn("Some providers take", text)
        self.assertIn("The 14 mails of this mailing are out on about 03/04/2026", text)
        self.clock.move_to(NOW.replace(hour=18))
        self.mailing.action_launch()
        self.deliver()
        self.mailing.invalidate_recordset()
        self.assertEqual(self.waits_of(self.mailing), {"provider_pace": 9})
        self.assertIn("The 9 mails", self.mailing.marketing_pace_text)
        self.assertIn("03/05/2026", self.mailing.marketing_pace_text)

    def test_only_what_goes_to_the_provider_is_ahead_of_it(self):
        self.sender.hourly_quota = 10
        self.mailing.action_launch()
        self.compose()
        dues = self.deliveries_of(self.mailing).filtered(
            lambda delivery: delivery.wait_reason == "provider_pace"
        )
        hours = sorted(
            (due - NOW).total_seconds() // 3600 for due in dues.mapped("due")
        )
        self.assertEqual(hours, list(range(1, 10)))
