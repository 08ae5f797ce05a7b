"""Profiles: rules conclude from segments what people are like."""

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .profile_common import ProfileCase


@tagged("post_install", "-at_install")
class TestProfileRule(ProfileCase):
    """Segments say what people are like."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.doctors = cls.make_segment("Doctors", [("function", "=", "Doctor")])
        cls.buyers = cls.make_segment("Buyers", [("function", "in", ["Doctor", "CIO"])])

    @classmethod
    def make_segment(cls, name, domain):
        segment = cls.env["marketing.segment"].create(
            {"name": name, "domain": repr(domain)}
        )
        segment.action_refresh()
        return segment

    def make_rule(self, segment, attribute="persona", **values):
        return self.env["marketing.profile.rule"].create(
            {
                "segment_id": segment.id,
                "attribute_id": self.env.ref(
                    f"email_marketing_crm.profile_attribute_{attribute}"
                ).id,
                **values,
            }
        )

    def apply_rules(self):
        for _run in range(20):
            _processed, remaining = self.env["marketing.profile.rule"]._apply_batch()
            if not remaining:
                return
        raise AssertionError("The rules are never done")

    def test_who_enters_the_segment_gets_the_persona(self):
        self.make_rule(self.doctors, persona_id=self.doctor_persona.id)
        self.partner.function = "Doctor"
        self.run_inbox()
        self.assertEqual(self.person.persona_id, self.doctor_persona)
        answer = self.person.profile_value_ids
        self.assertEqual((answer.origin, answer.source), ("rule", "Segment “Doctors”"))

    def test_a_rule_is_called_by_its_answer(self):
        beds = self.env["marketing.profile.attribute"].create(
            {"name": "Beds", "code": "beds", "type": "number"}
        )
        for number, name in (
            (1200.0, "Beds: 1,200"),
            (2.5, "Beds: 2.5"),
            (0, "Beds: 0"),
        ):
            rule = self.make_rule(self.doctors, attribute_id=beds.id, number=number)
            self.assertEqual(rule.answer, name)
        rule = self.make_rule(self.doctors, persona_id=self.doctor_persona.id)
        self.assertEqual(rule.answer, "Persona: Doctor")

    def test_a_new_rule_reaches_who_was_in_the_segment_before(self):
        self.partner.function = "Doctor"
        self.run_inbox()
        rule = self.make_rule(self.doctors, persona_id=self.doctor_persona.id)
        self.assertTrue(rule.is_waiting)
        self.apply_rules()
        self.assertFalse(rule.is_waiting)
        self.assertEqual(self.person.persona_id, self.doctor_persona)
        self.assertEqual(rule.person_count, 1)

    def test_a_batch_after_the_other_reaches_everybody(self):
        persons = self.env["marketing.person"]
        for number in range(7):
            partner = self.make_partner(f"d{number}@example.com", function="Doctor")
            persons |= partner.marketing_person_id
        self.run_inbox()
        self.patch(type(self.env["marketing.profile.rule"]), "_apply_batch_size", 3)
        self.make_rule(self.doctors, persona_id=self.doctor_persona.id)
        self.apply_rules()
        self.assertEqual(persons.persona_id, self.doctor_persona)
        self.assertEqual(len(persons.filtered("persona_id")), 7)

    def test_the_first_rule_that_fits_decides(self):
        self.make_rule(self.buyers, persona_id=self.manager_persona.id, sequence=20)
        self.make_rule(self.doctors, persona_id=self.doctor_persona.id, sequence=10)
        self.partner.function = "Doctor"
        self.run_inbox()
        self.assertEqual(self.person.persona_id, self.doctor_persona)
        bo = self.make_partner("bo@example.com", function="CIO").marketing_person_id
        self.run_inbox()
        self.assertEqual(bo.persona_id, self.manager_persona)

    def test_a_rule_that_changes_or_goes_takes_its_conclusions_along(self):
        first = self.make_rule(
            self.doctors, persona_id=self.doctor_persona.id, sequence=1
        )
        second = self.make_rule(
            self.buyers, persona_id=self.manager_persona.id, sequence=2
        )
        self.partner.function = "Doctor"
        self.run_inbox()
        first.active = False
        self.apply_rules()
        self.assertEqual(self.person.persona_id, self.manager_persona)
        second.active = False
        self.apply_rules()
        self.assertFalse(self.person.persona_id)

    def test_the_buyer_stage_moves_forward_only_unless_the_rule_allows_it(self):
        late = self.make_segment("Late", [("function", "=", "Doctor")])
        early = self.make_segment("Early", [("function", "=", "Student")])
        self.make_rule(late, "buyer_stage", buyer_stage_id=self.decision.id)
        back = self.make_rule(early, "buyer_stage", buyer_stage_id=self.awareness.id)
        self.partner.function = "Doctor"
        self.run_inbox()
        self.assertEqual(self.person.buyer_stage_id, self.decision)
        self.partner.function = "Student"
        self.run_inbox()
        self.assertEqual(self.person.buyer_stage_id, self.decision)
        back.allows_backward = True
        self.apply_rules()
        self.assertEqual(self.person.buyer_stage_id, self.awareness)

    def test_interests_of_all_rules_add_up(self):
        interests = self.env.ref("email_marketing_crm.profile_attribute_interests")
        options = self.env["marketing.profile.option"].create(
            [
                {"attribute_id": interests.id, "name": name}
                for name in ("Surgery", "Purchasing")
            ]
        )
        self.make_rule(self.doctors, "interests", option_id=options[0].id)
        self.make_rule(self.buyers, "interests", option_id=options[1].id)
        self.partner.function = "Doctor"
        self.run_inbox()
        self.assertEqual(self.partner.marketing_profile_option_ids, options)

    def test_a_rule_never_overrules_a_human(self):
        self.answer("IT manager", "hand")
        self.make_rule(self.doctors, persona_id=self.doctor_persona.id)
        self.partner.function = "Doctor"
        self.run_inbox()
        self.apply_rules()
        self.assertEqual(self.person.persona_id, self.manager_persona)

    def test_a_rule_cannot_look_at_what_it_writes(self):
        circle = self.make_segment(
            "Not doctors", [("marketing_persona_id", "!=", self.doctor_persona.id)]
        )
        with self.assertRaises(ValidationError):
            self.make_rule(circle, persona_id=self.doctor_persona.id)
        around = self.make_segment(
            "Around", [("marketing_segment_ids", "in", [circle.id])]
        )
        with self.assertRaises(ValidationError):
            self.make_rule(around, persona_id=self.doctor_persona.id)
        linked = self.make_segment("Linked", [("function", "=", "CEO")])
        linked.link_ids = [Command.create({"other_id": circle.id, "kind": "include"})]
        with self.assertRaises(ValidationError):
            self.make_rule(linked, persona_id=self.doctor_persona.id)
        self.make_rule(self.doctors, persona_id=self.doctor_persona.id)
        with self.assertRaises(ValidationError):
            self.doctors.domain = repr(
                [("marketing_persona_id", "=", self.manager_persona.id)]
            )

    def test_only_managers_write_rules(self):
        rules = self.env["marketing.profile.rule"]
        values = {
            "segment_id": self.doctors.id,
            "attribute_id": self.env.ref(
                "email_marketing_crm.profile_attribute_persona"
            ).id,
            "persona_id": self.doctor_persona.id,
        }
        for user in (self.user_marketing, self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                rules.with_user(user).create(values)
        rule = rules.with_user(self.user_manager).create(values)
        rule.action_apply()
        self.assertTrue(rule.is_waiting)
