"""The shape of a journey and the decisions of its waits; needs no database."""

import unittest
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.journey_tree import (
    Node,
    find_ancestor,
    find_problems,
    is_ancestor,
    order_nodes,
)
from odoo.addons.email_marketing_crm.tools.journey_wait import (
    RETRY_MAX_MINUTES,
    SECOND_LOOK,
    EventFact,
    MailFact,
    decide_event_wait,
    get_duration,
    get_retry_delay,
)

EDGES = {"mail": ("next",), "wait_event": ("yes", "no"), "end": ()}
WELCOME = [
    Node(1, None, "next", "mail"),
    Node(2, 1, "next", "wait_event"),
    Node(3, 2, "no", "mail"),
    Node(4, 2, "yes", "end"),
    Node(5, 3, "next", "end"),
]
START = datetime(2026, 3, 4, 10)


@st.composite
def trees(draw):
    """A proper tree: each node takes a free edge of an earlier one."""
    nodes = []
    free = [(None, "next")]
    for number in range(1, draw(st.integers(1, 12)) + 1):
        if not free:
            break
        parent, edge = free.pop(draw(st.integers(0, len(free) - 1)))
        kind = draw(st.sampled_from(sorted(EDGES)))
        nodes.append(Node(number, parent, edge, kind))
        free += [(number, name) for name in EDGES[kind]]
    return nodes


@st.composite
def graphs(draw):
    """Anything at all, cycles and orphans included."""
    count = draw(st.integers(0, 8))
    parent = st.one_of(st.none(), st.integers(1, max(count, 1)))
    return [
        Node(
            number,
            draw(parent),
            draw(st.sampled_from(["next", "yes", "no"])),
            draw(st.sampled_from(sorted(EDGES))),
        )
        for number in range(1, count + 1)
    ]


class TestJourneyTree(unittest.TestCase):
    def test_steps_are_read_in_the_order_people_walk_them(self):
        self.assertEqual(order_nodes(WELCOME), [(1, 0), (2, 0), (4, 1), (3, 1), (5, 1)])

    def test_a_good_tree_has_no_problem(self):
        self.assertEqual(find_problems(WELCOME, EDGES), [])

    def test_problems_are_named_with_their_step(self):
        for nodes, expected in (
            ([], [("empty", None)]),
            (
                [Node(1, None, "next", "mail"), Node(2, None, "next", "mail")],
                [("several_first", 2)],
            ),
            (
                [Node(1, None, "next", "end"), Node(2, 1, "next", "mail")],
                [("wrong_edge", 2)],
            ),
            (
                [
                    Node(1, None, "next", "mail"),
                    Node(2, 1, "next", "end"),
                    Node(3, 1, "next", "end"),
                ],
                [("edge_taken", 3)],
            ),
            ([Node(1, None, "next", "wait_event")], [("no_branch", 1)]),
            (
                [
                    Node(1, None, "next", "end"),
                    Node(2, 3, "next", "mail"),
                    Node(3, 2, "next", "mail"),
                ],
                [("unreachable", 2), ("unreachable", 3)],
            ),
        ):
            with self.subTest(expected=expected):
                self.assertEqual(find_problems(nodes, EDGES), expected)

    def test_the_nearest_mail_before_a_step(self):
        self.assertEqual(find_ancestor(WELCOME, 5, "mail"), 3)
        self.assertEqual(find_ancestor(WELCOME, 4, "mail"), 1)
        self.assertIsNone(find_ancestor(WELCOME, 1, "mail"))

    @given(trees())
    def test_every_proper_tree_is_complete_and_in_order(self, nodes):
        order = [place.id for place in order_nodes(nodes)]
        self.assertEqual(sorted(order), [node.id for node in nodes])
        for node in nodes:
            if node.parent_id:
                self.assertLess(order.index(node.parent_id), order.index(node.id))
                self.assertTrue(is_ancestor(nodes, node.parent_id, node.id))
            self.assertFalse(is_ancestor(nodes, node.id, node.id))
        codes = {problem.code for problem in find_problems(nodes, EDGES)}
        self.assertLessEqual(codes, {"no_branch"})

    @given(graphs())
    def test_any_graph_is_shown_whole_and_never_runs_for_ever(self, nodes):
        self.assertEqual(
            sorted(place.id for place in order_nodes(nodes)),
            [node.id for node in nodes],
        )
        find_problems(nodes, EDGES)
        for node in nodes:
            find_ancestor(nodes, node.id, "mail")


class TestJourneyWait(unittest.TestCase):
    """Three days for a click, arrived at ten o'clock."""

    def decide(self, after, mail=None, event=None, unjudged=None, **values):
        return decide_event_wait(
            **{
                "now": START + after,
                "arrived": START,
                "duration": timedelta(days=3),
                "mail": mail,
                "event": EventFact(event, unjudged),
                "needs_mail": True,
                "is_first_look": False,
                **values,
            }
        )

    def test_the_time_counts_from_the_sending_not_from_the_arrival(self):
        sent = MailFact("sent", START + timedelta(hours=6))
        self.assertEqual(
            self.decide(timedelta(days=3), sent).deadline,
            START + timedelta(days=3, hours=6),
        )
        self.assertEqual(self.decide(timedelta(days=3, hours=6), sent).edge, "no")

    def test_a_mail_sent_before_the_arrival_does_not_shorten_the_wait(self):
        sent = MailFact("sent", START - timedelta(days=5))
        self.assertIsNone(self.decide(timedelta(days=1), sent).edge)

    def test_without_a_mail_the_time_counts_from_the_arrival(self):
        decision = self.decide(timedelta(hours=1), needs_mail=False)
        self.assertEqual(decision.deadline, START + timedelta(days=3))
        decision = self.decide(timedelta(days=3), needs_mail=False)
        self.assertEqual(decision[:2], ("no", "timeout"))

    def test_a_mail_in_the_queue_never_times_out(self):
        decision = self.decide(timedelta(days=30), MailFact("pending"))
        self.assertIsNone(decision.edge)
        self.assertIsNone(decision.deadline)
        self.assertGreater(decision.due, START + timedelta(days=30))

    def test_a_skipped_mail_leads_to_no_at_once_with_its_reason(self):
        skipped = MailFact("skipped", reason="blacklisted")
        self.assertEqual(self.decide(timedelta(), skipped)[:2], ("no", "blacklisted"))

    def test_a_skipped_mail_does_not_stop_the_wait_for_any_event(self):
        skipped = MailFact("skipped", reason="blacklisted")
        decision = self.decide(timedelta(days=1), skipped, needs_mail=False)
        self.assertEqual(decision.deadline, START + timedelta(days=3))

    def test_an_event_in_time_counts_though_it_is_seen_late(self):
        sent = MailFact("sent", START)
        in_time = START + timedelta(days=2)
        self.assertEqual(self.decide(timedelta(days=9), sent, in_time).edge, "yes")
        too_late = START + timedelta(days=4)
        self.assertEqual(self.decide(timedelta(days=9), sent, too_late).edge, "no")

    def test_an_event_in_time_that_is_not_judged_yet_is_waited_for(self):
        sent = MailFact("sent", START)
        decision = self.decide(
            timedelta(days=3), sent, unjudged=START + timedelta(days=3)
        )
        self.assertIsNone(decision.edge)

    def test_everybody_is_looked_at_again_soon_after_the_arrival(self):
        decision = self.decide(timedelta(), MailFact("sent", START), is_first_look=True)
        self.assertEqual(decision.due, START + SECOND_LOOK)

    @given(
        after=st.timedeltas(timedelta(0), timedelta(days=10)),
        mail=st.one_of(
            st.none(),
            st.just(MailFact("pending")),
            st.just(MailFact("skipped", reason="opted_out")),
            st.timedeltas(timedelta(days=-5), timedelta(days=5)).map(
                lambda delay: MailFact("sent", START + delay)
            ),
        ),
        event=st.one_of(
            st.none(),
            st.timedeltas(timedelta(0), timedelta(days=10)).map(lambda d: START + d),
        ),
        needs_mail=st.booleans(),
        first=st.booleans(),
    )
    def test_a_decision_is_final_or_is_looked_at_again(
        self, after, mail, event, needs_mail, first
    ):
        decision = self.decide(
            after, mail, event, needs_mail=needs_mail, is_first_look=first
        )
        if decision.edge is None:
            self.assertGreater(decision.due, START + after)
            self.assertIsNone(decision.reason)
        else:
            self.assertIn(decision.edge, ("yes", "no"))
            self.assertEqual(decision.edge == "yes", decision.reason is None)
        if decision.edge == "no" and decision.reason == "timeout":
            self.assertGreaterEqual(after, timedelta(days=3))

    def test_units_and_retries(self):
        self.assertEqual(get_duration(2, "weeks"), timedelta(days=14))
        self.assertEqual(get_retry_delay(1), timedelta(minutes=5))
        self.assertEqual(get_retry_delay(2), timedelta(minutes=25))

    @given(st.integers(1, 10_000))
    def test_retries_come_ever_later_but_daily_at_least(self, attempts):
        self.assertLessEqual(get_retry_delay(attempts), get_retry_delay(attempts + 1))
        self.assertLessEqual(
            get_retry_delay(attempts), timedelta(minutes=RETRY_MAX_MINUTES)
        )
