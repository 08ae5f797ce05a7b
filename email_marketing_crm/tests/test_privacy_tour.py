from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestPrivacyTour(HttpCase):
    def test_a_manager_erases_a_person(self):
        new_test_user(
            self.env,
            "marketing_manager",
            groups="base.group_user,email_marketing_crm.group_marketing_manager",
        )
        partner = self.env["res.partner"].create(
            {"name": "Ana Pereira", "email": "ana@pumps.example"}
        )
        person = partner.marketing_person_id
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.start_tour(
            "/odoo/marketing-persons", "marketing_privacy", login="marketing_manager"
        )
        person.invalidate_recordset()
        partner.invalidate_recordset()
        self.assertTrue(person.is_erased)
        self.assertEqual(partner.email, "ana@pumps.example")
        self.assertTrue(partner.marketing_person_id.is_suppressed)
