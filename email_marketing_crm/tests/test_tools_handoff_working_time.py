import unittest
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.handoff_working_time import (
    add_working_hours,
    merge_intervals,
    working_hours_between,
)

MONDAY = datetime(2026, 3, 2)

moments = st.integers(0, 20_000).map(
    lambda minutes: MONDAY + timedelta(minutes=minutes)
)
intervals_strategy = st.lists(st.tuples(moments, moments), max_size=15)
hours_strategy = st.integers(0, 6000).map(lambda minutes: minutes / 60)


def office_days(*days):
    """08:00-12:00 and 13:00-17:00 on the given days after MONDAY."""
    return [
        (
            MONDAY + timedelta(days=day, hours=start),
            MONDAY + timedelta(days=day, hours=end),
        )
        for day in days
        for start, end in ((8, 12), (13, 17))
    ]


class TestHandoffWorkingTime(unittest.TestCase):
    def test_weekend_is_skipped(self):
        """Friday 16:00 and four hours: one on Friday, three on Monday morning."""
        friday = MONDAY + timedelta(days=4, hours=16)
        self.assertEqual(
            add_working_hours(office_days(4, 7), friday, 4),
            MONDAY + timedelta(days=7, hours=11),
        )

    def test_ends_with_the_day(self):
        """The last minute of the day is still today, not tomorrow morning."""
        self.assertEqual(
            add_working_hours(office_days(0, 1), MONDAY + timedelta(hours=13), 4),
            MONDAY + timedelta(hours=17),
        )

    def test_zero_hours_wait_for_the_office(self):
        self.assertEqual(
            add_working_hours(office_days(0), MONDAY, 0), MONDAY + timedelta(hours=8)
        )

    def test_not_enough_working_time(self):
        self.assertIsNone(add_working_hours(office_days(0), MONDAY, 8.01))

    def test_negative_hours_are_refused(self):
        with self.assertRaises(ValueError):
            add_working_hours([], MONDAY, -1)

    @given(intervals_strategy)
    def test_merged_intervals_are_disjoint(self, intervals):
        merged = list(merge_intervals(intervals))
        for (_start, stop), (start, _stop) in zip(merged, merged[1:], strict=False):
            self.assertLess(stop, start)
        for start, stop in merged:
            self.assertLess(start, stop)

    @given(intervals_strategy, moments, hours_strategy)
    def test_deadline_is_exactly_that_far(self, intervals, start, hours):
        deadline = add_working_hours(intervals, start, hours)
        if deadline is None:
            self.assertLess(
                working_hours_between(intervals, start, datetime.max), hours + 1e-6
            )
            return
        self.assertGreaterEqual(deadline, start)
        self.assertAlmostEqual(
            working_hours_between(intervals, start, deadline), hours, places=6
        )

    @given(intervals_strategy, moments, hours_strategy, hours_strategy)
    def test_more_hours_are_never_sooner(self, intervals, start, hours, more):
        later = add_working_hours(intervals, start, hours + more)
        if later is not None:
            self.assertLessEqual(add_working_hours(intervals, start, hours), later)

    @given(intervals_strategy, st.tuples(moments, moments, moments))
    def test_parts_add_up(self, intervals, three):
        first, middle, last = sorted(three)
        self.assertAlmostEqual(
            working_hours_between(intervals, first, middle)
            + working_hours_between(intervals, middle, last),
            working_hours_between(intervals, first, last),
            places=6,
        )
