from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestContentTour(HttpCase):
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
        self.start_tour(
            f"/odoo/action-mass_mailing.mailing_mailing_action_mail/{mailing.id}",
            "marketing_content",
            login="admin",
            timeout=120,
        )
        self.assertIn("data-marketing-condition", mailing.body_html)
        self.assertEqual(mailing.marketing_template_id.key, "announcement")
        self.assertEqual(mailing.subject, "Spring")
