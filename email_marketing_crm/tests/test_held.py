"""Mails that are put off: how many, why, and which; of mailings and of journeys."""

from datetime import timedelta

from odoo.tests import tagged

from .common import NOW
from .common_delivery import ReadersCase
from .journey_common import JourneyCase


@tagged("post_install", "-at_install")
class TestHeld(ReadersCase):
    def launch(self):
        mailing = self.make_mailing(self.segment)
        mailing.action_put_in_queue()
        return mailing

    def hold(self, mailing, **reasons):
        """Put off the mails to some, as the lanes do: `ana="quiet_hours"`."""
        deliveries = {
            delivery.person_id.email_normalized.partition("@")[0]: delivery.id
            for delivery in self.deliveries_of(mailing)
        }
        until = NOW + timedelta(hours=5)
        self.env["marketing.delivery"]._hold(
            {deliveries[name]: (reason, until) for name, reason in reasons.items()}
        )

    def opened(self, record):
        """Who the figure opens, and what it says of each."""
        action = record.with_user(self.user_marketing).action_view_held()
        self.assertTrue(action["context"]["search_default_held"])
        deliveries = self.env["marketing.delivery"].with_user(self.user_marketing)
        found = deliveries.search([*action["domain"], ("is_held", "=", True)])
        return {
            delivery.person_id.email_normalized.partition("@")[0]: delivery.held_note
            for delivery in found
        }

    def test_what_is_put_off_is_counted_with_its_reasons(self):
        mailing, other = self.launch(), self.launch()
        self.hold(mailing, ana="quiet_hours", ben="quiet_hours", cy="frequency")
        mine = mailing.with_user(self.user_marketing)
        self.assertEqual(mine.marketing_held, 3)
        self.assertEqual(
            mine.marketing_held_reasons, "Quiet hours: 2, Frequency rule: 1"
        )
        self.assertEqual(
            self.opened(mailing),
            {"ana": "Quiet hours", "ben": "Quiet hours", "cy": "Frequency rule"},
        )
        self.assertEqual(other.marketing_held, 0, "It waits for its turn only")
        self.assertFalse(other.marketing_held_reasons)
        self.clock.move_to(NOW + timedelta(hours=5, minutes=1))
        self.env.invalidate_all()
        self.assertEqual(mailing.marketing_held, 0, "It is looked at again")
        self.assertEqual(self.opened(mailing), {})

    def test_a_mailing_that_is_held_holds_all_of_it(self):
        mailing = self.launch()
        self.hold(mailing, ana="quiet_hours")
        mailing.action_marketing_pause()
        self.assertEqual(mailing.marketing_held, 4)
        self.assertEqual(mailing.marketing_held_reasons, "Paused")
        self.assertEqual(self.opened(mailing), dict.fromkeys(self.names, "Paused"))
        mailing.action_marketing_resume()
        self.env.invalidate_all()
        self.assertEqual(mailing.marketing_held, 1)
        self.clock.move_to(NOW + timedelta(hours=6))
        self.deliver()
        mailing.invalidate_recordset()
        self.assertEqual(mailing.marketing_held, 0)
        self.assertEqual(len(self.received()), 4)

    def test_lists_ask_once_for_all(self):
        mailings = self.env["mailing.mailing"].concat(
            *(self.launch() for _number in range(6))
        )
        for mailing in mailings:
            self.hold(mailing, ana="quiet_hours")
        mailings[0].action_marketing_pause()

        def count_queries(records):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records.read(["marketing_held", "marketing_held_reasons"])
            return self.env.cr.sql_log_count - before

        count_queries(mailings)
        few, many = count_queries(mailings[:2]), count_queries(mailings)
        self.assertLessEqual(many, few)


@tagged("post_install", "-at_install")
class TestHeldJourney(JourneyCase):
    def test_a_journey_tells_what_keeps_its_mails(self):
        journey = self.make_journey(self.mail(), self.END)
        other = self.make_journey(self.mail(), self.END, name="Other")
        self.run_journeys()
        mailing = journey.step_ids.mailing_id
        deliveries = self.env["marketing.delivery"]
        planned = deliveries.search([("mailing_id", "=", mailing.id)])
        self.assertEqual(planned.mapped("state"), ["planned"] * 3)
        self.env["marketing.delivery"]._hold(
            {planned[0].id: ("quiet_hours", NOW + timedelta(days=1))}
        )
        self.env.invalidate_all()
        mine = journey.with_user(self.user_marketing)
        self.assertEqual((mine.held_count, mine.held_reasons), (1, "Quiet hours"))
        action = mine.action_view_held()
        found = deliveries.with_user(self.user_marketing).search(
            [*action["domain"], ("is_held", "=", True)]
        )
        self.assertEqual(found, planned[0])
        self.assertEqual(other.held_count, 0)
