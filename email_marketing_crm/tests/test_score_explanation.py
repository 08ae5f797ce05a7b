"""Scores: where the points of a person come from, in sentences."""

from datetime import timedelta

from odoo.tests import tagged

from .common import NOW
from .score_common import ANA, FormScoreCase


@tagged("post_install", "-at_install")
class TestExplanation(FormScoreCase):
    def test_the_explanation_sums_to_the_score(self):
        self.make_fit("Phone is known", [("phone", "!=", False)], 30)
        self.click.points = 7
        self.make_rule("replied", 11)
        self.make_rule("unsubscribed", -9)
        self.make_partner(ANA, phone="+351 1")
        for days, code in enumerate(
            ["clicked", "form", "replied", "clicked", "unsubscribed", "form"]
        ):
            self.happened(
                code, ANA, NOW + timedelta(days=days), reliability="human_confirmed"
            )
        for days in range(6, 60, 7):
            self.clock.move_to(NOW + timedelta(days=days))
            self.run_inbox()
            score = self.score_of(ANA)
            parts = self.env["marketing.score"]._explain(score.person_id.id)
            points = {"behaviour": 0, "fit": 0}
            for part in parts:
                points[part["kind"]] += part["points"]
            self.assertEqual(points, {"behaviour": score.score, "fit": 30})
            self.assertAlmostEqual(self.sum_of_lines(score) / score.value, 1)

    def test_the_explanation_is_in_sentences(self):
        self.make_fit("Phone is known", [("phone", "!=", False)], 30)
        self.make_partner(ANA, phone="+351 1")
        self.clicked(ANA)
        self.clicked(ANA)
        self.happened("form", ANA)
        self.run_inbox()
        sentences = [part["sentence"] for part in self.score_of(ANA)._get_explanation()]
        self.assertEqual(
            sentences,
            [
                "Form submitted: once, 20 points now, on 03/04/2026",
                "Link clicked: 2 times, 10 points now, last on 03/04/2026",
                "Phone is known: +30",
            ],
        )
        self.assertEqual(
            self.env["marketing.score.line"].search_count(
                self.score_of(ANA).action_explain()["domain"]
            ),
            3,
        )

    def test_rules_that_are_worth_nothing_any_more_are_left_out(self):
        """A year later a click is worth nothing; the form still is."""
        self.clicked(ANA)
        self.run_inbox()
        self.clock.move_to(NOW + timedelta(days=400))
        self.happened("form", ANA, NOW + timedelta(days=400))
        self.run_inbox()
        score = self.score_of(ANA)
        self.assertEqual(len(score.line_ids), 2)
        parts = score._get_explanation()
        self.assertEqual([part["label"] for part in parts], ["Form submitted"])
        lines = self.env["marketing.score.line"].search(
            score.action_explain()["domain"]
        )
        self.assertEqual(lines.rule_id, self.form)
        self.assertEqual(score.told_line_ids, lines)

    def test_a_rule_that_a_limit_keeps_from_points_says_so(self):
        first = self.make_fit("Phone is known", [("phone", "!=", False)], 100)
        second = self.make_fit("City is known", [("city", "!=", False)], 30)
        self.model.fit_maximum = 100
        self.make_partner(ANA, phone="+351 1", city="Lisbon")
        self.click.maximum = 5
        other = self.make_rule("clicked", 3)
        other.group_id = self.click.group_id = self.env["marketing.score.group"].create(
            {"name": "Web", "model_id": self.model.id, "maximum": 5}
        )
        self.clicked(ANA)
        self.run_inbox()
        score = self.score_of(ANA)
        capped = "%s: no points, because a limit of points was reached"
        told = {line.rule_id: line.sentence for line in score.told_line_ids}
        self.assertEqual(told.keys(), {first, second, self.click, other})
        self.assertEqual(told[first], "Phone is known: +100")
        self.assertEqual(told[second], capped % "City is known")
        self.assertNotIn("limit", told[self.click])
        self.assertEqual(told[other], capped % other.display_name)

    def test_points_of_deleted_rules_are_explained(self):
        self.clicked(ANA)
        self.happened("form", ANA)
        self.run_inbox()
        self.form.unlink()
        parts = self.score_of(ANA)._get_explanation()
        self.assertEqual([part["points"] for part in parts], [20, 5])
        self.assertEqual(parts[0]["label"], "Rules that no longer exist")
        self.assertTrue(self.model.is_stale)
        self.model.action_recompute()
        self.run_inbox()
        parts = self.score_of(ANA)._get_explanation()
        self.assertEqual([part["points"] for part in parts], [5])

    def test_nobody_has_nothing_to_explain(self):
        self.make_partner(ANA)
        self.assertEqual(
            self.env["marketing.score"]._explain(self.person_of(ANA).id), []
        )
