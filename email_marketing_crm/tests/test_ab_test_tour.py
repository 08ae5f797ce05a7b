from collections import Counter

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import email_normalize

from odoo.addons.mail.tests.common import MockEmail


@tagged("post_install", "-at_install")
class TestAbTestTour(HttpCase, MockEmail):
    def test_compare_two_subjects_and_choose(self):
        """A marketer compares two subjects, reads the figures and sends the better."""
        # What waits from before is not part of the story.
        self.env.cr.execute("DELETE FROM marketing_delivery")
        emails = [f"buyer{number}@example.com" for number in range(16)]
        partners = self.env["res.partner"].create(
            [{"name": email, "email": email} for email in emails]
        )
        segment = self.env["marketing.segment"].create(
            {"name": "Pump buyers", "kind": "static"}
        )
        segment._include_records(partners)
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "New pumps",
                "body_html": "<p>Look</p>",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "email_from": "news@pumps.example.com",
                "reply_to": "news@pumps.example.com",
                "marketing_segment_ids": [Command.set(segment.ids)],
            }
        )
        self.start_tour(
            f"/odoo/action-mass_mailing.mailing_mailing_action_mail/{mailing.id}",
            "marketing_ab_test_build",
            login="admin",
        )
        test = mailing.marketing_ab_test_ids
        self.assertEqual(
            test.arm_ids.mapped("subject"), [False, "Pumps that never leak"]
        )
        test.key = "tour 1"  # the same versions for the same persons, each time
        mailing.action_put_in_queue()
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self.env["marketing.delivery"]._run_lane(0, 1)
            self.env["mail.mail"]._run_lane(0, 1)
        version = test.arm_ids[1]
        reached = self.env["marketing.delivery"].search([("arm_id", "=", version.id)])
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": "clicked",
                    "person_id": delivery.person_id.id,
                    "mailing_id": mailing.id,
                    "reliability": "human_likely",
                    "dedup_key": f"tour:{delivery.id}",
                }
                for delivery in reached[:2]
            ]
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.start_tour(
            "/odoo/action-email_marketing_crm.marketing_ab_test_action/%s" % test.id,
            "marketing_ab_test_choose",
            login="admin",
        )
        self.assertEqual((test.state, test.winner_id), ("decided", version))
        waiting = self.env["marketing.delivery"].search(
            [("mailing_id", "=", mailing.id), ("state", "=", "planned")]
        )
        self.assertEqual(waiting.arm_id, version)

    def make_mailing(self, user, subject, segment):
        body = "<p>Look at our pumps.</p>"
        return (
            self.env["mailing.mailing"]
            .with_user(user)
            .create(
                {
                    "subject": subject,
                    "body_html": body,
                    "body_arch": body,
                    "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                    "email_from": "news@pumps.example.com",
                    "reply_to": "news@pumps.example.com",
                    "marketing_segment_ids": [Command.set(segment.ids)],
                }
            )
        )

    def test_stop_a_test_and_compare_senders_and_texts(self):
        """A marketer ends one test, and writes versions of sender and of content."""
        # What waits from before is not part of the story.
        self.env.cr.execute("DELETE FROM marketing_delivery")
        self.env["marketing.quiet.hours"].search([]).active = False
        self.env["marketing.frequency.rule"].search([]).active = False
        marketer = new_test_user(
            self.env,
            "ab_marketer",
            groups="email_marketing_crm.group_marketing_user,base.group_user",
        )
        partners = self.env["res.partner"].create(
            [
                {"name": f"reader {number}", "email": f"reader{number}@example.com"}
                for number in range(12)
            ]
        )
        segment = self.env["marketing.segment"].create(
            {"name": "Readers", "kind": "static"}
        )
        segment._include_records(partners)
        stopped, senders, texts = (
            self.make_mailing(marketer, subject, segment)
            for subject in (
                "A test to stop",
                "Who writes to you",
                "What we write to you",
            )
        )
        test = self.env["marketing.ab.test"].create(
            {
                "mailing_id": stopped.id,
                "key": "tour 2",
                "arm_ids": [
                    Command.create({}),
                    Command.create({"subject": "Another subject"}),
                ],
            }
        )
        stopped.action_put_in_queue()
        self.assertEqual(test.state, "running")
        self.start_tour(
            "/odoo/action-email_marketing_crm.marketing_ab_test_action",
            "marketing_ab_test_versions",
            login=marketer.login,
        )
        self.env.invalidate_all()
        self.assertEqual((test.state, test.decided_by_id), ("stopped", marketer))
        deliveries = self.env["marketing.delivery"]
        rest = deliveries.search(
            [("mailing_id", "=", stopped.id), ("arm_id", "=", False)]
        )
        self.assertEqual(set(rest.mapped("reason")), {"ab_test"}, "Nobody waits.")
        for mailing in (senders, texts):
            mailing.marketing_ab_test_ids.sudo().key = "tour 2"
            mailing.action_put_in_queue()
        with self.mock_mail_gateway(mail_unlink_sent=True):
            for model in ("marketing.delivery", "mail.mail"):
                for _run in range(3):
                    self.env[model]._run_lane(0, 1)
                    self.env.flush_all()
                    self.env.cr.precommit.run()
                    self.env.invalidate_all()
        versions = Counter(
            (
                mail["subject"],
                email_normalize(mail["email_from"]),
                "how quiet" in mail["body"],
            )
            for mail in self._mails
            if mail["subject"] in (senders.subject, texts.subject)
        )
        news, sam = "news@pumps.example.com", "sam@pumps.example.com"
        expected = {}
        for mailing, looks in (
            (senders, ((news, False), (sam, False))),
            (texts, ((news, False), (news, True))),
        ):
            arms = mailing.marketing_ab_test_ids.arm_ids
            for arm, look in zip(arms, looks, strict=True):
                count = deliveries.search_count([("arm_id", "=", arm.id)])
                self.assertTrue(count, "Each version has readers.")
                expected[mailing.subject, *look] = count
        self.assertEqual(versions, expected)
        self.assertEqual(versions.total(), 24)
