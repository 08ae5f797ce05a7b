"""The story's own computation of scores and segments."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dev.story.contacts import make_world
from dev.story.expectations import (
    BehaviourRule,
    Conditions,
    FitRule,
    ScoreModel,
    matches,
    total,
)

KNOWN = ("!=", False)


def make_model(*rules, fit=(), **values):
    defaults = {
        "maximum": 100,
        "groups": {1: 35},
        "fit_maximum": 100,
        "bounds": (("A", 80), ("B", 60), ("C", 40), ("D", 20)),
    }
    return ScoreModel(rules=rules, fit_rules=fit, **(defaults | values))


CLICK = BehaviourRule("clicked", 5, 30, 1, "human_likely")
OPEN = BehaviourRule("opened", 1, 10, 1, "human_likely")
LEAVE = BehaviourRule("unsubscribed", -20, 40, -1, "human_likely")


def test_points_stop_at_the_limit_of_the_rule_and_of_the_group():
    model = make_model(CLICK, OPEN)
    assert model.score(Counter({("clicked", "human_likely"): 3})) == 15
    assert model.score(Counter({("clicked", "human_likely"): 9})) == 30
    both = Counter({("clicked", "human_likely"): 9, ("opened", "human_likely"): 9})
    assert model.score(both) == 35


def test_what_is_less_certain_than_the_rule_asks_for_brings_nothing():
    model = make_model(CLICK)
    assert model.score(Counter({("clicked", "security_scan"): 8})) == 0
    assert model.score(Counter({("clicked", "human_confirmed"): 1})) == 5


def test_points_can_be_lost():
    model = make_model(OPEN, LEAVE)
    left = Counter(
        {("opened", "human_likely"): 1, ("unsubscribed", "human_confirmed"): 1}
    )
    assert model.score(left) == -19


@given(hits=st.integers(0, 1000))
def test_a_score_never_exceeds_the_limit_of_the_model(hits):
    rule = BehaviourRule("order", 30, 0, -1, "unknown")
    model = make_model(rule, maximum=100)
    assert model.score(Counter({("order", "human_confirmed"): hits})) <= 100


def test_the_grade_is_the_part_of_the_best_fit():
    fit = (
        FitRule((("parent_id", *KNOWN),), 50, 0, -1),
        FitRule((("phone", *KNOWN),), 30, 0, -2),
    )
    model = make_model(fit=fit)
    assert model.grade({"parent_id", "phone"}) == "A"
    assert model.grade({"parent_id"}) == "C"
    assert model.grade({"phone"}) == "D"
    assert model.grade(set()) == "F"


def test_domains_are_read_in_prefix_notation():
    either = ("|", ("industry_id", *KNOWN), ("function", *KNOWN))
    assert matches(either, {"industry_id"})
    assert not matches(either, {"phone"})
    assert matches(("!", ("phone", *KNOWN)), set())
    assert not matches((("phone", *KNOWN), ("function", *KNOWN)), {"phone"})
    with pytest.raises(ValueError):
        matches((("score", ">", 3),), set())


def test_a_segment_holds_each_address_once():
    world = make_world(1)
    conditions = Conditions(frozenset({"Food"}), frozenset({"CN", "DE"}))
    addresses = conditions.addresses(world)
    assert addresses
    assert "" not in addresses
    lines = [p for p in world.people if p.address in addresses]
    assert len(lines) > len(addresses)
    assert any(conditions.match(p) for p in lines)


def test_footprints_add_up():
    one = Counter({("opened", "unknown"): 1})
    assert total([one, one, Counter()]) == {("opened", "unknown"): 2}
