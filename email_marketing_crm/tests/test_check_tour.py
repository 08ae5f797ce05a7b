from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged

from .check_common import CLEAN


@tagged("post_install", "-at_install")
class TestCheckTour(HttpCase):
    def setUp(self):
        super().setUp()
        self.env.company.marketing_compliance_profile_id = False
        self.user = new_test_user(
            self.env,
            "marketer",
            groups="email_marketing_crm.group_marketing_user,base.group_user,"
            "base.group_partner_manager,mail.group_mail_template_editor",
        )

    def make_mailing(self, **values):
        """A mailing to Bo, who has no city."""
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
                "subject": "Our new pumps are here",
                "preview": "Quiet, small, and they need half of the current",
                "body_html": body,
                "body_arch": body,
                "email_from": "Pumps Ltd <news@pumps.com>",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "user_id": self.user.id,
                "marketing_goal": "clicked",
                "marketing_goal_target": 1,
                "marketing_segment_ids": [Command.set(segment.ids)],
                **values,
            }
        )
        mailing.marketing_sender_id.write(
            {"dns_checked_date": fields.Datetime.now(), "dns_result": {"findings": []}}
        )
        return mailing

    def test_from_a_finding_to_the_launch(self):
        """A marketer puts right what the check found, then the mailing leaves."""
        mailing = self.make_mailing(subject="Our new pumps for [NAME]")
        self.env.flush_all()
        self.start_tour(
            f"/odoo/mailing.mailing/{mailing.id}", "marketing_check", login="marketer"
        )
        self.assertEqual(mailing.state, "in_queue")
        self.assertEqual(mailing.marketing_audience, 1)
        self.assertEqual(len(mailing.marketing_check_ids), 3)

    def test_to_the_place_of_a_finding(self):
        """Each finding of a text leads to its words: here, or in another language."""
        body = CLEAN.replace("Dear", "About [PRODUCT]: dear")
        body += '<p>In <t t-out="object.city"/></p>'
        mailing = self.make_mailing(
            preview="Quiet pumps for everybody in [CITY]",
            body_html=body,
            body_arch=body,
        )
        lang = self.env["res.lang"]._activate_lang("zh_CN")
        self.env["marketing.mailing.translation"].create(
            {
                "mailing_id": mailing.id,
                "lang_id": lang.id,
                "subject": "【姓名】，我们的新水泵",
                "body_html": body,
                "body_arch": body,
            }
        )
        self.env.flush_all()
        check = self.env["marketing.mailing.check"]._check_mailing(mailing)
        self.env.flush_all()
        self.start_tour(
            f"/odoo/marketing.mailing.check/{check.id}",
            "marketing_check_place",
            login="marketer",
            timeout=120,
        )

    def test_a_manager_lets_go_what_is_held(self):
        """The worker found what stops the mailing after it was launched."""
        self.user.group_ids += self.env.ref(
            "email_marketing_crm.group_marketing_manager"
        )
        body = CLEAN + '<p>In <t t-out="object.city.upper()"/></p>'
        mailing = self.make_mailing(body_html=body, body_arch=body)
        checks = self.env["marketing.mailing.check"]
        checks._check_mailing(mailing, -1)  # the user's seconds are over
        mailing.action_launch()
        for _run in range(2):
            checks._run_lane(0, 1)
        self.assertEqual(mailing.marketing_hold, "check")
        self.env.flush_all()
        self.start_tour(
            f"/odoo/mailing.mailing/{mailing.id}",
            "marketing_check_hold",
            login="marketer",
        )
        self.assertFalse(mailing.marketing_hold)
        self.assertIn("Bo is told by telephone", mailing.message_ids[0].body)
