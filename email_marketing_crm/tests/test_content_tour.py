from odoo.tests import tagged

from ..tools.mail_blocks import find_conditions
from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestContentTour(TourCase):
    def test_template_block_and_preview(self):
        """A marketer takes a template, keeps a block for some, and looks twice."""
        self.env["res.lang"]._activate_lang("zh_CN")
        partners = self.env["res.partner"].create(
            [
                {"name": "Ana Pereira", "email": "ana@example.com", "lang": "en_US"},
                {"name": "Li Xiaolong", "email": "li@example.com", "lang": "zh_CN"},
            ]
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env["marketing.inbox"]._run_lane(0, 1)
        self.env["marketing.content.condition"].create(
            {
                "name": "Readers of Chinese",
                "lang_ids": [(6, 0, self.env["res.lang"]._lang_get("zh_CN").ids)],
            }
        )
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Spring",
                "mailing_model_id": self.env["ir.model"]._get("res.partner").id,
                "mailing_domain": [("id", "in", partners.ids)],
                "email_from": "Pumps <news@pumps.example.com>",
            }
        )
        self.env.flush_all()
        with self.mock_mail_gateway():
            self.start_tour(
                f"/odoo/action-mass_mailing.mailing_mailing_action_mail/{mailing.id}",
                "marketing_content",
                login="admin",
                timeout=120,
            )
        conditions = self.env["marketing.content.condition"].search(
            [("name", "in", ("Readers of Chinese", "Best fits"))]
        )
        self.assertEqual(find_conditions(mailing.body_html), set(conditions.ids))
        self.assertEqual(mailing.marketing_template_id.key, "announcement")
        self.assertEqual(mailing.subject, "Spring")
        self.make_mailing(subject="Summer")
        self.start_tour(
            "/odoo/mail-conditions", "marketing_condition_mailings", login="admin"
        )
        [mail] = self._mails
        self.assertEqual(mail["email_to"], ["colleague@pumps.example.com"])
        self.assertIn("Hello Li Xiaolong", mail["body"])

    def test_field_with_a_fallback(self):
        """A marketer who may not write any template puts a field into a mail."""
        marketer = self.make_user("content_marketer")
        persona = self.env["marketing.persona"].create({"name": "plant manager"})
        leads = self.env["crm.lead"].create(
            [
                {"name": "Pumps", "email_from": "ana@example.com", "type": "lead"},
                {"name": "Valves", "email_from": "bo@example.com", "type": "lead"},
            ]
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        leads[0].marketing_person_id.persona_id = persona
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "A question",
                "mailing_model_id": self.env["ir.model"]._get("crm.lead").id,
                "mailing_domain": [("id", "in", leads.ids)],
                "user_id": marketer.id,
            }
        )
        self.env.flush_all()
        self.start_tour(
            f"/odoo/action-mass_mailing.mailing_mailing_action_mail/{mailing.id}",
            "marketing_content_field",
            login="content_marketer",
            timeout=120,
        )
        mailing.invalidate_recordset()
        self.assertNotIn("marketing.persona(", mailing.body_html)
        for lead, written in zip(leads, ("plant manager", "practitioner"), strict=True):
            body = mailing._prepare_mail_as_seen_by(lead)["body_html"]
            self.assertIn(written, body)
