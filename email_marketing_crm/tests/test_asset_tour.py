from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestAssetTour(HttpCase):
    def test_from_the_library_into_a_mail(self):
        """A marketer keeps a case study, links it in a mail, and names the topic."""
        marketer = new_test_user(
            self.env,
            "asset_marketer",
            groups="email_marketing_crm.group_marketing_user,base.group_user",
        )
        partner = self.env["res.partner"].create(
            {"name": "Ana Pereira", "email": "ana@pumps.com"}
        )
        topic = self.env["marketing.topic"].create({"name": "Quiet pumps"})
        self.env.flush_all()
        self.env.cr.precommit.run()
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "A case study",
                "mailing_model_id": self.env["ir.model"]._get("res.partner").id,
                "mailing_domain": [("id", "in", partner.ids)],
                "marketing_topic_id": topic.id,
                "user_id": marketer.id,
            }
        )
        self.env.flush_all()
        self.start_tour(
            "/odoo/marketing-content", "marketing_asset", login="asset_marketer"
        )
        asset = self.env["marketing.asset"].search([("name", "=", "Half the current")])
        self.assertEqual((asset.kind, asset.source), ("case", "url"))
        self.start_tour(
            f"/odoo/action-mass_mailing.mailing_mailing_action_mail/{mailing.id}",
            "marketing_asset_in_mail",
            login="asset_marketer",
            timeout=120,
        )
        mailing.invalidate_recordset()
        body = mailing._prepare_mail_as_seen_by(partner)["body_html"]
        self.assertIn(asset.path, body)
        self.assertIn("Half the current", body)
        self.assertIn("Quiet pumps", body)
        self.assertEqual(asset.mailing_count, 1)
        self.take(asset, mailing, partner)
        self.start_tour(
            "/odoo/marketing-content", "marketing_asset_taken", login="asset_marketer"
        )
        segment = self.env["marketing.segment"].search(
            [("name", "=", "Took “Half the current”")]
        )
        self.assertEqual(segment.rule_ids.asset_id, asset)

    def take(self, asset, mailing, partner):
        """Somebody follows the link to an asset in his mail."""
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": "download",
                    "email": partner.email,
                    "mailing_id": mailing.id,
                    "res_model": asset._name,
                    "res_id": asset.id,
                    "reliability": "human_likely",
                    "data": asset._prepare_facts(),
                    "dedup_key": "tour:asset",
                }
            ]
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
