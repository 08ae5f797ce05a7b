import unittest
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.handoff_lifecycle import (
    BACKWARD,
    FORWARD,
    plan_moves,
)
from odoo.addons.email_marketing_crm.tools.inbox_batch import TouchpointRow

NOW = datetime(2026, 3, 4, 10)
ORDER = {
    code: position
    for position, code in enumerate(
        ["subscriber", "lead", "engaged", "mql", "sql", "opportunity", "customer"]
    )
}
CODES = [*FORWARD, *BACKWARD, "clicked", "replied", "form", "opened"]
INTENT = {CODES.index(code) for code in ("clicked", "replied", "form")}


def story(*codes, person_id=1, reliability="human_confirmed"):
    """Touchpoints of one person, a minute apart."""
    return [
        TouchpointRow(
            number,
            person_id,
            CODES.index(code),
            code,
            NOW + timedelta(minutes=number),
            reliability,
            None,
            None,
            None,
            None,
            None,
            0.0,
        )
        for number, code in enumerate(codes)
    ]


def stage_after(moves, start=None):
    """Where persons stand after carrying out moves: {person: code}."""
    stages = {}
    for move in moves:
        for person_id in move.person_ids:
            before = ORDER.get(stages.get(person_id, start), -1)
            after = ORDER[move.code]
            if before < after or (move.backward and before > after):
                stages[person_id] = move.code
    return stages


class TestHandoffLifecycle(unittest.TestCase):
    def test_forward_through_all_stages(self):
        moves = plan_moves(
            story("sent", "lead_created", "clicked", "mql", "accepted", "won"),
            INTENT,
            ORDER,
        )
        self.assertEqual(
            [move.code for move in moves],
            ["subscriber", "lead", "engaged", "mql", "sql", "customer"],
        )

    def test_recycled_after_qualified_is_engaged(self):
        moves = plan_moves(story("mql", "rejected", "recycled"), INTENT, ORDER)
        self.assertEqual(stage_after(moves), {1: "engaged"})

    def test_qualified_after_recycled_is_qualified(self):
        moves = plan_moves(story("recycled", "mql"), INTENT, ORDER)
        self.assertEqual(stage_after(moves, "sql"), {1: "mql"})

    def test_machine_click_is_no_interest(self):
        touchpoints = story("clicked", reliability="security_scan")
        self.assertEqual(plan_moves(touchpoints, INTENT, ORDER), [])

    def test_missing_stage_is_left_out(self):
        self.assertEqual(plan_moves(story("sent"), INTENT, {"lead": 1}), [])

    def test_persons_with_one_story_share_its_moves(self):
        touchpoints = story("mql", person_id=1) + story("mql", person_id=2)
        (move,) = plan_moves(touchpoints, INTENT, ORDER)
        self.assertEqual(move.person_ids, (1, 2))

    @given(
        st.dictionaries(
            st.integers(1, 4),
            st.lists(st.sampled_from(CODES), max_size=8),
        )
    )
    def test_together_as_one_by_one(self, stories):
        """A batch ends as the same events handled one after the other."""
        together = stage_after(
            plan_moves(
                [
                    row
                    for person_id, codes in stories.items()
                    for row in story(*codes, person_id=person_id)
                ],
                INTENT,
                ORDER,
            )
        )
        for person_id, codes in stories.items():
            stage = None
            for code in codes:
                moves = plan_moves(story(code), INTENT, ORDER)
                stage = stage_after(moves, stage).get(1, stage)
            self.assertEqual(together.get(person_id), stage)
