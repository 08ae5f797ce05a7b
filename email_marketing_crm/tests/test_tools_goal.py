"""Properties of goals: what reaches one, what misses it, and what is counted anew."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.goal import GOAL_FIGURES, WINDOW_FIGURES, Goal, get_deadline

NOW = datetime(2026, 3, 10, 9)
#: From the worst to the best that can be said of a goal.
RANKS = {"waiting": 0, "missed": 0, "running": 0, "reached": 1}
units = st.sampled_from(["count", "percent"])
targets = st.integers(1, 10_000).map(lambda hundredths: hundredths / 100)
goals = st.builds(
    Goal,
    st.sampled_from([*GOAL_FIGURES, "event"]),
    st.integers(0, 9),
    st.integers(0, 9),
    units,
    targets,
)
people = st.integers(0, 100_000)
moments = st.integers(-60, 60).map(lambda days: NOW + timedelta(days=days))
deadlines = st.none() | moments


@tagged("post_install", "-at_install")
class TestToolsGoal(BaseCase):
    @given(goals, people, st.integers(1, 100_000))
    def test_a_share_is_of_who_got_a_mail(self, goal, counted, base):
        reached = goal.measure(counted, base)
        if goal.unit == "count":
            self.assertEqual(reached, counted)
        else:
            self.assertAlmostEqual(reached * base, 100 * counted, delta=0.01)
            self.assertEqual(goal.measure(base, base), 100, "All of them")

    @given(goals, people)
    def test_without_a_mail_nothing_is_reached(self, goal, counted):
        reached = goal.measure(counted, 0)
        self.assertEqual(reached, 0 if goal.unit == "percent" else counted)
        self.assertEqual(goal.judge(reached, 0, None, NOW), "waiting")

    @given(goals, people, people, people, deadlines)
    def test_more_is_never_worse(self, goal, one, other, base, deadline):
        less, more = (
            goal.judge(goal.measure(counted, base), base, deadline, NOW)
            for counted in sorted((one, other))
        )
        self.assertLessEqual(RANKS[less], RANKS[more])

    @given(goals, people, people, deadlines, moments, moments)
    def test_time_takes_nothing_away(self, goal, counted, base, deadline, one, other):
        reached = goal.measure(counted, base)
        earlier, later = (
            goal.judge(reached, base, deadline, now) for now in sorted((one, other))
        )
        if "reached" in (earlier, later):
            self.assertEqual(earlier, later)
        if earlier == "missed":
            self.assertEqual(later, "missed")

    @given(goals, people, people, deadlines, moments)
    def test_it_is_missed_only_after_its_deadline(
        self, goal, counted, base, deadline, now
    ):
        reached = goal.measure(counted, base)
        is_over = bool(deadline and now > deadline)
        is_short = not base or reached < goal.target
        state = goal.judge(reached, base, deadline, now)
        self.assertEqual(state == "missed", is_over and is_short)

    @given(goals, people, st.integers(1, 100_000))
    def test_the_percentage_says_the_same(self, goal, counted, base):
        reached = goal.measure(counted, base)
        state = goal.judge(reached, base, None, NOW)
        self.assertEqual(goal.get_percent(reached) >= 100, state == "reached")

    @given(goals, people, people, deadlines)
    def test_without_a_target_nothing_is_said(self, goal, counted, base, deadline):
        goal = goal._replace(target=0.0)
        self.assertEqual(goal.get_percent(counted), 0)
        self.assertIsNone(goal.judge(counted, base, deadline, NOW))

    @given(goals, goals, st.integers(1, 90), st.integers(1, 90))
    def test_what_is_counted_alike_has_one_key(self, goal, other, days, other_days):
        is_same = goal[:-1] == other[:-1] and (
            days == other_days or goal.figure not in WINDOW_FIGURES
        )
        self.assertEqual(goal.get_key(days) == other.get_key(other_days), is_same)
        self.assertEqual(
            goal.get_key(days), goal._replace(target=other.target).get_key(days)
        )

    @given(moments, st.integers(0, 365))
    def test_the_window_begins_with_the_last_mail(self, last_mail, days):
        self.assertEqual((get_deadline(last_mail, days) - last_mail).days, days)
