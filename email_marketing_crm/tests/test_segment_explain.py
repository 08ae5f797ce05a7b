"""Segments: why somebody is in one, or is not, condition by condition."""

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .segment_common import ScreenCase


@tagged("post_install", "-at_install")
class TestSegmentExplain(ScreenCase):
    def ask(self, segment, email):
        form = Form(
            self.env["marketing.segment.explain"].with_user(self.user_marketing)
        )
        form.segment_id = segment
        form.person_id = self.person_of(email)
        return form

    def test_each_condition_has_its_verdict(self):
        self.make_partner("ana@example.com", city="Porto")
        self.happened("form", "ana@example.com")
        self.run_inbox()
        segment = self.make_segment(
            ("form", "at_least", 2, 30), domain=[("city", "=", "Porto")]
        )
        answer = self.ask(segment, "ana@example.com")
        verdicts = [
            (line["name"], line["verdict"]) for line in answer.line_ids._records
        ]
        self.assertEqual(answer.standing, "outside")
        self.assertIn("1 of 3 conditions", answer.summary)
        self.assertEqual([verdict for _n, verdict in verdicts], ["yes", "yes", "no"])
        self.assertIn("Porto", verdicts[1][0])
        self.assertIn("Form submitted", verdicts[2][0])

    def test_standing(self):
        ana = self.make_partner("ana@example.com", city="Porto")
        self.make_partner("bo@example.com", city="Lund")
        self.run_inbox()
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.assertEqual(self.ask(segment, "ana@example.com").standing, "member")
        self.assertEqual(self.ask(segment, "bo@example.com").standing, "outside")
        ana.city = "Lund"
        self.env.flush_all()
        self.assertEqual(self.ask(segment, "ana@example.com").standing, "leaving")
        ana.city = "Porto"
        action = segment.member_ids.with_user(self.user_marketing).action_explain()
        answer = (
            self.env[action["res_model"]]
            .with_user(self.user_marketing)
            .browse(action["res_id"])
        )
        self.assertEqual(answer.standing, "member")
        answer.action_keep_out()
        self.assertEqual(answer.standing, "excluded")
        self.assertEqual(answer.line_ids[-1].verdict, "no")
        answer.action_follow_conditions()
        self.assertEqual(answer.standing, "member")
        segment._include_records(
            self.env["res.partner"].search([("city", "=", "Lund")])
        )
        person = self.person_of("bo@example.com")
        self.assertEqual(self.ask(segment, "bo@example.com").standing, "manual")
        action = person.with_user(self.user_marketing).action_explain_segment()
        self.assertEqual(action["context"], {"default_person_id": person.id})

    def test_leads_that_one_may_not_read_stay_unknown(self):
        self.make_lead("ana@example.com", city="Porto", name="Secret")
        self.run_inbox()
        segment = self.env["marketing.segment"].create(
            {
                "name": "Leads",
                "res_model": "crm.lead",
                "domain": "[('city', '=', 'Porto')]",
            }
        )
        segment._refresh()
        answer = self.ask(segment, "ana@example.com")
        self.assertEqual(answer.standing, "member")
        self.assertNotIn("Porto", [line["detail"] for line in answer.line_ids._records])

    def test_others_ask_nothing(self):
        segment = self.make_segment()
        self.make_partner("ana@example.com")
        person = self.person_of("ana@example.com")
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                segment.with_user(user).action_explain()
            with self.assertRaises(AccessError):
                person.with_user(user).action_explain_segment()
        segment.company_id = self.company_other
        with self.assertRaises(AccessError):
            self.ask(segment.with_user(self.user_marketing), "ana@example.com")
