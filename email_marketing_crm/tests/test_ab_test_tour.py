import itertools
from collections import Counter
from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged
from odoo.tools import email_normalize

from ..tools.ab_test import get_bucket
from ..tools.holdout import is_held_out
from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestAbTestTour(TourCase):
    def test_compare_two_subjects_and_choose(self):
        """A marketer compares two subjects, reads the figures and sends the better."""
        self.clear_deliveries()
        emails = [f"buyer{number}@example.com" for number in range(16)]
        partners = self.env["res.partner"].create(
            [{"name": email, "email": email} for email in emails]
        )
        mailing = self.make_mailing(self.make_segment(partners))
        self.start_tour(
            f"/odoo/action-mass_mailing.mailing_mailing_action_mail/{mailing.id}",
            "marketing_ab_test_build",
            login="admin",
        )
        test = mailing.marketing_ab_test_ids
        self.assertEqual(
            test.arm_ids.mapped("subject"), [False, "Pumps that never leak"]
        )
        self.assertEqual(
            (test.varies, test.metric, test.inconclusive),
            ("subject", "clicked", "first"),
        )
        test.key = "tour 1"  # the same versions for the same persons, each time
        mailing.action_put_in_queue()
        self.run_lanes()
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

    def test_what_came_of_who_was_held_out(self):
        """A marketer reads who became a lead with a mail, and who without one."""
        self.clear_deliveries()
        mailing = self.make_mailing(marketing_holdout_percent=50)
        test = self.env["marketing.ab.test"].create(
            {
                "mailing_id": mailing.id,
                "key": "tour 3",
                "metric": "lead",
                "test_percent": 100,
                "arm_ids": [
                    Command.create({}),
                    Command.create({"subject": "Pumps that never leak"}),
                ],
            }
        )
        groups = self.draw_readers(test, held=4, first=3, second=3)
        readers = self.env["res.partner"].create(
            [
                {"name": email, "email": email}
                for emails in groups.values()
                for email in emails
            ]
        )
        mailing.marketing_segment_ids = self.make_segment(readers)
        mailing.action_put_in_queue()
        self.run_lanes()
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": "lead_created",
                    "email": groups[name][0],
                    "date": fields.Datetime.now() + timedelta(seconds=5),
                    "dedup_key": f"tour:{name}",
                }
                for name in ("held", "second")
            ]
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.start_tour(
            f"/odoo/action-email_marketing_crm.marketing_ab_test_action/{test.id}",
            "marketing_ab_test_control",
            login="admin",
        )

    def draw_readers(self, test, **sizes):
        """So many addresses that are held out, and that get each version."""
        scope = test.mailing_id._get_holdout_scope()
        groups = {name: [] for name in sizes}
        for number in itertools.count():
            if all(len(groups[name]) == size for name, size in sizes.items()):
                return groups
            for name in sizes:
                email = f"{name}{number}@example.com"
                if is_held_out(scope, email, test.mailing_id.marketing_holdout_percent):
                    drawn = "held"
                else:
                    drawn = "first" if get_bucket(test.key, email) < 0.5 else "second"
                if drawn == name and len(groups[name]) < sizes[name]:
                    groups[name].append(email)

    def test_stop_a_test_and_compare_senders_and_texts(self):
        """A marketer ends one test, and writes versions of sender and of content."""
        self.clear_deliveries()
        marketer = self.make_user("ab_marketer")
        partners = self.env["res.partner"].create(
            [
                {"name": f"reader {number}", "email": f"reader{number}@example.com"}
                for number in range(12)
            ]
        )
        segment = self.make_segment(partners)
        stopped, senders, texts = (
            self.make_mailing(segment, marketer, subject=subject)
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
        self.run_lanes()
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
