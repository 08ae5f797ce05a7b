"""A marketer plans a campaign, a manager approves it, it is sent, and sent again."""

from odoo import fields
from odoo.tests import tagged

from .tour_common import TourCase

EMAILS = tuple(f"{name}@tour.example.com" for name in ("ana", "bo", "carl"))


@tagged("post_install", "-at_install")
class TestPlanTour(TourCase):
    browser_size = "1600x1200"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = cls.make_user("plan_marketer")
        cls.manager = cls.make_user("plan_manager", "manager")

    def setUp(self):
        super().setUp()
        self.marketer.company_id.marketing_needs_approval = True
        self.env["marketing.quiet.hours"].search([]).active = False
        partners = self.env["res.partner"].create(
            [{"name": email[:-17], "email": email} for email in EMAILS]
        )
        self.make_segment(partners, "Tour buyers")
        self.make_segment(partners[1], "Tour competitors")
        self.env["mail.blacklist"]._add(EMAILS[2])
        self.mailing = self.make_mailing(user=self.marketer)
        self.env.cr.precommit.run()

    def open_form(self, tour, user):
        self.start_tour(
            f"/odoo/{self.mailing._name}/{self.mailing.id}", tour, login=user.login
        )
        self.mailing.invalidate_recordset()

    def test_planned_approved_sent_and_sent_again(self):
        self.open_form("marketing_plan_build", self.marketer)
        self.assertEqual(self.mailing.marketing_approval_state, "requested")
        self.assertIn(self.manager, self.mailing.sudo().activity_ids.user_id)
        self.open_form("marketing_plan_approve", self.manager)
        self.assertEqual(self.mailing.marketing_approval_user_id, self.manager)
        self.assertEqual(self.mailing.marketing_approval_note, "Go ahead")
        self.open_form("marketing_plan_launch", self.marketer)
        self.assertEqual(self.mailing.marketing_skipped, 2)
        self.run_lanes()
        self.assertEqual(self.received(), [EMAILS[0]])
        self.mailing.sudo().write({"state": "done", "sent_date": fields.Datetime.now()})
        self.open_form("marketing_plan_resend", self.marketer)
        second = self.mailing.marketing_resend_ids
        self.assertEqual(second.subject, "Did you see our pumps?")
        self.assertEqual(
            (second.state, second.marketing_resend_kind), ("draft", "clicked")
        )

    def test_refused_and_asked_for_again(self):
        self.mailing.action_request_approval()
        self.open_form("marketing_plan_refuse", self.manager)
        self.assertEqual(self.mailing.marketing_approval_state, "refused")
        self.assertEqual(
            self.mailing.marketing_approval_note, "Nobody knows what they cost"
        )
        told = self.mailing.message_ids.filtered(
            lambda message: self.marketer.partner_id in message.partner_ids
        )
        self.assertIn("Nobody knows what they cost", told.body, "Who asked is told.")
        self.open_form("marketing_plan_refused", self.marketer)
        self.assertEqual(self.mailing.marketing_approval_state, "requested")
        self.assertIn(self.manager, self.mailing.sudo().activity_ids.user_id)
