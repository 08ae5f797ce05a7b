"""A marketer asks about many persons, goes away, and comes back for the answer."""

from unittest.mock import patch

from odoo.tests import HttpCase, new_test_user, tagged

JOB = "odoo.addons.email_marketing_crm.models.marketing_job"
EMAILS = tuple(f"{name}@tour.example.com" for name in ("ana", "bo", "carl"))


@tagged("post_install", "-at_install")
class TestJobTour(HttpCase):
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
        for name in ("web.assets_web", "web.assets_tests"):
            bundle = cls.env["ir.qweb"]._get_asset_bundle(name)
            bundle.css()
            bundle.js()
        partners = cls.env["res.partner"].create(
            [{"name": email[:-17], "email": email} for email in EMAILS]
        )
        segment = cls.env["marketing.segment"].create(
            {"name": "Everybody", "kind": "static"}
        )
        segment._include_records(partners)
        cls.mailing = cls.env["mailing.mailing"].create(
            {
                "subject": "To everybody",
                "body_arch": "<p>Look at our pumps.</p>",
                "body_html": "<p>Look at our pumps.</p>",
                "email_from": "Pumps Ltd <news@pumps.example.com>",
                "user_id": cls.marketer.id,
                "mailing_model_id": cls.env["ir.model"]._get_id("res.partner"),
                "marketing_segment_ids": [(6, 0, segment.ids)],
            }
        )
        cls.env.cr.precommit.run()

    def work(self):
        for _part in range(5):
            self.env["marketing.job"]._run_lane(0, 1)
            self.env.flush_all()
            self.env.invalidate_all()

    def test_a_plan_that_takes_long(self):
        mailing = f"/odoo/mailing.mailing/{self.mailing.id}"
        self.startPatcher(patch(f"{JOB}_mailing.REQUEST_PERSONS", 2))
        self.start_tour(mailing, "marketing_job_ask", login=self.marketer.login)
        job = self.env["marketing.job"].search([("mailing_id", "=", self.mailing.id)])
        self.assertEqual((job.kind, job.user_id), ("preview", self.marketer))
        self.work()
        self.assertEqual(job.state, "done")
        self.start_tour(
            "/odoo/marketing-jobs", "marketing_job_show", login=self.marketer.login
        )
        # Whoever opens a mailing that is being planned sees how far it is.
        self.env["marketing.job"].with_user(self.marketer)._add("plan", self.mailing)
        self.start_tour(mailing, "marketing_job_progress", login=self.marketer.login)
