"""Scores: what people are brings a grade."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .score_common import ANA, BO, ScoreCase


@tagged("post_install", "-at_install")
class TestFit(ScoreCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.phone = cls.make_fit("Phone is known", [("phone", "!=", False)], 40)
        cls.make_fit("Job position", [("function", "!=", False)], 40)
        cls.make_fit("Big deal", [("expected_revenue", ">", 1000)], 20, "crm.lead")

    def test_attributes_bring_a_grade(self):
        self.make_partner(ANA, phone="+351 1", function="Buyer")
        self.make_partner(BO, phone="+351 2")
        self.run_inbox()
        ana, bo = self.score_of(ANA), self.score_of(BO)
        self.assertEqual((ana.fit, ana.grade), (80, "A"))
        self.assertEqual((bo.fit, bo.grade), (40, "C"))
        self.assertEqual(ana.score, 0)

    def test_records_of_one_person_count_together(self):
        self.make_partner(ANA, phone="+351 1")
        self.make_lead(ANA, expected_revenue=5000)
        self.make_lead(ANA, name="Again", expected_revenue=9000)
        self.run_inbox()
        self.assertEqual(self.score_of(ANA).fit, 60)

    def test_a_changed_record_changes_the_grade(self):
        partner = self.make_partner(ANA, phone="+351 1", function="Buyer")
        self.run_inbox()
        partner.phone = False
        self.run_inbox()
        score = self.score_of(ANA)
        self.assertEqual((score.fit, score.grade), (40, "C"))
        self.assertEqual(score.line_ids.rule_id.name, "Job position")

    def test_fit_is_kept_while_events_come(self):
        self.make_partner(ANA, phone="+351 1")
        self.run_inbox()
        self.clicked(ANA)
        self.run_inbox()
        score = self.score_of(ANA)
        self.assertEqual((score.score, score.fit), (5, 40))

    def test_a_person_known_by_an_event_first_is_graded(self):
        self.make_partner(ANA, phone="+351 1")
        self.env.cr.precommit.run()
        self.env.cr.execute("DELETE FROM marketing_inbox")
        self.clicked(ANA)
        self.run_inbox()
        self.assertEqual(self.score_of(ANA).fit, 40)

    def test_no_fit_rules_no_grade(self):
        self.make_partner(ANA, phone="+351 1")
        self.run_inbox()
        self.model.fit_rule_ids.unlink()
        self.model.action_recompute()
        self.run_inbox()
        self.assertFalse(self.score_of(ANA).grade)
        self.assertEqual(self.score_of(ANA).fit, 0)

    def test_a_rule_about_the_person(self):
        self.make_fit(
            "Portuguese",
            [("email_normalized", "=like", "%.pt")],
            20,
            "marketing.person",
        )
        self.make_partner("rui@bombas.pt")
        self.run_inbox()
        self.assertEqual(self.score_of("rui@bombas.pt").fit, 20)

    def test_a_condition_that_cannot_be_read_is_refused(self):
        for domain in ("[('no_such_field', '=', 1)]", "[('phone',", "phone"):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.phone.domain = domain

    def test_a_condition_that_became_unreadable_stops_nobody(self):
        self.env.cr.execute(
            "UPDATE marketing_score_rule SET domain = %s WHERE id = %s",
            ["[('x_removed', '=', 1)]", self.phone.id],
        )
        self.env.invalidate_all()
        self.make_partner(ANA, phone="+351 1", function="Buyer")
        self.run_inbox()
        self.assertEqual(self.score_of(ANA).fit, 40)
        self.assertIn("x_removed", self.phone.error)
        self.phone.domain = "[('phone', '!=', False)]"
        self.assertFalse(self.phone.error)

    def test_a_model_of_a_company_looks_at_its_records(self):
        self.model.company_id = self.company_other
        self.make_partner(ANA, phone="+1", company_id=self.company_other.id)
        self.make_partner(BO, phone="+1", company_id=self.env.company.id)
        for email, company in ((ANA, self.company_other), (BO, self.env.company)):
            self.clicked(email, company_id=company.id)
        self.clicked(BO)
        self.run_inbox()
        self.assertEqual((self.score_of(ANA).fit, self.points_of(ANA)), (40, 5))
        self.assertEqual((self.score_of(BO).fit, self.points_of(BO)), (0, 5))
