import sqlite3
import unittest
from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tools import SQL

from odoo.addons.email_marketing_crm.tools.segment_rules import (
    get_like_pattern,
    get_window,
)
from odoo.addons.email_marketing_crm.tools.segment_schedule import (
    SHORTEST_PERIOD,
    get_next_refresh,
)
from odoo.addons.email_marketing_crm.tools.segment_sets import (
    PersonSet,
    intersect_all,
    unite_all,
)

BERLIN = "Europe/Berlin"
EVERYBODY = frozenset(range(8))

persons = st.frozensets(st.sampled_from(sorted(EVERYBODY)))
#: A formula: a set of persons, or ("not", a), ("and", a, b), ("or", a, b).
formulas = st.recursive(
    persons,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=8,
)


def build_set(formula):
    """The formula as a `PersonSet`; leaves hold each person twice, as the log may."""
    if isinstance(formula, frozenset):
        rows = [SQL("SELECT %s AS person_id", person) for person in sorted(formula) * 2]
        rows.append(SQL("SELECT 0 AS person_id WHERE 1 = 0"))
        return PersonSet(SQL(" UNION ALL ").join(rows))
    operator, *operands = formula
    sets = [build_set(operand) for operand in operands]
    if operator == "not":
        return ~sets[0]
    return (intersect_all if operator == "and" else unite_all)(sets)


def evaluate(formula):
    """The formula by Python's own sets."""
    if isinstance(formula, frozenset):
        return formula
    operator, *operands = formula
    sets = [evaluate(operand) for operand in operands]
    if operator == "not":
        return EVERYBODY - sets[0]
    return sets[0] & sets[1] if operator == "and" else sets[0] | sets[1]


class TestSegmentSets(unittest.TestCase):
    @settings(max_examples=300, deadline=None)
    @given(formulas)
    def test_sql_answers_as_sets_do(self, formula):
        condition = build_set(formula).get_condition(SQL.identifier("p", "id"))
        database = sqlite3.connect(":memory:")
        self.addCleanup(database.close)
        database.execute("CREATE TABLE p (id int)")
        database.executemany("INSERT INTO p VALUES (?)", [(n,) for n in EVERYBODY])
        query = SQL("SELECT id FROM p WHERE %s", condition)
        found = database.execute(query.code.replace("%s", "?"), query.params)
        self.assertEqual({row[0] for row in found}, set(evaluate(formula)))

    def test_negations_are_anti_joins(self):
        clicked = PersonSet(SQL("SELECT person_id FROM clicks"))
        column = SQL("p.id")
        self.assertTrue((~clicked).get_condition(column).code.startswith("NOT EXISTS"))
        self.assertTrue(clicked.get_condition(column).code.startswith("p.id IN"))
        self.assertFalse((clicked & ~clicked).is_complement)
        self.assertTrue((clicked | ~clicked).is_complement)
        self.assertTrue((~clicked & ~clicked).is_complement)


moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1))
zones = st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Europe/Berlin"])


class TestSegmentSchedule(unittest.TestCase):
    @settings(max_examples=300, deadline=None)
    @given(
        moments,
        st.floats(min_value=0, max_value=3600),
        st.booleans(),
        st.integers(min_value=0, max_value=10**6),
        zones,
    )
    def test_next_refresh_is_later_and_within_a_day(
        self, now, cost, is_time_dependent, spread, zone
    ):
        following = get_next_refresh(now, cost, is_time_dependent, spread, zone)
        self.assertGreater(following, now)
        self.assertLessEqual(following - now, timedelta(days=1, hours=1))

    def test_period_follows_the_cost(self):
        now = datetime(2026, 3, 4, 10)
        self.assertEqual(get_next_refresh(now, 0.01, True) - now, SHORTEST_PERIOD)
        self.assertEqual(get_next_refresh(now, 6, True) - now, timedelta(minutes=10))

    def test_night_is_local(self):
        now = datetime(2026, 3, 4, 10)
        self.assertEqual(get_next_refresh(now, 1, False), datetime(2026, 3, 5, 2))
        self.assertEqual(
            get_next_refresh(now, 1, False, spread=190, timezone_name="Asia/Shanghai"),
            datetime(2026, 3, 4, 18, 10),
        )

    def test_expensive_segment_is_refreshed_every_night(self):
        now = datetime(2026, 3, 4, 10)
        self.assertEqual(get_next_refresh(now, 3600, True), datetime(2026, 3, 5, 2))


days = st.dates(min_value=date(2020, 1, 1), max_value=date(2039, 12, 31))


class TestSegmentRules(unittest.TestCase):
    @settings(max_examples=300, deadline=None)
    @given(moments, days, days, zones)
    def test_days_follow_one_another_without_a_gap(self, now, first, last, zone):
        first, last = sorted((first, last))
        following = last + timedelta(days=1)
        start, end = get_window("between", now, 0, first, last, zone)
        self.assertLess(start, end)
        next_start, open_end = get_window("between", now, 0, following, None, zone)
        self.assertEqual(next_start, end)
        self.assertIsNone(open_end)
        # A day has 23 to 25 hours.
        hours = (end - start).total_seconds() / 3600
        self.assertLessEqual(abs(hours - 24 * ((last - first).days + 1)), 1)

    def test_windows(self):
        now = datetime(2026, 3, 4, 10)
        self.assertEqual(get_window("ever", now, 7), (None, None))
        self.assertEqual(get_window("last", now, 7), (now - timedelta(days=7), None))
        self.assertEqual(
            get_window("between", now, 0, date(2026, 3, 29), date(2026, 3, 29), BERLIN),
            (datetime(2026, 3, 28, 23), datetime(2026, 3, 29, 22)),
        )
        with self.assertRaises(ValueError):
            get_window("never", now)

    @settings(max_examples=300, deadline=None)
    @given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=5))
    def test_pattern_finds_what_contains_the_text(self, before, text, after):
        """SQLite compares as PostgreSQL does, once it is told the escape sign."""
        if "\0" in before + text + after:
            return
        database = sqlite3.connect(":memory:")
        self.addCleanup(database.close)
        database.execute("PRAGMA case_sensitive_like = ON")
        pattern = get_like_pattern(text.replace("*", "\u2022"))
        haystack = before + text.strip().replace("*", "\u2022") + after
        [(found,)] = database.execute(
            "SELECT ? LIKE ? ESCAPE '\\'", [haystack, pattern]
        )
        self.assertTrue(found)

    def test_pattern(self):
        self.assertEqual(get_like_pattern(" /blog/*_a "), "%/blog/%\\_a%")
        self.assertEqual(get_like_pattern("100%"), "%100\\%%")
