import unittest
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.handoff_evidence import (
    WEIGHTS,
    Event,
    get_strength,
    pick_reasons,
)

NOW = datetime(2026, 3, 4, 10)

events_strategy = st.lists(
    st.builds(
        Event,
        id=st.integers(1, 1000),
        key=st.integers(0, 8),
        type_code=st.sampled_from([*WEIGHTS, "seen_at_the_fair"]),
        date=st.integers(-5, 4000).map(lambda hours: NOW - timedelta(hours=hours)),
    ),
    max_size=20,
)


class TestHandoffEvidence(unittest.TestCase):
    def test_an_answer_speaks_louder_than_a_younger_click(self):
        answer = Event(1, "answer", "replied", NOW - timedelta(days=10))
        click = Event(2, "click", "clicked", NOW)
        self.assertEqual(
            [reason.event for reason in pick_reasons([click, answer], NOW, 5)],
            [answer, click],
        )

    def test_half_as_loud_after_a_month(self):
        event = Event(1, "form", "form", NOW - timedelta(days=30))
        self.assertAlmostEqual(get_strength(event, NOW), WEIGHTS["form"] / 2)

    def test_same_link_is_one_line_with_its_last_date(self):
        clicks = [
            Event(n, "price list", "clicked", NOW - timedelta(days=n))
            for n in (3, 1, 2)
        ]
        (reason,) = pick_reasons(clicks, NOW, 5)
        self.assertEqual(reason.count, 3)
        self.assertEqual(reason.event.date, NOW - timedelta(days=1))

    @given(events_strategy, st.integers(0, 6))
    def test_lines_are_few_distinct_and_sorted(self, events, limit):
        reasons = pick_reasons(events, NOW, limit)
        keys = [reason.event.key for reason in reasons]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertEqual(len(keys), min(limit, len({event.key for event in events})))
        strengths = [get_strength(reason.event, NOW) for reason in reasons]
        self.assertEqual(strengths, sorted(strengths, reverse=True))

    @given(events_strategy)
    def test_every_event_is_counted_in_its_line(self, events):
        reasons = pick_reasons(events, NOW, len(events))
        self.assertEqual(sum(reason.count for reason in reasons), len(events))

    @given(events_strategy, st.integers(1, 5))
    def test_order_of_reading_does_not_matter(self, events, limit):
        unique = list({event.id: event for event in events}.values())
        self.assertEqual(
            pick_reasons(unique, NOW, limit),
            pick_reasons(reversed(unique), NOW, limit),
        )
