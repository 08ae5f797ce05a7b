"""What recipients do, and what it has to come to."""

from collections import Counter

import pytest

from dev.story.habits import (
    CAMPAIGN,
    HUMAN,
    SILENT,
    Habit,
    cast,
    footprint,
    has_human,
)

CROWD = [f"someone{number}@example.com" for number in range(600)]


def test_the_same_seed_gives_everybody_the_same_habit():
    assert cast(CROWD, 7) == cast(reversed(CROWD), 7)
    assert cast(CROWD, 7) != cast(CROWD, 8)


def test_each_habit_is_given_as_often_as_it_says():
    counts = Counter(cast(CROWD, 7).values())
    assert all(counts[habit] == habit.count for habit in CAMPAIGN)
    assert counts[SILENT] == len(CROWD) - sum(habit.count for habit in CAMPAIGN)


def test_a_crowd_that_is_too_small_is_refused():
    with pytest.raises(ValueError):
        cast(CROWD[:10], 7)


def test_the_first_open_counts_and_a_click_is_one():
    left = footprint(Habit("x", ("open by apple", "click 0", "click 1")))
    assert left == {("opened", "machine_open"): 1, ("clicked", "human_likely"): 2}
    left = footprint(Habit("x", ("click 0", "open")))
    assert left == {("opened", "human_likely"): 1, ("clicked", "human_likely"): 1}


def test_a_scanner_asks_twice_for_every_link_and_is_no_human():
    left = footprint(Habit("x", ("scan",)), links=3)
    assert left == {("clicked", "security_scan"): 6, ("opened", "security_scan"): 1}
    assert not has_human(left, "clicked")
    assert not has_human(left, "opened")


def test_a_human_after_a_scanner_is_one():
    left = footprint(Habit("x", ("disguised scan", "later click 1")))
    assert has_human(left, "clicked")
    assert not has_human(left, "opened")


def test_an_absence_note_is_a_reply_by_nobody():
    left = footprint(Habit("x", ("absence note",)))
    assert left["replied", "machine_open"] == 1
    assert not has_human(left, "replied")


def test_an_act_that_nobody_knows_is_refused():
    with pytest.raises(ValueError):
        footprint(Habit("x", ("sing",)))


def test_every_habit_leaves_known_classes():
    known = {"security_scan", "machine_open", "unknown", *HUMAN}
    for habit in CAMPAIGN:
        assert {reliability for _kind, reliability in footprint(habit)} <= known
