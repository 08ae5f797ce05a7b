"""What an A/B test compares: the same time for each version, and who did it."""

from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .ab_test_common import AbTestCase
from .common import NOW


@tagged("post_install", "-at_install")
class TestAbTestFair(AbTestCase):
    def send_at_two_hours(self, **values):
        """Version A left at twelve, version B at ten in the evening, to all."""
        test = self.make_test(
            ({"hour": 12}, {"hour": 22}), varies="hour", test_percent=100, **values
        )
        test.user_id.tz = "UTC"
        test.mailing_id.action_put_in_queue()
        for hours in (2, 12):
            self.clock.move_to(NOW + timedelta(hours=hours))
            self.deliver()
        self.assertEqual([arm.sent_count > 9 for arm in test.arm_ids], [True, True])
        return test

    def click(self, arm, hours):
        """Everybody who got a version clicks, so long after his mail."""
        left = min(
            self.env["marketing.delivery"]
            .search([("arm_id", "=", arm.id)])
            .mapped("sent_date")
        )
        self.clock.move_to(left + timedelta(hours=hours))
        self.react(arm, "clicked", len(self.people(arm)))

    def test_an_earlier_hour_is_not_ahead_because_it_had_more_time(self):
        test = self.send_at_two_hours()
        noon, night = test.arm_ids
        self.click(noon, 8)
        self.look(test, 17)  # five hours after the last mail
        self.assertEqual((test.state, noon.success_count), ("running", noon.sent_count))
        self.click(night, 8)
        self.look(test, 37)
        self.assertEqual(test.state, "open", "Both did the same, ten hours apart.")
        self.assertEqual(noon.decided_total, noon.decided_size)
        self.assertEqual(night.decided_total, night.decided_size)
        self.assertIn("within its first 25.0 hours", test.explanation)

    def test_an_hour_that_is_better_wins(self):
        test = self.send_at_two_hours()
        noon, night = test.arm_ids
        self.click(night, 1)
        self.look(test, 17)
        self.assertEqual((test.state, test.winner_id), ("decided", night))
        self.assertIn("within its first 5.0 hours", test.explanation)
        self.assertEqual(noon.decided_total, 0)

    def test_whatever_else_is_compared_counts_for_as_long_as_it_is_known(self):
        test = self.make_test()
        self.launch(test)
        self.assertIsNone(test._get_exposure(NOW))
        self.react(test.arm_ids[1], "clicked", 40)
        self.look(test, 5)
        self.assertNotIn("first", test.explanation)

    def test_replies_decide(self):
        """Who answered opened the mail as well; who only clicked did not answer."""
        test = self.make_test(metric="replied")
        a, b = test.arm_ids
        self.launch(test)
        self.react(a, "clicked", len(self.people(a)))
        self.react(b, "replied", len(self.people(b)))
        self.look(test, 5)
        self.assertEqual((test.state, test.winner_id), ("decided", b))
        self.assertEqual((a.decided_total, b.decided_total), (0, b.decided_size))

    def test_the_number_opens_who_did_it(self):
        for metric, code, count in (
            ("clicked", "clicked", 3),
            ("opened", "clicked", 3),
            ("replied", "clicked", 0),
            ("lead", "lead_created", 3),
            ("revenue", "won", 3),
        ):
            with self.subTest(metric=metric):
                test = self.make_test(metric=metric)
                arm, other = test.arm_ids
                self.launch(test)
                self.react(arm, code, 3, value=30, date=NOW + timedelta(minutes=1))
                self.run_inbox()
                self.assertEqual(len(self.open_successes(arm)), count)
                self.assertLessEqual(
                    set(self.open_successes(arm).person_id.ids),
                    set(
                        self.env["marketing.delivery"]
                        .search([("arm_id", "=", arm.id)])
                        .person_id.ids
                    ),
                )
                self.assertFalse(self.open_successes(other))
                self.clock.move_to(NOW)

    def open_successes(self, arm):
        self.env.flush_all()
        action = arm.with_user(self.user_marketing).action_view_successes()
        deliveries = self.env[action["res_model"]].with_user(self.user_marketing)
        return deliveries.search(action["domain"])

    def test_odd_questions_find_nobody(self):
        deliveries = self.env["marketing.delivery"]
        for value in (0, -1, 10**9):
            for name in ("ab_success_of", "ab_control_success_of"):
                self.assertFalse(deliveries.search([(name, "=", value)]))
        draft = self.make_test(metric="lead")
        unknown = [("ab_control_success_of", "=", draft.id)]
        self.assertFalse(deliveries.search(unknown), "Nobody is held out of it yet.")
        with self.assertRaises(AccessError):
            deliveries.with_user(self.user_employee).search([("ab_success_of", "=", 1)])
        with self.assertRaises(AccessError):
            deliveries.with_user(self.user_employee).search(unknown)
