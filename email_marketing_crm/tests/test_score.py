"""Scores: what people do and are becomes points, a grade and an explanation."""

from datetime import timedelta

from psycopg2 import errors

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..hooks import post_init_hook
from .common import NOW, MarketingCase

ANA = "ana@pumps.example"
BO = "bo@valves.example"


class ScoreCase(MarketingCase):
    """One primary model of our own, so that the shipped one may change."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["marketing.score.model"].search([]).active = False
        cls.types = {
            record.code: record
            for record in cls.env["marketing.touchpoint.type"].search([])
        }
        cls.model = cls.make_model()
        cls.click = cls.make_rule("clicked", 5)
        cls.env.cr.precommit.run()
        cls.env.cr.execute("DELETE FROM marketing_inbox")

    @classmethod
    def make_model(cls, **values):
        values = {"name": "Buyers", "sequence": 1, "half_life_days": 30} | values
        return cls.env["marketing.score.model"].create(values)

    @classmethod
    def make_rule(cls, code, points, model=None, **values):
        return cls.env["marketing.score.rule"].create(
            {
                "model_id": (model or cls.model).id,
                "kind": "behaviour",
                "type_id": cls.types[code].id,
                "points": points,
                **values,
            }
        )

    @classmethod
    def make_fit(cls, name, domain, points, record_model="res.partner", **values):
        return cls.env["marketing.score.rule"].create(
            {
                "model_id": cls.model.id,
                "kind": "fit",
                "name": name,
                "record_model": record_model,
                "domain": repr(domain),
                "points": points,
                **values,
            }
        )

    def clicked(self, email, date=None, **values):
        values = {"reliability": "human_confirmed"} | values
        self.happened("clicked", email, date=date, **values)

    def score_of(self, email, model=None):
        self.env.invalidate_all()
        return self.env["marketing.score"].search(
            [
                ("person_id.email_normalized", "=", email),
                ("model_id", "=", (model or self.model).id),
            ]
        )

    def points_of(self, email, model=None):
        return self.score_of(email, model).score

    def sum_of_lines(self, score):
        return sum(score.line_ids.mapped("value"))


@tagged("post_install", "-at_install")
class TestBehaviour(ScoreCase):
    def test_events_bring_points(self):
        self.make_rule("form", 20)
        self.clicked(ANA)
        self.clicked(ANA)
        self.happened("form", ANA)
        self.happened("delivered", ANA)
        self.clicked(BO)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 30)
        self.assertEqual(self.points_of(BO), 5)

    def test_points_fade_by_half_in_a_half_life(self):
        self.make_rule("form", 40)
        self.happened("form", ANA)
        self.run_inbox()
        for days, points in ((0, 40), (30, 20), (60, 10), (90, 5), (300, 0)):
            self.clock.move_to(NOW + timedelta(days=days))
            self.assertEqual(self.points_of(ANA), points, f"after {days} days")

    def test_machines_bring_no_points(self):
        self.clicked(ANA, reliability="security_scan")
        self.clicked(ANA, reliability="unknown")
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 0)

    def test_a_rule_may_count_less_certain_events(self):
        self.click.minimum_reliability = "unknown"
        self.clicked(ANA, reliability="unknown")
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 5)

    def test_a_rule_may_look_at_one_mailing(self):
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Spring news",
                "mailing_model_id": self.env["ir.model"]._get_id("mailing.contact"),
            }
        )
        self.make_rule("clicked", 7, mailing_id=mailing.id)
        self.clicked(ANA)
        self.clicked(BO, mailing_id=mailing.id)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 5)
        self.assertEqual(self.points_of(BO), 12)

    def test_limit_of_a_rule(self):
        self.click.maximum = 12
        for minute in range(5):
            self.clicked(ANA, NOW + timedelta(minutes=minute))
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 12)
        self.assertEqual(self.score_of(ANA).line_ids.hits, 5)

    def test_a_limit_gives_again_what_faded(self):
        self.click.maximum = 10
        for minute in range(2):
            self.clicked(ANA, NOW + timedelta(minutes=minute))
        self.run_inbox()
        self.clock.move_to(NOW + timedelta(days=30))
        self.clicked(ANA)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 10)

    def test_limit_shared_by_rules(self):
        group = self.env["marketing.score.group"].create(
            {"model_id": self.model.id, "name": "Reading", "maximum": 8}
        )
        self.click.group_id = group
        self.make_rule("replied", 6, group_id=group.id)
        self.make_rule("form", 20)
        self.clicked(ANA)
        self.happened("replied", ANA)
        self.happened("form", ANA)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 28)

    def test_limit_of_the_model(self):
        self.model.maximum = 30
        self.make_rule("form", 20)
        self.happened("form", ANA)
        self.happened("form", ANA)
        self.run_inbox()
        score = self.score_of(ANA)
        self.assertEqual(score.score, 30)
        self.assertAlmostEqual(self.sum_of_lines(score) / score.value, 1)

    def test_no_limit(self):
        self.model.maximum = 0
        self.make_rule("form", 90)
        self.happened("form", ANA)
        self.happened("form", ANA)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 180)

    def test_negative_points(self):
        self.make_rule("unsubscribed", -20)
        self.clicked(ANA)
        self.happened("unsubscribed", ANA)
        self.happened("unsubscribed", BO)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), -15)
        self.assertEqual(self.points_of(BO), -20)

    def test_an_event_that_arrives_late_counts_where_it_belongs(self):
        """A limit makes the order matter: late must be as if it had been in time."""
        self.click.write({"points": 8, "maximum": 10})
        self.clicked(ANA, NOW)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 8)
        self.clicked(ANA, NOW - timedelta(days=30))
        self.run_inbox()
        self.clock.move_to(NOW)
        score = self.score_of(ANA)
        # 8 faded to 4 when the second click came: it had room for 6.
        self.assertEqual(score.score, 10)
        self.assertEqual(score.line_ids.hits, 2)
        self.assertEqual(score.last_date, NOW)

    def test_taking_a_batch_again_changes_nothing(self):
        self.clicked(ANA)
        self.run_inbox()
        before = self.score_of(ANA).value
        person = self.person_of(ANA)
        self.env.cr.execute(
            """
            INSERT INTO marketing_inbox (person_id, touchpoint_id, kind, due, attempts)
            SELECT person_id, id, 'touchpoint', %s, 0 FROM marketing_touchpoint
             WHERE person_id = %s
            """,
            [NOW, person.id],
        )
        self.run_inbox()
        self.assertEqual(self.score_of(ANA).value, before)
        self.assertEqual(self.score_of(ANA).line_ids.hits, 1)

    def test_a_click_found_out_as_a_scan_loses_its_points(self):
        self.clicked(ANA)
        self.run_inbox()
        person = self.person_of(ANA)
        self.env.cr.execute(
            "UPDATE marketing_touchpoint SET reliability = 'security_scan'"
            " WHERE person_id = %s",
            [person.id],
        )
        self.env["marketing.inbox"]._push([person.id], "rebuild")
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 0)
        self.assertFalse(self.score_of(ANA).line_ids)

    def test_merged_persons_have_the_sum_of_their_events(self):
        for email in (ANA, BO):
            self.clicked(email)
        self.run_inbox()
        ana, bo = self.person_of(ANA), self.person_of(BO)
        bo._merge_into(ana)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 10)
        self.assertFalse(self.score_of(BO))
        self.assertEqual(ana.score_id, self.score_of(ANA))
        self.assertFalse(bo.score_id)

    def test_an_event_of_a_person_that_is_gone_stops_nobody(self):
        person = self.person_of(self.make_partner(BO).email)
        self.run_inbox()
        self.env.cr.execute("DELETE FROM marketing_person WHERE id = %s", [person.id])
        self.env["marketing.inbox"]._push([person.id], "rebuild")
        self.clicked(ANA)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 5)

    def test_two_models_side_by_side(self):
        other = self.make_model(name="Fans", sequence=2)
        self.make_rule("clicked", 1, model=other)
        self.clicked(ANA)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 5)
        self.assertEqual(self.points_of(ANA, other), 1)
        self.assertEqual(self.person_of(ANA).score_id, self.score_of(ANA))

    def test_archived_models_and_rules_do_not_count(self):
        rule = self.make_rule("clicked", 50)
        rule.active = False
        other = self.make_model(name="Fans", sequence=2, active=False)
        self.make_rule("clicked", 1, model=other)
        self.clicked(ANA)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 5)
        self.assertFalse(self.score_of(ANA, other))


@tagged("post_install", "-at_install")
class TestThreshold(ScoreCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model.threshold = 20
        cls.form = cls.make_rule("form", 20)

    def crossings(self, email=ANA):
        return len(self.touchpoints_of(email, "score_threshold"))

    def test_reaching_it_is_an_event(self):
        self.clicked(ANA)
        self.run_inbox()
        self.assertEqual(self.crossings(), 0)
        self.happened("form", ANA)
        self.run_inbox()
        self.assertEqual(self.crossings(), 1)
        touchpoint = self.env["marketing.touchpoint"].search(
            [("type_id.code", "=", "score_threshold")]
        )
        self.assertEqual(touchpoint.data, {"score": 25, "threshold": 20})
        self.happened("form", ANA)
        self.run_inbox()
        self.assertEqual(self.crossings(), 1)

    def test_again_after_falling_below(self):
        self.happened("form", ANA)
        self.run_inbox()
        self.clock.move_to(NOW + timedelta(days=30))
        self.happened("form", ANA)
        self.run_inbox()
        self.assertEqual(self.crossings(), 2)

    def test_a_late_event_may_reach_it(self):
        self.clicked(ANA, NOW)
        self.run_inbox()
        self.happened("form", ANA, NOW - timedelta(hours=1))
        self.run_inbox()
        self.assertEqual(self.crossings(), 1)

    def test_a_rebuild_alone_is_no_event(self):
        self.happened("form", ANA)
        self.run_inbox()
        self.form.points = 100
        self.model.threshold = 60
        self.model.action_recompute()
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 100)
        self.assertEqual(self.crossings(), 1)

    def test_an_event_during_a_rebuild_still_counts(self):
        self.clicked(ANA)
        self.run_inbox()
        self.model.action_recompute()
        self.happened("form", ANA)
        self.run_inbox()
        self.assertEqual(self.crossings(), 1)


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


@tagged("post_install", "-at_install")
class TestReading(ScoreCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model.maximum = 0
        cls.form = cls.make_rule("form", 20)

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


@tagged("post_install", "-at_install")
class TestModel(ScoreCase):
    def test_recompute_applies_new_rules_to_the_past(self):
        self.clicked(ANA)
        self.run_inbox()
        self.model.is_stale = False
        self.click.points = 8
        self.assertTrue(self.model.is_stale)
        self.assertEqual(self.points_of(ANA), 5)
        self.model.action_recompute()
        self.assertFalse(self.model.is_stale)
        self.assertGreaterEqual(self.model.recompute_waiting, 1)
        self.run_inbox()
        self.model.invalidate_recordset()
        self.assertEqual(self.model.recompute_waiting, 0)
        self.assertEqual(self.points_of(ANA), 8)

    def test_recompute_twice_queues_once(self):
        self.clicked(ANA)
        self.run_inbox()
        self.model.action_recompute()
        waiting = self.model.recompute_waiting
        self.model.action_recompute()
        self.model.invalidate_recordset()
        self.assertEqual(self.model.recompute_waiting, waiting)

    def test_recompute_grades_persons_without_events(self):
        self.make_partner(ANA, phone="+351 1")
        self.run_inbox()
        self.assertFalse(self.score_of(ANA))
        self.make_fit("Phone", [("phone", "!=", False)], 100)
        self.model.action_recompute()
        self.run_inbox()
        self.assertEqual(self.score_of(ANA).grade, "A")

    def test_contacts_from_before_the_installation_are_graded(self):
        self.make_fit("Phone", [("phone", "!=", False)], 100)
        self.make_partner(ANA, phone="+351 1")
        self.env.cr.precommit.run()
        self.env.cr.execute("DELETE FROM marketing_inbox")
        post_init_hook(self.env)
        self.run_inbox()
        self.assertEqual(self.score_of(ANA).grade, "A")

    def test_labels_outdate_nothing(self):
        self.model.is_stale = False
        self.click.name = "Clicked"
        self.model.name = "Buyers of pumps"
        self.assertFalse(self.model.is_stale)
        self.click.maximum = 50
        self.assertTrue(self.model.is_stale)

    def test_archived_models_cannot_be_recomputed(self):
        self.model.active = False
        with self.assertRaisesRegex(UserError, "Activate Buyers first"):
            self.model.action_recompute()

    def test_another_primary_model_takes_over(self):
        self.make_partner(ANA)
        self.clicked(ANA)
        self.run_inbox()
        other = self.make_model(name="Fans", sequence=5, active=False)
        self.make_rule("clicked", 1, model=other)
        other.active = True
        self.assertTrue(self.model.is_primary)
        other.sequence = 0
        self.assertEqual(self.model._get_primary(), other.id)
        self.assertTrue(other.is_primary)
        self.run_inbox()
        self.assertEqual(self.person_of(ANA).score_id.model_id, other)
        self.assertEqual(self.person_of(ANA).score, 1)

    def test_without_active_model_nobody_has_a_score(self):
        self.clicked(ANA)
        self.run_inbox()
        self.model.active = False
        self.assertFalse(self.model._get_primary())
        self.assertFalse(self.person_of(ANA).score_id)

    def test_a_copy_is_an_archived_draft_with_its_own_limits(self):
        group = self.env["marketing.score.group"].create(
            {"model_id": self.model.id, "name": "Reading", "maximum": 8}
        )
        self.click.group_id = group
        copy = self.model.copy()
        self.assertFalse(copy.active)
        self.assertEqual(copy.rule_ids.type_id, self.types["clicked"])
        self.assertEqual(copy.rule_ids.group_id, copy.group_ids)
        self.assertNotEqual(copy.group_ids, group)

    def test_a_model_in_use_is_not_deleted(self):
        with self.assertRaisesRegex(UserError, "Archive a score model"):
            self.model.unlink()
        self.model.active = False
        self.model.unlink()

    @mute_logger("odoo.sql_db")
    def test_settings_that_make_no_sense_are_refused(self):
        for values in (
            {"half_life_days": 6},
            {"threshold": 101},
            {"grade_b": 90},
            {"grade_d": 0},
            {"fit_maximum": 0},
            {"maximum": -1},
        ):
            with (
                self.assertRaises(errors.CheckViolation, msg=values),
                self.env.cr.savepoint(),
            ):
                self.model.write(values)
                self.env.flush_all()

    def test_a_score_gives_no_points_for_its_threshold(self):
        with self.assertRaisesRegex(ValidationError, "reaching its threshold"):
            self.make_rule("score_threshold", 5)

    def test_limits_of_another_model_are_refused(self):
        other = self.make_model(name="Fans", sequence=5)
        group = self.env["marketing.score.group"].create(
            {"model_id": other.id, "name": "Reading", "maximum": 8}
        )
        with self.assertRaisesRegex(ValidationError, "another score model"):
            self.click.group_id = group

    def test_numbers_of_the_form_open_what_they_count(self):
        self.model.threshold = 10
        self.make_fit("Phone", [("phone", "!=", False)], 100)
        self.make_partner(ANA, phone="+351 1")
        self.make_partner(BO)
        for _time in range(2):
            self.clicked(ANA)
        self.run_inbox()
        self.model.invalidate_recordset()
        model = self.model
        for context, count in (
            ({}, model.count_all),
            ({"grade": "A"}, model.count_a),
            ({"grade": "F"}, model.count_f),
            ({"reached": True}, model.count_reached),
        ):
            action = model.with_context(**context).action_view_scores()
            found = self.env["marketing.score"].search_count(action["domain"])
            self.assertEqual(found, count, context)
        self.assertEqual((model.count_a, model.count_f), (1, 1))
        self.assertEqual(model.count_reached, 1)

    def test_a_draft_is_tried_before_it_is_activated(self):
        self.clicked(ANA)
        self.clicked(BO)
        self.happened("form", BO)
        self.run_inbox()
        draft = self.model.copy({"threshold": 20})
        self.make_rule("form", 20, model=draft)
        message = draft.action_preview()["params"]["message"]
        self.assertIn("at the threshold", message)
        self.assertFalse(self.score_of(BO, draft))

    def test_the_shipped_model_scores(self):
        shipped = self.env.ref("email_marketing_crm.score_model_default")
        shipped.active = True
        self.env["res.partner"].create(
            {
                "name": "Pumps Lda",
                "is_company": True,
                "child_ids": [
                    Command.create(
                        {"name": "Ana", "email": ANA, "phone": "1", "function": "CEO"}
                    )
                ],
            }
        )
        self.happened("replied", ANA)
        self.happened("form", ANA)
        self.happened("download", ANA)
        self.run_inbox()
        score = self.score_of(ANA, shipped)
        self.assertEqual(score.score, 50)
        self.assertEqual((score.fit, score.grade), (80, "A"))
        self.assertIn("score_threshold", self.touchpoints_of(ANA))


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
