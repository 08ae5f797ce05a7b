from odoo.tests import HttpCase, new_test_user, tagged

ANA = "ana@example.com"


@tagged("post_install", "-at_install")
class TestConsentTours(HttpCase):
    """A marketer sets a topic up; a person chooses, on a telephone."""

    def test_a_marketer_sets_up_a_topic(self):
        new_test_user(
            self.env,
            "marketer",
            groups="base.group_user,email_marketing_crm.group_marketing_user",
        )
        self.start_tour(
            "/odoo/marketing-topics", "marketing_topic_setup", login="marketer"
        )
        topic = self.env["marketing.topic"].search([("name", "=", "Spare parts")])
        self.assertEqual(topic.expiry_months, 24)


@tagged("post_install", "-at_install")
class TestPreferencesTour(HttpCase):
    browser_size = "390x844"

    def test_a_person_chooses_on_a_telephone(self):
        self.env["marketing.topic"].search([]).write({"is_public": False})
        pumps, events = self.env["marketing.topic"].create(
            [
                {"name": "Pumps", "description": "New pumps, once a month."},
                {"name": "Events", "description": "Fairs and open days."},
            ]
        )
        partner = self.env["res.partner"].create({"name": "Ana", "email": ANA})
        self.env.flush_all()
        self.env.cr.precommit.run()
        person = partner.marketing_person_id
        self.env["marketing.consent"]._set_state(
            person.ids, pumps, "in", {"source": "page"}
        )
        self.start_tour(
            f"/marketing/preferences/{person._get_preference_token()}",
            "marketing_preferences",
        )
        self.env.invalidate_all()
        events_of_log = person.consent_log_ids.sorted("id").mapped("event")
        self.assertCountEqual(
            events_of_log[:4], ["given", "withdrawn", "given", "preference"]
        )
        self.assertTrue(person.is_opted_out)
        self.assertEqual(set(person.consent_ids.mapped("state")), {"out"})
        self.assertEqual(person.consent_ids.topic_id, pumps | events)
