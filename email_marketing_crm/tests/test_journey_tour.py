from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestJourneyTour(HttpCase):
    """A marketing manager builds and starts a journey with the mouse."""

    browser_size = "1900x1000"

    def test_build_start_and_look(self):
        new_test_user(
            self.env,
            "tour_manager",
            groups="email_marketing_crm.group_marketing_manager,base.group_user,"
            "base.group_partner_manager",
        )
        partners = self.env["res.partner"].create(
            [
                {"name": name, "email": f"{name.lower()}@tour.example.com"}
                for name in ("Ana", "Bo", "Chen")
            ]
        )
        self.env["res.partner.category"].create({"name": "Tour Engaged"})
        segment = self.env["marketing.segment"].create(
            {"name": "Tour Newcomers", "kind": "static", "company_id": False}
        )
        self.env.flush_all()
        segment._include_records(partners)
        self.start_tour(
            "/odoo/marketing-journeys", "marketing_journey", login="tour_manager"
        )
        journey = self.env["marketing.journey"].search([("name", "=", "Tour Journey")])
        self.assertEqual(journey.state, "running")
        self.assertEqual(journey.step_ids.mapped("kind"), ["tag", "end"])
