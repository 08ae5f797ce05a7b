"""A marketer asks about many persons, goes away, and comes back for the answer."""

from unittest.mock import patch

from odoo.tests import tagged

from .check_common import NAMES
from .tour_common import TourCase

JOB = "odoo.addons.email_marketing_crm.models.marketing_job"
EMAILS = tuple(f"{name}@tour.example.com" for name in ("ana", "bo", "carl"))


@tagged("post_install", "-at_install")
class TestJobTour(TourCase):
    browser_size = "1600x1200"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = cls.make_user("job_marketer")
        partners = cls.env["res.partner"].create(
            [{"name": email[:-17], "email": email} for email in EMAILS]
        )
        cls.mailing = cls.make_mailing(
            cls.make_segment(partners), cls.marketer, subject="To everybody"
        )
        cls.env.cr.precommit.run()

    def test_a_plan_that_takes_long(self):
        mailing = f"/odoo/mailing.mailing/{self.mailing.id}"
        self.startPatcher(patch(f"{JOB}_mailing.REQUEST_PERSONS", 2))
        self.start_tour(mailing, "marketing_job_ask", login=self.marketer.login)
        job = self.env["marketing.job"].search([("mailing_id", "=", self.mailing.id)])
        self.assertEqual((job.kind, job.user_id), ("preview", self.marketer))
        self.run_lanes("marketing.job")
        self.assertEqual(job.state, "done")
        self.start_tour(
            "/odoo/marketing-jobs", "marketing_job_show", login=self.marketer.login
        )
        # Whoever opens a mailing that is being planned sees how far it is.
        self.env["marketing.job"].with_user(self.marketer)._add("plan", self.mailing)
        self.start_tour(mailing, "marketing_job_progress", login=self.marketer.login)

    def jobs(self):
        return self.env["marketing.job"].search(
            [("mailing_id", "=", self.mailing.id)], order="id"
        )

    def open_form(self, tour):
        self.start_tour(
            f"/odoo/mailing.mailing/{self.mailing.id}", tour, login=self.marketer.login
        )
        self.env.invalidate_all()

    def test_a_question_is_stopped(self):
        self.startPatcher(patch(f"{JOB}_mailing.REQUEST_PERSONS", 2))
        self.open_form("marketing_job_stop")
        stopped, running = self.jobs()
        self.assertEqual((stopped.state, running.state), ("stopped", "running"))
        self.run_lanes("marketing.job")
        self.assertEqual((stopped.state, running.state), ("stopped", "done"))
        self.assertEqual((stopped.done_parts, running.done_parts), (0, 1))
        self.assertEqual(self.mailing.state, "draft")
        self.start_tour(
            "/odoo/action-mass_mailing.mailing_mailing_action_mail",
            "marketing_job_stopped",
            login=self.marketer.login,
        )

    def test_a_plan_is_stopped_with_its_mailing(self):
        self.mailing.action_put_in_queue()
        self.env["marketing.job"].with_user(self.marketer)._add("plan", self.mailing)
        self.open_form("marketing_job_cancel_plan")
        self.assertEqual(self.jobs().mapped("state"), ["stopped"])
        self.run_lanes("marketing.job")
        self.run_lanes()
        self.assertEqual(self.jobs().mapped("done_parts"), [0])
        self.assertEqual(self.mailing.state, "draft")
        self.assertFalse(
            self.env["marketing.delivery"].search(
                [("mailing_id", "=", self.mailing.id)]
            )
        )
        self.assertEqual(self.received(), [])

    def test_a_check_is_stopped(self):
        editors = self.env.ref("mail.group_mail_template_editor")
        self.marketer.group_ids += editors
        self.mailing.write({"body_arch": NAMES, "body_html": NAMES})
        checks = self.env["marketing.mailing.check"].with_user(self.marketer)
        check = checks._check_mailing(self.mailing, -1)  # the seconds are over
        self.mailing.action_launch()
        self.assertEqual(
            (check.state, self.mailing.marketing_hold), ("running", "check")
        )
        self.open_form("marketing_job_stop_check")
        self.assertEqual(check.state, "stopped")
        self.run_lanes("marketing.mailing.check")
        self.run_lanes()
        self.assertEqual((check.state, check.rendered), ("stopped", 0))
        self.assertEqual(
            (self.mailing.state, self.mailing.marketing_hold), ("in_queue", "check")
        )
        self.assertEqual(self.received(), [], "Without its check nothing leaves.")
