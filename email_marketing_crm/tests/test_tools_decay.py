"""Properties of the decay: what no order of arrival and no limit may break."""

import random
import unittest
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.decay import (
    MIN_HALF_LIFE_DAYS,
    REFERENCE_YEARS,
    Clock,
    Hit,
    Limits,
    Rule,
    State,
    apply_hits,
    is_late,
    round_to_sum,
    trim,
    whole,
)

CREATED = datetime(2026, 1, 1)
REFERENCE = CREATED + timedelta(days=365.25 * REFERENCE_YEARS)
CLICK = Rule(1, 5, maximum=12, group_id=7)
OPEN = Rule(2, 1, group_id=7)
FORM = Rule(3, 20, maximum=50)
LEFT = Rule(4, -20, maximum=30)
RULES = (CLICK, OPEN, FORM, LEFT)
GROUP_OF = {rule.id: rule.group_id for rule in RULES}
LIMITS = Limits(maximum=60, groups={7: 14})

#: A busy machine draws slowly; that is no finding.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

clocks = st.builds(Clock, st.just(REFERENCE), st.integers(MIN_HALF_LIFE_DAYS, 400))
dates = st.integers(0, 400 * 86400).map(lambda s: CREATED + timedelta(seconds=s))
logs = st.lists(
    st.tuples(dates, st.lists(st.sampled_from(RULES), min_size=1, max_size=3)),
    max_size=40,
).map(
    lambda items: sorted(
        Hit(date, number, tuple(rules)) for number, (date, rules) in enumerate(items)
    )
)


def score(clock, hits):
    state = State()
    apply_hits(state, hits, clock, LIMITS, GROUP_OF)
    return state


def same(first, second, clock, at):
    """Whether two states are worth the same, to the rounding of a double."""
    scale = 100 * clock.weight(at)
    return abs(first.value - second.value) <= 1e-9 * scale and all(
        abs(first.parts[key].value - second.parts[key].value) <= 1e-9 * scale
        and first.parts[key].hits == second.parts[key].hits
        and first.parts[key].last_date == second.parts[key].last_date
        for key in first.parts.keys() | second.parts.keys()
    )


class TestDecay(unittest.TestCase):
    def test_half_after_one_half_life(self):
        clock = Clock(REFERENCE, 30)
        state = score(clock, [Hit(CREATED, 1, (FORM,))])
        for half_lives, points in ((0, 20), (1, 10), (2, 5), (3, 2.5)):
            date = CREATED + timedelta(days=30 * half_lives)
            self.assertAlmostEqual(clock.points(state.value, date), points)

    @patient
    @given(clocks, logs, dates)
    def test_points_halve_in_one_half_life(self, clock, hits, date):
        value = score(clock, hits).value
        later = date + timedelta(days=clock.half_life_days)
        now, then = clock.points(value, date), clock.points(value, later)
        self.assertLessEqual(abs(then - now / 2), 1e-9 * abs(now))

    @patient
    @given(clocks, logs, st.randoms(use_true_random=False))
    def test_the_order_of_arrival_changes_nothing(self, clock, hits, rng):
        """What comes late is applied by starting again, as the workers do."""
        whole_log = score(clock, hits)
        arriving = list(hits)
        rng.shuffle(arriving)
        state, known = State(), []
        while arriving:
            size = rng.randint(1, 7)
            batch, arriving = sorted(arriving[:size]), arriving[size:]
            known += batch
            if any(is_late(state, hit.date, hit.touchpoint_id) for hit in batch):
                state = score(clock, sorted(known))
            else:
                apply_hits(state, batch, clock, LIMITS, GROUP_OF)
        at = hits[-1].date if hits else CREATED
        self.assertTrue(same(state, whole_log, clock, at))

    @patient
    @given(clocks, logs)
    def test_no_sum_is_ever_beyond_its_limit(self, clock, hits):
        state = State()
        for hit in hits:
            apply_hits(state, [hit], clock, LIMITS, GROUP_OF)
            slack = 1e-6
            self.assertLessEqual(
                abs(clock.points(state.value, hit.date)), LIMITS.maximum + slack
            )
            group = 0.0
            for rule in RULES:
                part = state.parts.get(rule.id)
                points = clock.points(part.value, hit.date) if part else 0
                if rule.maximum:
                    self.assertLessEqual(abs(points), rule.maximum + slack)
                group += points if rule.group_id == 7 else 0
            self.assertLessEqual(abs(group), LIMITS.groups[7] + slack)

    @patient
    @given(clocks, logs)
    def test_parts_sum_to_the_value(self, clock, hits):
        state = score(clock, hits)
        parts = sum(part.value for part in state.parts.values())
        scale = 100 * clock.weight(hits[-1].date if hits else CREATED)
        self.assertLessEqual(abs(parts - state.value), 1e-9 * scale)

    @patient
    @given(
        st.integers(MIN_HALF_LIFE_DAYS, 3650),
        st.integers(-5 * 365, 20 * 366),
        st.integers(-1000, 1000),
    )
    def test_twenty_years_fit_in_a_double(self, half_life, day, points):
        clock = Clock(REFERENCE, half_life)
        date = CREATED + timedelta(days=day)
        value = points * clock.weight(date)
        self.assertAlmostEqual(clock.points(value, date), points)

    def test_the_end_of_time_is_no_error(self):
        clock = Clock(REFERENCE, MIN_HALF_LIFE_DAYS)
        for date in (datetime(1, 1, 1), datetime(9999, 12, 31)):
            self.assertGreater(clock.weight(date), 0)
            self.assertLess(1000 * clock.weight(date), float("inf"))

    def test_limits_give_again_what_faded(self):
        clock = Clock(REFERENCE, 30)
        hits = [Hit(CREATED, number, (CLICK,)) for number in range(5)]
        state = score(clock, hits)
        self.assertAlmostEqual(clock.points(state.value, CREATED), 12)
        later = CREATED + timedelta(days=30)
        apply_hits(state, [Hit(later, 9, (CLICK,))], clock, LIMITS, GROUP_OF)
        self.assertAlmostEqual(clock.points(state.value, later), 11)
        self.assertEqual(state.parts[CLICK.id].hits, 6)

    def test_negative_points_stop_at_minus_the_limit(self):
        clock = Clock(REFERENCE, 30)
        state = score(clock, [Hit(CREATED, number, (LEFT,)) for number in range(3)])
        self.assertAlmostEqual(clock.points(state.value, CREATED), -30)

    def test_the_same_moment_goes_by_the_number_of_the_event(self):
        state = State(last=(CREATED, 5))
        self.assertTrue(is_late(state, CREATED, 4))
        self.assertTrue(is_late(state, CREATED, 5))
        self.assertFalse(is_late(state, CREATED, 6))
        self.assertFalse(is_late(State(), CREATED, 1))

    def test_no_limit(self):
        self.assertEqual(trim(1000, 5000, 0), 1000)
        self.assertEqual(trim(10, 95, 100), 5)
        self.assertEqual(trim(-10, -95, 100), -5)
        self.assertEqual(trim(10, 120, 100), 0)

    @patient
    @given(st.lists(st.floats(-200, 200), max_size=12))
    def test_rounded_parts_sum_to_the_rounded_total(self, parts):
        total = whole(sum(parts))
        rounded = round_to_sum(parts, total)
        self.assertEqual(sum(rounded), total)
        for part, number in zip(parts, rounded, strict=True):
            self.assertLess(abs(part - number), 1 + 1e-9)

    def test_rounding_refuses_another_total(self):
        with self.assertRaises(ValueError):
            round_to_sum([1.0, 2.0], 9)

    def test_whole_goes_up_at_half(self):
        self.assertEqual([whole(x) for x in (0.5, 1.5, -0.5, 49.4)], [1, 2, 0, 49])

    def test_a_random_log_is_cheap(self):
        rng = random.Random(1)
        hits = [
            Hit(CREATED + timedelta(minutes=number), number, (rng.choice(RULES),))
            for number in range(5000)
        ]
        self.assertEqual(
            sum(part.hits for part in score(Clock(REFERENCE, 30), hits).parts.values()),
            5000,
        )
