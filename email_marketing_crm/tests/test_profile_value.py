"""Profiles: which answer holds, and that segments follow it."""

import itertools
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import NOW
from .profile_common import ProfileCase


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

    def test_attributes_with_answers_keep_their_code_and_kind(self):
        self.answer("5000", attribute="budget")
        budget = self.env.ref("email_marketing_crm.profile_attribute_budget")
        for values in ({"code": "money"}, {"type": "char"}):
            with self.assertRaises(UserError):
                budget.write(values)
        with self.assertRaises(UserError):
            budget.unlink()

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
