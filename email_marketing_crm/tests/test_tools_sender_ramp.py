from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from ..tools.sender_ramp import (
    DEFAULT_RAMP,
    DayResult,
    is_over,
    next_step,
    quota_of_day,
)

RAMP = [(1, 50), (3, 100), (5, 250)]
counts = st.integers(0, 10**6)
results = st.builds(DayResult, counts, counts, counts)
days = st.integers(1, 40)


class TestSenderRamp(TestCase):
    def test_quota_holds_until_the_next_step(self):
        self.assertEqual(
            [quota_of_day(RAMP, day) for day in range(1, 7)],
            [50, 50, 100, 100, 250, None],
        )
        self.assertIsNone(quota_of_day([], 1))
        self.assertEqual(quota_of_day([(3, 100)], 1), 100)

    def test_decisions(self):
        for day, idle, result, step in (
            (1, 1, DayResult(50, 0, 0), (2, "advanced")),
            (1, 1, DayResult(25, 0, 0), (2, "advanced")),
            (1, 1, DayResult(24, 0, 0), (1, "few")),
            (1, 1, DayResult(24, 0, 0, other=1), (2, "advanced")),
            (1, 1, DayResult(24, 2, 0, other=900), (1, "bounces")),
            (1, 1, DayResult(0, 0, 0), (1, "few")),
            (1, 1, DayResult(50, 1, 0), (2, "advanced")),
            (1, 1, DayResult(50, 2, 0), (1, "bounces")),
            (3, 1, DayResult(100, 3, 0), (4, "advanced")),
            (3, 1, DayResult(100, 4, 0), (3, "bounces")),
            (1, 1, DayResult(50, 0, 1), (1, "complaints")),
            (5, 1, DayResult(2000, 0, 1), (None, "finished")),
            (4, 1, DayResult(1000, 0, 1), (4, "complaints")),
            (4, 29, DayResult(100, 0, 0), (5, "advanced")),
            (4, 30, DayResult(100, 0, 0), (1, "restarted")),
        ):
            self.assertEqual(next_step(RAMP, day, idle, result), step, result)

    def test_default_ramp_takes_four_weeks(self):
        self.assertEqual(DEFAULT_RAMP[-1][0], 28)
        mails = [mails for _day, mails in DEFAULT_RAMP]
        self.assertEqual(mails, sorted(mails))

    @given(days, st.integers(0, 60), results)
    def test_never_skips_a_day(self, day, idle, result):
        step = next_step(DEFAULT_RAMP, day, idle, result)
        if step.day is not None:
            self.assertIn(step.day, (1, day, day + 1))
            if step.day > day:
                self.assertEqual(step.decision, "advanced")

    @given(days, results, counts)
    def test_more_bounces_never_help(self, day, result, more):
        before = next_step(DEFAULT_RAMP, day, 1, result)
        after = next_step(
            DEFAULT_RAMP, day, 1, result._replace(bounced=result.bounced + more)
        )
        if before.decision == "bounces":
            self.assertEqual(after.decision, "bounces")

    @given(counts, counts, st.floats(0.1, 100), st.integers(0, 10))
    def test_a_few_are_chance(self, count, total, limit, minimum):
        if is_over(count, total, limit, minimum):
            self.assertGreaterEqual(count, minimum)
            self.assertGreater(100 * count, limit * total)
