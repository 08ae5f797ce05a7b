"""Which rules touchpoints and persons fulfil, without a database."""

import unittest
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.decay import Clock, Limits, Rule
from odoo.addons.email_marketing_crm.tools.reliability import RANK
from odoo.addons.email_marketing_crm.tools.score_rules import (
    BehaviourRule,
    Bounds,
    FitRule,
    LogRow,
    Scheme,
)

NOW = datetime(2026, 3, 4)
OPENED, CLICKED, SENT = 1, 2, 3
LIKELY = RANK["human_likely"]


def make_scheme(behaviour=(), fit=(), groups=None, **values):
    return Scheme(
        **{
            "model_id": 1,
            "clock": Clock(NOW, 30),
            "limits": Limits(100, groups or {}),
            "fit_maximum": 100,
            "bounds": Bounds(80, 60, 40, 20),
            "behaviour": tuple(behaviour),
            "fit": tuple(fit),
        }
        | values
    )


def row(number, type_id, reliability="human_likely", mailing=None, company=None):
    date = NOW + timedelta(minutes=number)
    return LogRow(9, number, type_id, date, reliability, mailing, company)


class TestMatch(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.any_click = BehaviourRule(Rule(1, 5), CLICKED, None, LIKELY)
        self.news_click = BehaviourRule(Rule(2, 10), CLICKED, 77, LIKELY)
        self.any_open = BehaviourRule(Rule(3, 1), OPENED, None, RANK["unknown"])
        self.scheme = make_scheme([self.any_click, self.news_click, self.any_open])

    def match(self, *rows, scheme=None):
        scheme = scheme or self.scheme
        hits = scheme.match(scheme.select(rows)).get(9, [])
        return [(hit.touchpoint_id, [rule.id for rule in hit.rules]) for hit in hits]

    def test_a_touchpoint_may_fulfil_several_rules(self):
        self.assertEqual(
            self.match(row(1, CLICKED), row(2, CLICKED, mailing=77)),
            [(1, [1]), (2, [1, 2])],
        )

    def test_machines_bring_no_points(self):
        self.assertEqual(
            self.match(
                row(1, CLICKED, "security_scan"),
                row(2, CLICKED, "unknown"),
                row(3, OPENED, "unknown"),
                row(4, OPENED, "machine_open"),
                row(5, OPENED, "a class of tomorrow"),
            ),
            [(3, [3])],
        )

    def test_types_without_rule_are_left_out(self):
        self.assertEqual(self.scheme.select([row(1, SENT)]), [])
        self.assertEqual(self.scheme.type_ids, [OPENED, CLICKED])

    def test_events_of_another_company_do_not_count(self):
        scheme = make_scheme([self.any_click], company_id=5)
        rows = [row(1, CLICKED), row(2, CLICKED, company=5), row(3, CLICKED, company=6)]
        self.assertEqual(self.match(*rows, scheme=scheme), [(1, [1]), (2, [1])])


class TestFit(unittest.TestCase):
    def test_grades_by_percent_of_the_best_fit(self):
        scheme = make_scheme(
            fit=[FitRule(Rule(1, 10), "res.partner", "[]")], fit_maximum=50
        )
        grades = {fit: scheme.grade(fit) for fit in (50, 40, 39, 30, 20, 10, 9, 0, -5)}
        self.assertEqual("".join(grades.values()), "AABBCDFFF")

    def test_no_fit_rules_no_grade(self):
        self.assertIsNone(make_scheme().grade(0))

    def test_one_fact_on_two_records_counts_once(self):
        scheme = make_scheme(
            fit=[
                FitRule(Rule(1, 30, group_id=4), "res.partner", "[]"),
                FitRule(Rule(2, 30, group_id=4), "crm.lead", "[]"),
            ],
            groups={4: 30},
        )
        self.assertEqual(scheme.grant_fit({1, 2}), {1: 30, 2: 0})
        self.assertEqual(scheme.grant_fit({2}), {2: 30})

    def test_deductions_count_against_what_is_too_much(self):
        rules = [
            FitRule(Rule(1, 80), "res.partner", "[]"),
            FitRule(Rule(2, 50), "res.partner", "[]"),
            FitRule(Rule(3, -30), "res.partner", "[]"),
        ]
        granted = make_scheme(fit=rules).grant_fit({1, 2, 3})
        self.assertEqual(sum(granted.values()), 100)

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(
            st.tuples(
                st.integers(-100, 100),
                st.integers(0, 80),
                st.sampled_from([None, 4, 5]),
            ),
            max_size=12,
        )
    )
    def test_never_beyond_the_limits(self, rules):
        scheme = make_scheme(
            fit=[
                FitRule(Rule(number, *values), "res.partner", "[]")
                for number, values in enumerate(rules, 1)
            ],
            groups={4: 30, 5: 0},
        )
        granted = scheme.grant_fit(range(1, len(rules) + 1))
        self.assertLessEqual(abs(sum(granted.values())), 100)
        in_group = [granted[n] for n, rule in enumerate(rules, 1) if rule[2] == 4]
        self.assertLessEqual(abs(sum(in_group)), 30)
        for number, (_points, maximum, _group) in enumerate(rules, 1):
            if maximum:
                self.assertLessEqual(abs(granted[number]), maximum)


class TestThreshold(unittest.TestCase):
    def test_is_reached_when_it_is_shown(self):
        limit = make_scheme(threshold=50).threshold_value(NOW)
        self.assertLess(49.4, limit)
        self.assertLessEqual(limit, 49.5)

    def test_none(self):
        self.assertIsNone(make_scheme().threshold_value(NOW))
