"""Scores: who reads them, who decides the rules."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .score_common import ANA, ScoreCase


@tagged("post_install", "-at_install")
class TestAccess(ScoreCase):
    def setUp(self):
        super().setUp()
        self.partner = self.make_partner(ANA)
        self.clicked(ANA)
        self.run_inbox()
        self.score = self.score_of(ANA)

    def test_marketing_user_reads(self):
        score = self.score.with_user(self.user_marketing)
        self.assertEqual(score.score, 5)
        self.assertEqual(score.line_ids.points, 5)
        self.assertEqual(len(score._get_explanation()), 1)
        self.assertTrue(self.model.with_user(self.user_marketing).count_all)
        self.model.with_user(self.user_marketing).action_preview()
        for record, values in (
            (self.model, {"name": "Mine"}),
            (self.click, {"points": 99}),
            (self.score, {"value": 1}),
            (self.score.line_ids, {"value": 1}),
        ):
            with self.assertRaises(AccessError):
                record.with_user(self.user_marketing).write(values)
        with self.assertRaises(AccessError):
            self.model.with_user(self.user_marketing).action_recompute()

    def test_marketing_manager_decides_the_rules(self):
        model = self.model.with_user(self.user_manager)
        model.half_life_days = 14
        model.behaviour_rule_ids = [
            Command.create({"type_id": self.types["form"].id, "points": 3})
        ]
        model.action_recompute()
        self.assertEqual(len(model.behaviour_rule_ids), 2)
        copy = model.copy()
        copy.unlink()
        with self.assertRaises(AccessError):
            self.score.with_user(self.user_manager).write({"value": 1})

    def test_salesperson_sees_the_score_of_a_contact_only(self):
        partner = self.partner.with_user(self.user_sales)
        self.assertEqual(partner.marketing_score, 5)
        found = partner.search(
            [("id", "=", partner.id), ("marketing_score", ">=", 5)],
            order="marketing_score desc",
        )
        self.assertEqual(found, partner)
        for record in (self.score, self.model, self.score.line_ids):
            with self.assertRaises(AccessError):
                record.with_user(self.user_sales).read()

    def test_employee_reads_no_scores(self):
        for record in (self.score, self.model, self.click, self.score.line_ids):
            with self.assertRaises(AccessError):
                record.with_user(self.user_employee).read()

    def test_models_of_another_company_are_out_of_reach(self):
        other = self.make_model(
            name="Theirs", sequence=9, company_id=self.company_other.id
        )
        rule = self.make_rule("clicked", 1, model=other)
        self.clicked(ANA)
        self.run_inbox()
        score = self.score_of(ANA, other)
        self.assertTrue(score)
        for record in (other, rule, score, score.line_ids):
            found = record.with_user(self.user_manager).search(
                [("id", "in", record.ids)]
            )
            self.assertFalse(found, record)
        self.user_manager.company_ids += self.company_other
        self.assertTrue(
            score.with_user(self.user_manager)
            .with_context(allowed_company_ids=self.user_manager.company_ids.ids)
            .search([("id", "=", score.id)])
        )

    def test_persons_of_another_company_are_out_of_reach(self):
        self.partner.company_id = self.company_other
        self.run_inbox()
        scores = self.env["marketing.score"].with_user(self.user_marketing)
        self.assertFalse(scores.search([("id", "=", self.score.id)]))
