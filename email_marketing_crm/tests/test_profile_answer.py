"""Profiles: what users type in for a person, and who may."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .profile_common import ProfileCase


@tagged("post_install", "-at_install")
class TestProfileAnswer(ProfileCase):
    def type_in(self, record, user, attribute, **values):
        record = record.with_user(user)
        if record._name == "marketing.person":
            action = record.action_answer()
        else:
            action = record.action_answer_profile()
        wizard = self.env["marketing.profile.answer"].with_user(user)
        wizard = wizard.browse(action["res_id"])
        wizard.attribute_id = self.env.ref(
            f"email_marketing_crm.profile_attribute_{attribute}"
        )
        wizard.write(values)
        wizard.action_save()

    def test_a_salesperson_types_in_what_a_customer_said(self):
        lead = self.make_lead("ana@example.com", user_id=self.user_sales.id)
        self.answer("IT manager", "rule")
        self.type_in(
            lead,
            self.user_sales,
            "persona",
            persona_id=self.doctor_persona.id,
            source="on the phone",
        )
        answer = self.person.profile_value_ids.filtered(lambda a: a.origin == "hand")
        self.assertEqual(
            (answer.value, answer.source, answer.user_id),
            ("Doctor", "on the phone", self.user_sales),
        )
        self.assertEqual(
            lead.with_user(self.user_sales).marketing_persona_id.name, "Doctor"
        )
        shown = lead.with_user(self.user_sales).marketing_profile_value_ids
        self.assertEqual(len(shown.mapped("value")), 2)

    def test_a_marketer_types_in_on_the_person(self):
        self.type_in(self.person, self.user_marketing, "budget", number=900)
        self.assertEqual(self.answers_in_effect("budget"), ["900"])

    def test_a_marketer_types_in_for_several_persons_at_once(self):
        self.make_partner("bo@example.com")
        persons = self.person | self.person_of("bo@example.com")
        self.type_in(
            persons, self.user_marketing, "persona", persona_id=self.doctor_persona.id
        )
        self.assertEqual(persons.mapped("persona_id"), self.doctor_persona)
        self.assertEqual(len(persons.filtered("persona_id")), 2)

    def test_a_marketer_types_in_on_the_contact_that_he_may_only_read(self):
        partner = self.make_partner("bo@example.com")
        self.assertFalse(partner.with_user(self.user_marketing).has_access("write"))
        self.type_in(
            partner, self.user_marketing, "persona", persona_id=self.doctor_persona.id
        )
        person = self.person_of("bo@example.com")
        self.assertEqual(person.persona_id, self.doctor_persona)

    def test_nobody_answers_for_leads_of_others(self):
        lead = self.make_lead("bo@example.com", user_id=self.user_manager.id)
        with self.assertRaises(AccessError):
            self.type_in(lead, self.user_sales, "budget", number=1)
        with self.assertRaises(AccessError):
            self.type_in(self.partner, self.user_employee, "budget", number=1)
        person = lead.marketing_person_id
        self.answer("Doctor", person=person)
        shown = self.env["marketing.profile.value"].with_user(self.user_sales)
        self.assertFalse(shown.search([("person_id", "=", person.id)]))

    def test_nobody_writes_answers_directly(self):
        self.answer("Doctor")
        for user in (self.user_marketing, self.user_manager, self.user_sales):
            answers = self.person.profile_value_ids.with_user(user)
            for attempt in (
                lambda answers=answers: answers.write({"value": "x"}),
                lambda answers=answers: answers.unlink(),
            ):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    attempt()
        with self.assertRaises(AccessError):
            self.env["marketing.profile.value"].with_user(self.user_employee).search([])

    def test_a_record_without_an_address_says_why_nothing_can_be_kept(self):
        partner = self.make_partner(False)
        with self.assertRaisesRegex(UserError, "no usable e-mail address"):
            partner.action_answer_profile()
