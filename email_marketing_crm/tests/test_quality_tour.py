from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestQualityTour(HttpCase):
    def make_partner(self, email, name, **values):
        return self.env["res.partner"].create({"name": name, "email": email, **values})

    def test_from_a_figure_to_a_merge(self):
        """A marketer opens a number, says what is not the same, and merges a pair."""
        partners = self.env["res.partner"]
        for email, name in (
            ("ana@example.com", "Ana Pereira"),
            ("ana+shop@example.com", "Ana Pereira"),
            ("eve@example.com", "Eve One"),
            ("eve+two@example.com", "Eve Two"),
        ):
            partners |= self.make_partner(email, name)
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env["marketing.duplicate"].search([]).unlink()
        scan = self.env["marketing.duplicate.scan"]._get_scan("res.partner")
        scan._look_at(partners.ids)
        metrics = self.env["marketing.quality.metric"]
        for company_id in metrics._get_companies():
            metrics._refresh(company_id)
        self.start_tour("/odoo/data-quality", "marketing_quality", login="admin")
        self.assertEqual(len(partners.exists()), 3)
        pairs = self.env["marketing.duplicate"].search([])
        self.assertEqual(set(pairs.mapped("state")), {"different", "merged"})

    def test_from_the_grid_to_a_segment(self):
        """A cell of the grid becomes a segment of its persons."""
        self.env["marketing.persona"].create({"name": "Head nurse"})
        partner = self.make_partner("ana@example.com", "Ana Pereira")
        self.env["marketing.profile.value"]._set_values(
            [
                {
                    "person_id": partner.marketing_person_id.id,
                    "attribute": attribute,
                    "value": value,
                    "origin": "hand",
                }
                for attribute, value in (
                    ("persona", "Head nurse"),
                    ("buyer_stage", "Decision"),
                )
            ]
        )
        self.start_tour("/odoo/persona-grid", "marketing_persona_grid", login="admin")
        segment = self.env["marketing.segment"].search(
            [("name", "=", "Head nurse · Decision")]
        )
        self.assertEqual(segment.member_ids.person_id, partner.marketing_person_id)
