from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged

from .test_check_mailing import CLEAN


@tagged("post_install", "-at_install")
class TestCheckTour(HttpCase):
    def test_from_a_finding_to_the_launch(self):
        """A marketer puts right what the check found, then the mailing leaves."""
        self.env.company.marketing_compliance_profile_id = False
        user = new_test_user(
            self.env,
            "marketer",
            groups="email_marketing_crm.group_marketing_user,base.group_user,"
            "base.group_partner_manager,mail.group_mail_template_editor",
        )
        partner = self.env["res.partner"].create(
            {"name": "Bo Check", "email": "bo@pumps.com"}
        )
        segment = self.env["marketing.segment"].create(
            {"name": "Pump buyers", "kind": "static", "res_model": "res.partner"}
        )
        self.env.flush_all()
        segment._include_records(partner)
        body = CLEAN + '<p>In <t t-out="object.city"/></p>'
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Our new pumps for [NAME]",
                "preview": "Quiet, small, and they need half of the current",
                "body_html": body,
                "body_arch": body,
                "email_from": "Pumps Ltd <news@pumps.com>",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "user_id": user.id,
                "marketing_segment_ids": [Command.set(segment.ids)],
            }
        )
        mailing.marketing_sender_id.write(
            {"dns_checked_date": fields.Datetime.now(), "dns_result": {"findings": []}}
        )
        self.env.flush_all()
        self.start_tour(
            f"/odoo/mailing.mailing/{mailing.id}", "marketing_check", login="marketer"
        )
        self.assertEqual(mailing.state, "in_queue")
        self.assertEqual(mailing.marketing_audience, 1)
        self.assertEqual(len(mailing.marketing_check_ids), 3)
