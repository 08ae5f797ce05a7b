"""A/B tests: who gets which version, and what stays as it is."""

from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..tools.ab_test import get_bucket
from .ab_test_common import AbTestCase
from .common import NOW


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
