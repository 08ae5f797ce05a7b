"""A marketer asks about many persons, goes away, and comes back for the answer."""

from unittest.mock import patch

from odoo.tests import new_test_user, tagged

from .tour_common import TourCase

JOB = "odoo.addons.email_marketing_crm.models.marketing_job"
EMAILS = tuple(f"{name}@tour.example.com" for name in ("ana", "bo", "carl"))


@tagged("post_install", "-at_install")
class TestJobTour(TourCase):
    browser_size = "1600x1200"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = new_test_user(
            cls.env,
            "job_marketer",
            groups="email_marketing_crm.group_marketing_user,base.group_user",
            email="job_marketer@tour.example.com",
        )
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
