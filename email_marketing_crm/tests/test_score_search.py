"""Scores: lists are searched, filtered and sorted by points and grades."""

from datetime import timedelta

from odoo.tests import tagged

from .common import NOW
from .score_common import ANA, BO, FormScoreCase


@tagged("post_install", "-at_install")
class TestSearch(FormScoreCase):
    def test_search_by_points(self):
        for number in range(1, 6):
            for _time in range(number):
                self.happened("form", f"p{number}@pumps.example")
        self.run_inbox()
        scores = self.env["marketing.score"]
        mine = [("model_id", "=", self.model.id)]

        def found(*condition):
            return sorted(
                int(score.score) for score in scores.search([*mine, condition])
            )

        self.assertEqual(found("score", ">=", 60), [60, 80, 100])
        self.assertEqual(found("score", ">", 60), [80, 100])
        self.assertEqual(found("score", "<", 60), [20, 40])
        self.assertEqual(found("score", "<=", 60), [20, 40, 60])
        self.assertEqual(found("score", "=", 60), [60])
        self.assertEqual(found("score", "!=", 60), [20, 40, 80, 100])
        self.assertEqual(found("score", "in", [20, 80, 7]), [20, 80])
        self.assertEqual(found("score", "=", False), [])
        self.assertEqual(found("score", ">=", 59.2), [60, 80, 100])
        self.clock.move_to(NOW + timedelta(days=30))
        self.env.invalidate_all()
        self.assertEqual(found("score", ">=", 30), [30, 40, 50])

    def test_search_agrees_with_filtering(self):
        for number in range(1, 9):
            self.happened(
                "form",
                f"p{number}@pumps.example",
                NOW - timedelta(days=11 * number),
            )
        self.run_inbox()
        self.clock.move_to(NOW + timedelta(days=3, hours=5))
        scores = self.env["marketing.score"].search([("model_id", "=", self.model.id)])
        for points in range(0, 25):
            for operator in ("=", "!=", ">", ">=", "<", "<="):
                domain = [("score", operator, points)]
                self.assertEqual(
                    scores.filtered_domain(domain),
                    scores.search([("id", "in", scores.ids), *domain]),
                    domain,
                )

    def test_half_life_may_change_while_scores_are_stored(self):
        """What is stored with the former half-life stays right until recomputed."""
        self.happened("form", ANA)
        self.run_inbox()
        self.model.half_life_days = 60
        self.assertEqual(self.points_of(ANA), 20)
        scores = self.env["marketing.score"]
        mine = [("model_id", "=", self.model.id)]
        self.assertEqual(scores.search_count([*mine, ("score", ">=", 20)]), 1)
        self.assertEqual(scores.search_count([*mine, ("score", ">=", 21)]), 0)
        self.clock.move_to(NOW + timedelta(days=60))
        self.clicked(ANA)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 15)

    def test_lists_sort_by_score(self):
        emails = [f"p{number}@pumps.example" for number in range(1, 5)]
        partners = self.env["res.partner"]
        for number, email in enumerate(emails, 1):
            partners += self.make_partner(email, name=f"Person {number}")
            for _time in range(number):
                self.happened("form", email)
        stranger = self.make_partner("stranger@pumps.example", name="Stranger")
        self.happened("form", "p3@pumps.example", NOW - timedelta(days=1))
        self.run_inbox()
        domain = [("id", "in", (partners + stranger).ids)]
        self.assertEqual(
            partners.search(domain, order="marketing_score desc, id"),
            partners[3] + partners[2] + partners[1] + partners[0] + stranger,
        )
        self.assertEqual(
            partners.search([*domain, ("marketing_score", ">=", 60)]),
            partners[2] + partners[3],
        )
        lead = self.make_lead(emails[3])
        self.assertEqual(lead.marketing_score, 80)
        self.assertEqual(
            self.env["crm.lead"].search(
                [("id", "=", lead.id), ("marketing_score", ">", 79)]
            ),
            lead,
        )

    def test_lists_are_sortable_for_the_client(self):
        for model, name in (
            ("marketing.score", "score"),
            ("res.partner", "marketing_score"),
            ("crm.lead", "marketing_score"),
            ("res.partner", "marketing_grade"),
        ):
            field = self.env[model].fields_get([name], ["sortable", "searchable"])
            self.assertTrue(field[name]["sortable"], (model, name))
            self.assertTrue(field[name]["searchable"], (model, name))

    def test_sorting_by_grade(self):
        self.make_fit("Phone", [("phone", "!=", False)], 100)
        good = self.make_partner(ANA, phone="+351 1")
        bad = self.make_partner(BO)
        self.run_inbox()
        self.assertEqual((good.marketing_grade, bad.marketing_grade), ("A", "F"))
        found = good.search([("id", "in", (good + bad).ids)], order="marketing_grade")
        self.assertEqual(found, good + bad)
        self.assertEqual(
            good.search(
                [("id", "in", (good + bad).ids), ("marketing_grade", "in", ["A", "B"])]
            ),
            good,
        )
