"""Profiles: answers that come in with forms and events."""

from odoo.tests import tagged

from .profile_common import ProfileCase


@tagged("post_install", "-at_install")
class TestProfileEvent(ProfileCase):
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
