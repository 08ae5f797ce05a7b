from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestReportTour(HttpCase):
    """A marketer asks which mail works, and opens the mails behind a figure."""

    browser_size = "1600x1200"

    def test_a_figure_opens_its_mails(self):
        new_test_user(
            self.env,
            "report_marketer",
            groups="email_marketing_crm.group_marketing_user,base.group_user",
        )
        # What was counted before is not part of the story.
        self.env.cr.execute("DELETE FROM marketing_mailing_result")
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Tour report pumps",
                "body_html": "<p>Look</p>",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
            }
        )
        result = self.env["marketing.mailing.result"].create(
            {
                "mailing_id": mailing.id,
                "date": fields.Datetime.now(),
                "sent": 97,
                "delivered": 97,
                "clicked": 9,
            }
        )
        self.start_tour(
            "/odoo/which-mail-works",
            "marketing_which_mail_works",
            login="report_marketer",
        )
        self.assertEqual(result.delivered, 97, "Looking changes nothing.")
