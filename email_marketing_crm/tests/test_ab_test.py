"""A/B tests: who gets which version, when it is decided, and what the rest gets."""

from collections import Counter
from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..tools.ab_test import get_bucket
from .common import NOW
from .common_delivery import DeliveryCase

TEST = (
    "odoo.addons.email_marketing_crm.models.marketing_ab_test_decision.MarketingAbTest"
)


class AbTestCase(DeliveryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addresses = [f"buyer{number}@example.com" for number in range(40)]
        cls.env["res.partner"].create(
            [
                {"name": f"Buyer {number}", "email": email}
                for number, email in enumerate(cls.addresses)
            ]
        )

    def make_test(self, arms=None, **values):
        """A test of two subjects for half of forty persons."""
        mailing = self.make_mailing(self.make_segment(*self.addresses))
        return self.env["marketing.ab.test"].create(
            {
                "mailing_id": mailing.id,
                "key": "pumps",  # the same versions for the same persons, each time
                "test_percent": 50,
                "minimum": 2,
                "arm_ids": [
                    Command.create(arm) for arm in arms or ({}, {"subject": "Better"})
                ],
                **values,
            }
        )

    def launch(self, test):
        test.mailing_id.action_put_in_queue()
        self.deliver()

    def subjects(self, test):
        """`{subject: number of mails}` that left."""
        return Counter(mail["subject"] for mail in self._mails)

    def people(self, arm):
        return (
            self.env["marketing.delivery"]
            .search([("arm_id", "=", arm.id)])
            .person_id.mapped("email_normalized")
        )

    def react(self, arm, code, count, **values):
        """So many of those who got a version do something."""
        values.setdefault("reliability", "human_likely")
        for email in self.people(arm)[:count]:
            self.happened(code, email, mailing_id=arm.test_id.mailing_id.id, **values)
        self.run_inbox()

    def look(self, test, hours):
        """The cron, so many hours after the start."""
        self.clock.move_to(NOW + timedelta(hours=hours))
        with patch.object(self.env.registry["ir.cron"], "_commit_progress"):
            test._cron_look()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestAbTest(AbTestCase):
    def test_half_get_the_versions_and_the_rest_waits(self):
        test = self.make_test()
        a, b = test.arm_ids
        self.launch(test)
        self.assertEqual(test.state, "running")
        expected = {"New pumps": set(), "Better": set()}
        for email in self.addresses:
            bucket = get_bucket(test.key, email)
            if bucket < 0.5:
                expected["New pumps" if bucket < 0.25 else "Better"].add(email)
        self.assertEqual(set(self.people(a)), expected["New pumps"])
        self.assertEqual(set(self.people(b)), expected["Better"])
        self.assertEqual(
            self.subjects(test),
            {subject: len(emails) for subject, emails in expected.items()},
        )
        mailing = test.mailing_id
        self.assertEqual(mailing.marketing_waiting + mailing.marketing_sent, 40)
        self.assertGreater(mailing.marketing_waiting, 5)

    def test_the_plan_of_a_draft_shows_who_will_wait(self):
        test = self.make_test()
        test.mailing_id.action_check_audience()
        shown = self.env["marketing.delivery.preview"].search(
            [("mailing_id", "=", test.mailing_id.id), ("wait_reason", "=", "ab_test")]
        )
        self.launch(test)
        waiting = self.env["marketing.delivery"].search(
            [("mailing_id", "=", test.mailing_id.id), ("wait_reason", "=", "ab_test")]
        )
        self.assertTrue(waiting)
        self.assertEqual(set(shown.mapped("email")), set(waiting.mapped("email")))

    def test_a_new_hour_leaves_the_rest_waiting(self):
        test = self.make_test()
        mailing = test.mailing_id
        mailing.write(
            {"schedule_type": "scheduled", "schedule_date": NOW + timedelta(hours=5)}
        )
        mailing.action_launch()
        deliveries = self.env["marketing.delivery"]
        waiting = deliveries.search(
            [("mailing_id", "=", mailing.id), ("arm_id", "=", False)]
        )
        mailing.schedule_date = NOW + timedelta(hours=9)
        self.assertEqual(set(waiting.mapped("wait_reason")), {"ab_test"})
        self.assertGreater(min(waiting.mapped("due")), NOW + timedelta(hours=24))
        others = deliveries.search([("mailing_id", "=", mailing.id)]) - waiting
        self.assertEqual(set(others.mapped("due")), {NOW + timedelta(hours=9)})

    def test_a_new_day_keeps_the_hour_of_each_version(self):
        test = self.make_test(
            ({"hour": 8.0}, {"hour": 17.0}), varies="hour", test_percent=100
        )
        test.user_id.tz = "UTC"
        mailing = test.mailing_id
        mailing.write(
            {"schedule_type": "scheduled", "schedule_date": NOW + timedelta(days=1)}
        )
        mailing.action_launch()
        mailing.schedule_date = NOW + timedelta(days=3)
        deliveries = self.env["marketing.delivery"]
        for arm in test.arm_ids:
            dues = deliveries.search([("arm_id", "=", arm.id)]).mapped("due")
            self.assertEqual({due.hour for due in dues}, {int(arm.hour)})
            self.assertGreaterEqual(min(dues), NOW + timedelta(days=3))

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

    def test_a_sender_of_another_domain(self):
        test = self.make_test(
            ({}, {"email_from": "Ceo <ceo@elsewhere.example.org>"}), varies="sender"
        )
        with self.assertRaisesRegex(UserError, "ceo@elsewhere.example.org"):
            test.mailing_id.action_put_in_queue()
        domain = test.mailing_id.email_from.split("@")[1].rstrip(">")
        test.arm_ids[1].email_from = f"Ceo <ceo@{domain}>"
        test.mailing_id.action_put_in_queue()
        self.assertEqual(test.state, "running")

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

    def test_the_winner_is_what_is_sent_again(self):
        """The second mail has the text that won, the new subject, and no test."""
        test = self.make_test(
            (
                {},
                {"body_html": "<p>Better text</p>", "body_arch": "<p>Better text</p>"},
            ),
            varies="content",
        )
        self.launch(test)
        test.arm_ids[1].action_choose()
        self.deliver()
        self.assertEqual(test.mailing_id.state, "done")
        second = test.mailing_id._create_resend("Did you see?", "opened", 0)
        self.assertFalse(second.marketing_ab_test_ids)
        self.assertIn("Better text", second.body_html)
        self.assertEqual(second.subject, "Did you see?")

    def test_who_is_part_of_it_keeps_the_reason_for_his_hour(self):
        test = self.make_test()
        test.mailing_id.write(
            {"marketing_send_time": "local", "marketing_send_tz": "UTC"}
        )
        self.env["res.partner"].search(
            [("email", "in", self.addresses)]
        ).tz = "Asia/Tokyo"
        self.run_inbox()
        self.clock.move_to(NOW)
        self.launch(test)
        deliveries = self.deliveries_of(test.mailing_id)
        sample = deliveries.filtered("arm_id")
        self.assertEqual(set(sample.mapped("wait_reason")), {"local_time"})
        self.assertEqual(set(sample.mapped("due")), {NOW + timedelta(hours=15)})
        self.assertEqual(set((deliveries - sample).mapped("wait_reason")), {"ab_test"})

    def test_planning_again_changes_nobodys_version(self):
        test = self.make_test()
        self.launch(test)
        before = {arm: self.people(arm) for arm in test.arm_ids}
        self.env["marketing.delivery"]._plan_audience(test.mailing_id)
        self.deliver()
        self.assertEqual({arm: self.people(arm) for arm in test.arm_ids}, before)

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

    def test_senders_and_texts(self):
        test = self.make_test(
            [{}, {"email_from": "Sam <sam@pumps.example.com>"}],
            varies="sender",
            test_percent=100,
        )
        self.launch(test)
        senders = {mail["email_from"] for mail in self._mails}
        self.assertEqual(len(senders), 2)
        self.assertTrue(any("sam@" in sender for sender in senders))
        test = self.make_test(
            [{}, {"body_html": "<p>Other words</p>"}],
            varies="content",
            test_percent=100,
        )
        self.launch(test)
        others = [mail for mail in self._mails if "Other words" in mail["body"]]
        self.assertEqual(len(others), len(self.people(test.arm_ids[1])))

    def test_hours_are_those_of_the_responsible(self):
        test = self.make_test(
            [{"hour": 8}, {"hour": 18}], varies="hour", test_percent=100
        )
        test.mailing_id.user_id.tz = "Asia/Shanghai"
        test.mailing_id.action_put_in_queue()
        hours = {
            arm.name: {delivery.due.hour for delivery in arm_deliveries}
            for arm in test.arm_ids
            if (
                arm_deliveries := self.env["marketing.delivery"].search(
                    [("arm_id", "=", arm.id)]
                )
            )
        }
        self.assertEqual(hours, {"A": {0}, "B": {10}})

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

    def test_a_test_that_cannot_tell_anything_is_refused(self):
        same = self.make_test([{}, {"subject": "New pumps"}])
        with self.assertRaisesRegex(UserError, "are the same"):
            same.mailing_id.action_put_in_queue()
        alone = self.make_test([{}])
        with self.assertRaisesRegex(UserError, "only one version"):
            alone.mailing_id.action_put_in_queue()

    def test_what_is_compared_stays(self):
        test = self.make_test()
        self.launch(test)
        with self.assertRaisesRegex(UserError, "has begun"):
            test.metric = "opened"
        with self.assertRaisesRegex(UserError, "stay as people got them"):
            test.arm_ids[0].subject = "Something else"
        with self.assertRaisesRegex(UserError, "belongs to its history"):
            test.unlink()

    def test_back_to_draft_forgets_the_versions(self):
        test = self.make_test()
        test.mailing_id.action_put_in_queue()
        test.mailing_id.action_cancel()
        self.assertEqual(test.state, "draft")
        test.arm_ids[1].subject = "Best"
        self.launch(test)
        self.assertIn("Best", self.subjects(test))

    def test_a_copy_is_a_test_of_its_own(self):
        test = self.make_test()
        self.launch(test)
        copied = test.mailing_id.copy().marketing_ab_test_ids
        self.assertEqual(copied.state, "draft")
        self.assertEqual(copied.arm_ids.mapped("subject"), [False, "Better"])
        self.assertNotEqual(copied.key, test.key)

    def test_who_approved_the_mailing_approved_its_versions_and_translations(self):
        test = self.make_test()
        before = test.mailing_id._get_approval_fingerprint()
        test.arm_ids[1].subject = "Cheap cheap"
        after = test.mailing_id._get_approval_fingerprint()
        self.assertNotEqual(after, before)
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["marketing.mailing.translation"].create(
            {
                "mailing_id": test.mailing_id.id,
                "lang_id": self.env["res.lang"]._lang_get("fr_FR").id,
                "subject": "Nouvelles pompes",
                "body_html": "<p>Bonjour</p>",
            }
        )
        self.assertNotEqual(test.mailing_id._get_approval_fingerprint(), after)

    def test_a_stopped_mailing_ends_its_test(self):
        test = self.make_test()
        self.launch(test)
        test.mailing_id.action_marketing_stop()
        self.deliver()
        self.look(test, 1)
        self.assertEqual(test.state, "stopped")

    def test_help_with_the_size(self):
        test = self.make_test()
        self.assertEqual((test.audience_size, test.arm_size), (40, 10))
        self.assertIn("each version needs", test.size_help)
        test.minimum = 100
        self.assertIn("fewer than the 100", test.size_help)
        test.metric = "revenue"
        self.assertIn("many thousands", test.size_help)

    def test_five_hundred_mails_are_assigned_and_split_in_few_queries(self):
        test = self.make_test(test_percent=100)
        test._start()
        deliveries = self.env["marketing.delivery"]
        mailing = test.mailing_id
        with self.assertQueryCount(90):
            deliveries._plan_audience(mailing)
        planned = deliveries.search([("mailing_id", "=", mailing.id)])
        rows = {delivery.res_id: delivery.id for delivery in planned}
        mailing._split_by_content(rows)
        with self.assertQueryCount(8):
            parts = mailing._split_by_content(rows)
        self.assertEqual(
            sorted(res_id for _content, part in parts for res_id in part), sorted(rows)
        )

    def test_rights(self):
        test = self.make_test()
        mine = test.with_user(self.user_marketing)
        mine.metric = "opened"
        with self.assertRaises(AccessError):
            test.with_user(self.user_sales).read(["state"])
        with self.assertRaises(AccessError):
            mine.read(["key"])
