from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestReportTour(HttpCase):
    """A marketer asks which mail works, and opens the mails behind a figure."""

    browser_size = "1600x1200"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = new_test_user(
            cls.env,
            "report_marketer",
            groups="email_marketing_crm.group_marketing_user,base.group_user",
        )

    def setUp(self):
        super().setUp()
        # What was counted before is not part of the story.
        self.env.cr.execute("DELETE FROM marketing_mailing_result")

    def make_result(self, subject, campaign=None, **figures):
        """What was counted of a mailing."""
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": subject,
                "body_html": "<p>Look</p>",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "campaign_id": campaign and campaign.id,
                "user_id": self.marketer.id,
            }
        )
        return self.env["marketing.mailing.result"].create(
            {"mailing_id": mailing.id, "date": fields.Datetime.now(), **figures}
        )

    def test_a_figure_opens_its_mails(self):
        result = self.make_result("Tour report pumps", sent=97, delivered=97, clicked=9)
        self.start_tour(
            "/odoo/which-mail-works",
            "marketing_which_mail_works",
            login=self.marketer.login,
        )
        self.assertEqual(result.delivered, 97, "Looking changes nothing.")

    def test_a_campaign_shows_what_came_of_its_mailings(self):
        campaign = self.env["utm.campaign"].create({"title": "Tour spring"})
        result = self.make_result(
            "Tour report pumps", campaign, sent=97, delivered=97, clicked=1
        )
        self.make_result("Tour other pumps", sent=55, delivered=55)
        self.env["res.partner"].create(
            {"name": "Ana", "email": "ana@report.example.com"}
        )
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": "clicked",
                    "email": "ana@report.example.com",
                    "mailing_id": result.mailing_id.id,
                    "reliability": "human_likely",
                    "dedup_key": "tour:campaign",
                }
            ]
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.start_tour(
            f"/odoo/utm.campaign/{campaign.id}",
            "marketing_campaign_results",
            login=self.marketer.login,
        )
        self.start_tour(
            "/odoo/action-mass_mailing.mailing_mailing_action_mail",
            "marketing_mailing_rates",
            login=self.marketer.login,
        )
