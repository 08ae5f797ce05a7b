"""A marketer plans a campaign, a manager approves it, it is sent, and sent again."""

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.mail.tests.common import MockEmail

EMAILS = tuple(f"{name}@tour.example.com" for name in ("ana", "bo", "carl"))


@tagged("post_install", "-at_install")
class TestPlanTour(HttpCase, MockEmail):
    browser_size = "1600x1200"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer, cls.manager = (
            new_test_user(
                cls.env,
                login,
                groups=f"email_marketing_crm.{group},base.group_user",
                email=f"{login}@tour.example.com",
            )
            for login, group in (
                ("plan_marketer", "group_marketing_user"),
                ("plan_manager", "group_marketing_manager"),
            )
        )
        for name in ("web.assets_web", "web.assets_tests"):
            bundle = cls.env["ir.qweb"]._get_asset_bundle(name)
            bundle.css()
            bundle.js()

    def setUp(self):
        super().setUp()
        self.marketer.company_id.marketing_needs_approval = True
        self.env["marketing.quiet.hours"].search([]).active = False
        for email in EMAILS:
            self.env["res.partner"].create({"name": email[:-17], "email": email})
        self.make_segment("Tour buyers", *EMAILS)
        self.make_segment("Tour competitors", EMAILS[1])
        self.env["mail.blacklist"]._add(EMAILS[2])
        self.mailing = (
            self.env["mailing.mailing"]
            .with_user(self.marketer)
            .create(
                {
                    "subject": "New pumps",
                    "body_arch": "<p>Look at our pumps.</p>",
                    "body_html": "<p>Look at our pumps.</p>",
                    "email_from": "Pumps Ltd <news@pumps.example.com>",
                    "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                }
            )
        )
        self.env.cr.precommit.run()

    def make_segment(self, name, *emails):
        segment = self.env["marketing.segment"].create({"name": name, "kind": "static"})
        segment._include_records(
            self.env["res.partner"].search([("email_normalized", "in", emails)])
        )

    def open_form(self, tour, user):
        self.start_tour(
            f"/odoo/{self.mailing._name}/{self.mailing.id}", tour, login=user.login
        )
        self.mailing.invalidate_recordset()

    def run_lane(self, model):
        for _run in range(5):
            self.env[model]._run_lane(0, 1)
            self.env.flush_all()
            self.env.cr.precommit.run()
            self.env.invalidate_all()

    def test_planned_approved_sent_and_sent_again(self):
        self.open_form("marketing_plan_build", self.marketer)
        self.assertEqual(self.mailing.marketing_approval_state, "requested")
        self.assertIn(self.manager, self.mailing.sudo().activity_ids.user_id)
        self.open_form("marketing_plan_approve", self.manager)
        self.assertEqual(self.mailing.marketing_approval_user_id, self.manager)
        self.assertEqual(self.mailing.marketing_approval_note, "Go ahead")
        self.open_form("marketing_plan_launch", self.marketer)
        self.assertEqual(self.mailing.marketing_skipped, 2)
        self.run_lane("marketing.delivery")
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self.run_lane("mail.mail")
        self.assertEqual(
            [address for mail in self.emails for address in mail["smtp_to_list"]],
            [EMAILS[0]],
        )
        self.mailing.sudo().write({"state": "done", "sent_date": fields.Datetime.now()})
        self.open_form("marketing_plan_resend", self.marketer)
        second = self.mailing.marketing_resend_ids
        self.assertEqual(second.subject, "Did you see our pumps?")
        self.assertEqual(second.state, "draft")
