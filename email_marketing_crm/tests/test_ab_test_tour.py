from odoo import Command
from odoo.tests import HttpCase, tagged

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
