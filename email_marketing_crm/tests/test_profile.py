import itertools
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import NOW, MarketingCase


class ProfileCase(MarketingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager_persona = cls.env["marketing.persona"].create(
            {"name": "IT manager"}
        )
        cls.doctor_persona = cls.env["marketing.persona"].create({"name": "Doctor"})
        cls.awareness = cls.env.ref("email_marketing_crm.buyer_stage_awareness")
        cls.decision = cls.env.ref("email_marketing_crm.buyer_stage_decision")
        cls.partner = cls.make_partner("ana@example.com")
        cls.person = cls.person_of("ana@example.com")

    def answer(self, value, origin="form", attribute="persona", person=None, **kwargs):
        self.env["marketing.profile.value"]._set_values(
            [
                {
                    "person_id": (person or self.person).id,
                    "attribute": attribute,
                    "value": value,
                    "origin": origin,
                    **kwargs,
                }
            ]
        )

    def answers_in_effect(self, attribute, person=None):
        answers = self.env["marketing.profile.value"].search(
            [
                ("person_id", "=", (person or self.person).id),
                ("attribute_id.code", "=", attribute),
                ("is_in_effect", "=", True),
            ]
        )
        return sorted(answers.mapped("value"))


@tagged("post_install", "-at_install")
class TestProfileValue(ProfileCase):
    """What a human said holds; what somebody concluded fills the gaps."""

    def test_a_guess_never_overwrites_what_a_human_said(self):
        for origin in ("form", "import", "hand"):
            with self.subTest(origin=origin):
                self.answer("Doctor", origin)
                self.answer("IT manager", "rule", date=NOW + timedelta(days=1))
                self.answer("IT manager", "behavior", date=NOW + timedelta(days=2))
                self.assertEqual(self.person.persona_id, self.doctor_persona)
                self.assertEqual(self.answers_in_effect("persona"), ["Doctor"])
        visible = self.person.current_profile_value_ids
        self.assertEqual(
            sorted(visible.mapped("kind")), ["explicit", "implicit"], "both are shown"
        )

    def test_a_later_answer_overrides_an_earlier_one_whenever_it_comes_in(self):
        days = range(3)
        for order in itertools.permutations(days):
            partner = self.make_partner(f"order{''.join(map(str, order))}@example.com")
            person = partner.marketing_person_id
            for day in order:
                self.answer(
                    f"{day * 100}",
                    attribute="budget",
                    person=person,
                    date=NOW + timedelta(days=day),
                )
            self.assertEqual(self.answers_in_effect("budget", person), ["200"])

    def test_a_guess_counts_until_somebody_says_so_and_after_it_is_taken_back(self):
        self.answer("IT manager", "rule")
        self.assertEqual(self.person.persona_id, self.manager_persona)
        self.answer("Doctor", "hand", date=NOW + timedelta(hours=1))
        self.assertEqual(self.person.persona_id, self.doctor_persona)
        self.answer(None, "hand", date=NOW + timedelta(hours=2))
        self.assertEqual(self.person.persona_id, self.manager_persona)

    def test_guesses_that_say_nothing_new_leave_no_row(self):
        for _time in range(3):
            self.answer("IT manager", "rule")
        self.answer("Doctor", "form")
        self.answer("Doctor", "form", date=NOW + timedelta(days=1))
        self.assertEqual(len(self.person.profile_value_ids), 3)

    def test_interests_that_were_said_and_concluded_add_up(self):
        self.answer("Pumps; Valves", "form", "interests")
        self.answer(["Filters"], "behavior", "interests")
        self.answer("valves, Pipes", "behavior", "interests")
        options = self.partner.marketing_profile_option_ids
        self.assertEqual(
            sorted(options.mapped("name")), ["Filters", "Pipes", "Pumps", "Valves"]
        )
        found = self.env["res.partner"].search(
            [("marketing_profile_option_ids", "in", options[:1].ids)]
        )
        self.assertEqual(found, self.partner)

    def test_preferred_time(self):
        """When somebody likes to be reached: said by him, guessed, or by the hour."""
        self.answer("In the evening", "behavior", "preferred_time")
        self.assertEqual(self.answers_in_effect("preferred_time"), ["In the evening"])
        self.answer("in the MORNING", "form", "preferred_time")
        self.answer("In the evening", "rule", "preferred_time")
        self.assertEqual(self.answers_in_effect("preferred_time"), ["In the morning"])
        morning = self.env.ref("email_marketing_crm.profile_option_time_morning")
        self.assertEqual(self.partner.marketing_profile_option_ids, morning)
        self.assertEqual(
            self.env["res.partner"].search(
                [("marketing_profile_option_ids", "in", morning.ids)]
            ),
            self.partner,
        )
        # The answers are open: what nobody thought of becomes one.
        self.answer("At noon", "hand", "preferred_time", date=NOW + timedelta(days=1))
        self.partner.invalidate_recordset()
        self.assertEqual(
            self.partner.marketing_profile_option_ids.mapped("name"), ["At noon"]
        )

    def test_an_answer_that_does_not_exist_is_refused_and_says_so(self):
        for attribute, value in (
            ("persona", "Astronaut"),
            ("company_size", "huge"),
            ("budget", "a lot"),
            ("shoe_size", "42"),
        ):
            with (
                self.subTest(attribute=attribute),
                self.assertRaises(ValidationError) as raised,
            ):
                self.answer(value, attribute=attribute)
            self.assertTrue(
                value in str(raised.exception) or attribute in str(raised.exception)
            )

    def test_merging_persons_keeps_the_newest_of_what_humans_said(self):
        self.make_partner("ana@work.example.com")
        other = self.person_of("ana@work.example.com")
        self.answer("IT manager", "hand", date=NOW - timedelta(days=9))
        self.answer("Doctor", "form", person=other, date=NOW - timedelta(days=2))
        self.answer("IT manager", "rule", date=NOW)
        self.answer("20k", "form", "budget", person=other)
        other._merge_into(self.person)
        self.assertEqual(self.person.persona_id, self.doctor_persona)
        self.assertEqual(self.answers_in_effect("budget"), ["20000"])
        self.assertFalse(other.persona_id)
        self.assertFalse(other.profile_value_ids)
        self.assertEqual(len(self.person.profile_value_ids), 4, "nothing is lost")

    def test_there_is_never_more_than_one_newest_answer(self):
        self.answer("Doctor")
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self.env.cr.execute(
                """
                INSERT INTO marketing_profile_value (
                    person_id, attribute_id, kind, origin, date, is_current)
                SELECT person_id, attribute_id, kind, origin, date, TRUE
                  FROM marketing_profile_value
                """
            )

    # ------------------------------------------------------------------
    # forms and events
    # ------------------------------------------------------------------

    def test_a_form_and_an_event_carry_answers(self):
        profile = {"persona": "Doctor", "budget": "1,500", "interests": ["Pumps"]}
        self.happened(
            "form", "ana@example.com", data={"profile": profile, "title": "Contact us"}
        )
        self.happened(
            "custom", "ana@example.com", data={"profile": {"persona": "IT manager"}}
        )
        self.run_inbox()
        self.assertEqual(self.person.persona_id, self.doctor_persona)
        self.assertEqual(self.answers_in_effect("budget"), ["1500"])
        origins = {
            (answer.origin, answer.source)
            for answer in self.person.profile_value_ids
            if answer.attribute_id.code == "persona"
        }
        self.assertEqual(origins, {("form", "Contact us"), ("behavior", False)})

    def test_scanners_say_nothing_about_persons(self):
        self.happened(
            "custom",
            "ana@example.com",
            reliability="security_scan",
            data={"profile": {"persona": "Doctor"}},
        )
        self.run_inbox()
        self.assertFalse(self.person.persona_id)

    def test_an_answer_that_cannot_be_used_stops_nothing_else(self):
        with self.assertLogs("odoo.addons.email_marketing_crm", "WARNING"):
            self.happened(
                "form",
                "ana@example.com",
                data={"profile": {"persona": "Astronaut", "budget": 7, "x": 1}},
            )
            self.run_inbox()
        self.assertEqual(self.answers_in_effect("budget"), ["7"])

    def test_other_systems_learn_at_once_what_is_wrong_with_an_answer(self):
        event = {"id": "1", "type": "custom", "email": "ana@example.com"}
        report = self.env["marketing.touchpoint"].report_events(
            [
                event | {"data": {"profile": {"persona": "Astronaut"}}},
                event | {"data": {"profile": ["Doctor"]}},
                event | {"data": {"profile": {"persona": "doctor"}}},
            ]
        )
        self.assertEqual(report["accepted"], 1)
        self.assertEqual([error["index"] for error in report["errors"]], [0, 1])
        self.assertIn("Astronaut", report["errors"][0]["error"])

    # ------------------------------------------------------------------
    # segments
    # ------------------------------------------------------------------

    def test_a_segment_follows_the_persona_and_the_answers(self):
        segments = self.env["marketing.segment"].create(
            [
                {
                    "name": "Doctors",
                    "domain": repr(
                        [("marketing_persona_id", "=", self.doctor_persona.id)]
                    ),
                },
                {
                    "name": "Big budgets",
                    "domain": repr(
                        [
                            (
                                "marketing_person_id.profile_value_ids",
                                "any",
                                [("is_in_effect", "=", True), ("number", ">=", 1000)],
                            )
                        ]
                    ),
                },
            ]
        )
        segments.action_refresh()
        self.answer("Doctor", "hand")
        self.answer("5k", "hand", "budget")
        self.run_inbox()
        self.assertEqual([segment.member_count for segment in segments], [1, 1])
        self.answer("IT manager", "hand", date=NOW + timedelta(days=1))
        self.run_inbox()
        self.assertEqual([segment.member_count for segment in segments], [0, 1])

    def test_a_segment_out_of_answers_chosen_in_a_list(self):
        self.answer("Pumps", "form", "interests")
        self.answer("5000", "form", "budget")
        answers = self.person.current_profile_value_ids.with_user(self.user_marketing)
        action = answers.action_make_segment()
        segment = self.env["marketing.segment"].browse(action["res_id"])
        segment.action_refresh()
        self.assertEqual(segment.member_ids.person_id, self.person)

    # ------------------------------------------------------------------
    # by hand
    # ------------------------------------------------------------------

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

    def test_attributes_with_answers_keep_their_code_and_kind(self):
        self.answer("5000", attribute="budget")
        budget = self.env.ref("email_marketing_crm.profile_attribute_budget")
        for values in ({"code": "money"}, {"type": "char"}):
            with self.assertRaises(UserError):
                budget.write(values)
        with self.assertRaises(UserError):
            budget.unlink()


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


@tagged("post_install", "-at_install")
class TestPersonaGrid(ProfileCase):
    """Persona by buyer stage: every cell counts, opens and becomes a segment."""

    def cell(self, persona, stage, user=None):
        cells = self.env["marketing.profile.cell"].with_user(
            user or self.user_marketing
        )
        return cells.search(
            [
                ("persona_id", "=", persona and persona.id),
                ("buyer_stage_id", "=", stage and stage.id),
            ]
        )

    def test_the_grid_has_every_cell_once_and_counts_everybody(self):
        self.answer("Doctor", "hand")
        self.answer("Decision", "hand", "buyer_stage")
        cells = self.env["marketing.profile.cell"].with_user(self.user_marketing)
        cells = cells.search([])
        personas = self.env["marketing.persona"].search_count([])
        stages = self.env["marketing.buyer.stage"].search_count([])
        self.assertEqual(len(cells), (personas + 1) * (stages + 1))
        self.assertEqual(
            sum(cells.mapped("person_count")),
            self.env["marketing.person"].search_count([("merged_into_id", "=", False)]),
        )
        cell = self.cell(self.doctor_persona, self.decision)
        self.assertEqual((cell.person_count, cell.mailable_count), (1, 1))
        action = cell.action_open_persons()
        self.assertEqual(
            self.env["marketing.person"].search(action["domain"]), self.person
        )

    def test_an_archived_persona_stays_while_somebody_has_it(self):
        self.answer("Doctor", "hand")
        (self.doctor_persona | self.manager_persona).active = False
        self.assertEqual(self.cell(self.doctor_persona, False).person_count, 1)
        self.assertFalse(self.cell(self.manager_persona, False))

    def test_who_is_not_mailed_is_counted_apart(self):
        self.answer("Doctor", "hand")
        self.person.action_suppress()
        cell = self.cell(self.doctor_persona, False)
        self.assertEqual((cell.person_count, cell.mailable_count), (1, 0))

    def test_a_cell_becomes_a_segment_that_follows(self):
        self.answer("Doctor", "hand")
        self.answer("Decision", "hand", "buyer_stage")
        action = self.cell(self.doctor_persona, self.decision).action_make_segment()
        segment = self.env["marketing.segment"].browse(action["res_id"])
        self.assertEqual(segment.res_model, "res.partner")
        segment.action_refresh()
        self.assertEqual(segment.member_ids.person_id, self.person)
        self.answer("Awareness", "hand", "buyer_stage", date=NOW + timedelta(days=1))
        self.run_inbox()
        self.assertFalse(segment.member_ids)

    def test_a_cell_of_leads_becomes_a_segment_of_leads(self):
        lead = self.make_lead("bo@example.com")
        self.answer("Doctor", "hand", person=lead.marketing_person_id)
        action = self.cell(self.doctor_persona, False, self.user_manager)
        action = action.with_user(self.env.ref("base.user_admin")).action_make_segment()
        segment = self.env["marketing.segment"].browse(action["res_id"])
        self.assertEqual(segment.res_model, "crm.lead")

    def test_personas_of_other_companies_are_not_in_the_grid(self):
        foreign = self.env["marketing.persona"].create(
            {"name": "Foreigner", "company_id": self.company_other.id}
        )
        self.assertFalse(self.cell(foreign, False))

    def test_salespeople_and_employees_do_not_see_the_grid(self):
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                self.cell(self.doctor_persona, False, user)
