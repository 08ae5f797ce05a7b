from odoo import Command, fields
from odoo.tests import HttpCase, tagged

from .check_common import CLEAN


@tagged("post_install", "-at_install")
class TestConfigurationTour(HttpCase):
    """An administrator says what stops a mail, a mailing, and puts a template back."""

    browser_size = "1600x1200"

    def test_what_stops_mails_and_mailings(self):
        self.env["marketing.check.policy"].search([]).unlink()
        segment = self.env["marketing.segment"].create(
            {"name": "Tour service case", "kind": "static"}
        )
        template = self.env["marketing.mail.template"].search(
            [("key", "=", "newsletter"), ("lang_id.code", "=", "en_US")]
        )
        template.action_restore()
        subject = template.subject
        self.env.ref("base.user_admin").email = "admin@pumps.com"
        template.subject = "A spoilt subject"
        self.start_tour(
            "/odoo/action-mass_mailing.action_mass_mailing_configuration",
            "marketing_configuration",
            login="admin",
        )
        self.env.invalidate_all()
        self.assertEqual(self.env["marketing.person"]._get_soft_limit(), (5, 60))
        company = self.env.ref("base.user_admin").company_id
        self.assertTrue(company.marketing_needs_approval)
        self.assertIn(segment, company.marketing_complaint_segment_ids)
        self.assertEqual(template.subject, subject)
        mailing = self.env["mailing.mailing"].search([], order="id desc", limit=1)
        self.assertEqual(
            (mailing.marketing_template_id, mailing.subject, mailing.state),
            (template, subject, "draft"),
        )
        self.assertEqual(self.get_stops(), ["spam_word"])

    def get_stops(self):
        """What stops a mailing with the word that was added."""
        partner = self.env["res.partner"].create(
            {"name": "Bo Check", "email": "bo@pumps.com"}
        )
        segment = self.env["marketing.segment"].create(
            {"name": "Readers", "kind": "static"}
        )
        self.env.flush_all()
        segment._include_records(partner)
        self.env.company.marketing_compliance_profile_id = False
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Our new pumps are pumpatastic",
                "preview": "Quiet, small, and they need half of the current",
                "body_html": CLEAN,
                "body_arch": CLEAN,
                "email_from": "Pumps Ltd <news@pumps.com>",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "marketing_segment_ids": [Command.set(segment.ids)],
            }
        )
        mailing.marketing_sender_id.write(
            {"dns_checked_date": fields.Datetime.now(), "dns_result": {"findings": []}}
        )
        check = self.env["marketing.mailing.check"]._check_mailing(mailing)
        findings = check.finding_ids.filtered(
            lambda finding: finding.severity == "block"
        )
        return findings.mapped("code")
