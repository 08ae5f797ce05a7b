"""When an A/B test is decided, by what, and what its rest gets."""

from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .ab_test_common import AbTestCase
from .common import NOW

TEST = (
    "odoo.addons.email_marketing_crm.models.marketing_ab_test_decision.MarketingAbTest"
)


@tagged("post_install", "-at_install")
class TestAbTestDecision(AbTestCase):
    def test_it_is_decided_at_the_latest(self):
        """One mail that waits for ever does not hold the others back for ever."""
        test = self.make_test(late_hours=24, latest_days=2)
        self.launch(test)
        stuck = self.env["marketing.delivery"].search(
            [("arm_id", "=", test.arm_ids[0].id)], limit=1
        )
        stuck.write({"state": "planned", "due": NOW + timedelta(days=90)})
        self.look(test, 47)
        self.assertEqual(test.state, "running")
        self.assertEqual(test.next_look_date, NOW + timedelta(days=2))
        self.look(test, 49)
        self.assertEqual(test.state, "open")

    def test_it_is_decided_although_its_segment_was_changed_since(self):
        """What is on its way was approved; its rest needs no second approval."""
        test = self.make_test()
        self.launch(test)
        self.env.company.marketing_needs_approval = True
        self.assertFalse(test.mailing_id._is_approved())
        self.look(test, 49)
        self.assertEqual(test.state, "open")

    def test_what_came_of_who_was_held_out(self):
        """Leads of persons without a mail stand beside those of the versions."""
        test = self.make_test(metric="lead")
        test.mailing_id.marketing_holdout_percent = 30
        self.launch(test)
        held = self.env["marketing.delivery"].search(
            [("mailing_id", "=", test.mailing_id.id), ("reason", "=", "holdout")]
        )
        self.assertTrue(held)
        self.assertEqual(test.control_size, len(held))
        self.assertEqual(test.control_total, 0)
        self.clock.tick(3600)
        self.happened("lead_created", held[0].email)
        self.run_inbox()
        test.invalidate_recordset()
        self.assertEqual(test.control_total, 1)
        self.assertAlmostEqual(test.control_rate, 1 / len(held), places=4)
        self.assertEqual(self.open(test.action_view_control()), held)
        self.assertEqual(self.open(test.action_view_control_successes()), held[0])

    def open(self, action):
        """What a marketer sees in the list that a figure opens."""
        rows = self.env[action["res_model"]].with_user(self.user_marketing)
        return rows.search(action["domain"]).sudo()

    def test_a_clear_winner_goes_to_the_rest(self):
        test = self.make_test()
        a, b = test.arm_ids
        self.launch(test)
        self.react(b, "clicked", len(self.people(b)))
        self.look(test, 3)
        self.assertEqual(test.state, "running", "nobody looks before the time")
        self.look(test, 5)
        self.assertEqual((test.state, test.winner_id), ("decided", b))
        self.assertIn("Version B wins", test.explanation)
        waiting = test.mailing_id.marketing_waiting
        self.deliver()
        self.assertEqual(self.subjects(test), {"Better": waiting})
        self.assertFalse(test.mailing_id.marketing_waiting)
        self.assertEqual(a.decided_total, 0)
        self.assertEqual(b.decided_total, b.decided_size)

    def test_what_comes_after_the_decision_does_not_change_it(self):
        test = self.make_test()
        a, b = test.arm_ids
        self.launch(test)
        self.react(b, "clicked", len(self.people(b)))
        self.look(test, 5)
        decision = dict(test.decision)
        self.react(a, "clicked", len(self.people(a)))
        self.look(test, 30)
        self.assertEqual((test.winner_id, test.decision), (b, decision))
        self.assertEqual(a.success_count, a.sent_count)
        self.assertEqual(a.decided_total, 0)

    def test_machines_decide_nothing(self):
        test = self.make_test(metric="opened", inconclusive="first")
        a, b = test.arm_ids
        self.launch(test)
        self.react(b, "opened", 40, reliability="machine_open")
        self.look(test, 25)
        self.assertEqual(test.state, "open")
        self.assertEqual(b.decided_total, 0)
        self.assertEqual(test.winner_id, a)

    def test_without_a_winner_what_was_agreed_on_is_done(self):
        for rule, outcome in (
            ("best", "sent"),
            ("first", "sent"),
            ("split", "sent"),
            ("stop", "ab_test"),
        ):
            with self.subTest(rule=rule):
                test = self.make_test(inconclusive=rule)
                self.launch(test)
                waiting = self.env["marketing.delivery"].search(
                    [("mailing_id", "=", test.mailing_id.id), ("arm_id", "=", False)]
                )
                self.react(test.arm_ids[1], "clicked", 1)
                self.clock.move_to(NOW)
                self.look(test, 25)
                self.deliver()
                self.assertEqual(test.state, "open")
                self.assertIn("No version wins", test.explanation)
                self.assertEqual(
                    {delivery.reason or delivery.state for delivery in waiting},
                    {outcome},
                )
                arms = {
                    "best": test.arm_ids[1],
                    "first": test.arm_ids[0],
                    "split": test.arm_ids,
                }.get(rule, self.env["marketing.ab.arm"])
                self.assertEqual(waiting.arm_id, arms)
                self.clock.move_to(NOW)

    def test_the_decision_is_written_in_numbers_that_people_read(self):
        test = self.make_test()
        for share, text in (
            (1, "100 %"),
            (0.4949, "49 %"),
            (0.029, "2.9 %"),
            (0.0012, "0.12 %"),
            (0.00000001, "less than 0.01 %"),
        ):
            with self.subTest(share=share):
                self.assertEqual(test._format_share(share), text)
        self.assertEqual(test._format_count(12345), "12,345")
        self.assertEqual(test._format_number(-0.0826), "-8.26")

    def test_what_people_got_is_told_of_each_version(self):
        test = self.make_test()
        self.assertEqual(test.arm_ids.mapped("summary"), ["New pumps", "Better"])
        test.varies = "sender"
        test.arm_ids[1].email_from = "Mia <mia@pumps.example.com>"
        self.assertEqual(
            test.arm_ids.mapped("summary"),
            ["Pumps Ltd <news@pumps.example.com>", "Mia <mia@pumps.example.com>"],
        )
        test.varies = "content"
        self.assertEqual(test.arm_ids.mapped("summary"), [False, False])

    def test_too_few_persons_decide_nothing(self):
        test = self.make_test(minimum=100)
        self.launch(test)
        self.react(test.arm_ids[1], "clicked", 40)
        self.look(test, 5)
        self.assertEqual(test.state, "running")
        self.look(test, 25)
        self.assertEqual(test.state, "open")
        self.assertIn("too few to tell", test.explanation)

    def test_numbers_are_looked_at_twice_and_never_in_between(self):
        test = self.make_test()
        self.launch(test)
        looks = []
        with patch(
            f"{TEST}._decide",
            autospec=True,
            side_effect=lambda test, is_last: (
                looks.append(is_last) or test.write({"looked_date": test.create_date})
            ),
        ):
            for hours in (1, 3.9, 4.1, 5, 12, 23.9):
                self.look(test, hours)
            self.assertEqual(looks, [False])
            self.look(test, 24.1)
        self.assertEqual(looks, [False, True])

    def test_as_long_as_mails_of_the_test_wait_nothing_is_decided(self):
        test = self.make_test()
        test.mailing_id.action_put_in_queue()
        test.mailing_id.action_marketing_pause()
        self.look(test, 100)
        self.assertEqual(test.state, "running")
        self.assertFalse(test.next_look_date)

    def test_young_mails_do_not_count(self):
        test = self.make_test(early_hours=4, late_hours=24)
        self.launch(test)
        self.assertEqual(
            {
                size
                for size, *_rest in test._get_figures(NOW - timedelta(hours=4)).values()
            },
            {0},
        )

    def test_leads_and_revenue(self):
        for metric, code, total in (
            ("lead", "lead_created", 3),
            ("revenue", "won", 90),
        ):
            with self.subTest(metric=metric):
                test = self.make_test(metric=metric)
                arm = test.arm_ids[0]
                self.launch(test)
                self.clock.move_to(NOW + timedelta(hours=1))
                for email in self.people(arm)[:3]:
                    self.happened(code, email, date=NOW + timedelta(hours=1), value=30)
                self.run_inbox()
                self.env.invalidate_all()
                self.assertEqual(arm.success_count, total)
                self.assertEqual(test.arm_ids[1].success_count, 0)
                self.clock.move_to(NOW)

    def test_who_reads_a_translation_has_seen_no_version(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        test = self.make_test(test_percent=100)
        self.env["marketing.mailing.translation"].create(
            {
                "mailing_id": test.mailing_id.id,
                "lang_id": self.env["res.lang"]._lang_get("fr_FR").id,
                "subject": "Nouvelles pompes",
                "body_html": "<p>Bonjour</p>",
            }
        )
        french = self.addresses[:5]
        self.env["res.partner"].search([("email", "in", french)]).lang = "fr_FR"
        self.run_inbox()
        self.launch(test)
        self.assertEqual(self.subjects(test)["Nouvelles pompes"], 5)
        self.assertEqual(sum(test.arm_ids.mapped("sent_count")), 35)

    def test_a_user_chooses_or_stops(self):
        chosen, stopped = self.make_test(), self.make_test()
        self.launch(chosen)
        self.launch(stopped)
        version = chosen.arm_ids[1].with_user(self.user_marketing)
        version.action_choose()
        self.assertEqual(
            (chosen.state, chosen.decided_by_id), ("decided", self.user_marketing)
        )
        self.assertIn("chose version B", chosen.explanation)
        stopped.action_stop()
        self.assertIn("get no mail", stopped.explanation)
        self.deliver()
        self.assertFalse(stopped.mailing_id.marketing_waiting)
        with self.assertRaisesRegex(UserError, "not running"):
            version.action_choose()

    def test_a_stopped_mailing_ends_its_test(self):
        test = self.make_test()
        self.launch(test)
        test.mailing_id.action_marketing_stop()
        self.deliver()
        self.look(test, 1)
        self.assertEqual(test.state, "stopped")
