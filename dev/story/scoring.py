"""Scores: the set-up read from Odoo, and every recipient compared."""

from ast import literal_eval
from collections import Counter
from typing import Any

from .expectations import BehaviourRule, FitRule, ScoreModel
from .stage import Stage

TOLERANCE = 0.1
"""Points that fade within the minutes of the story."""


def read_score_model(stage: Stage) -> ScoreModel:
    """Read the primary score model as it is set up."""
    manager = stage.manager
    letters = "abcd"
    bounds = [f"grade_{letter}" for letter in letters]
    model = manager.rows(
        "marketing.score.model",
        [],
        ["maximum", "fit_maximum", "minimum_reliability", *bounds],
        limit=1,
    )[0]
    of_model = [("model_id", "=", model["id"])]
    groups = manager.rows("marketing.score.group", of_model, ["maximum"])
    types = manager.rows("marketing.touchpoint.type", [], ["code"])
    codes = {row["id"]: row["code"] for row in types}
    rules = manager.rows("marketing.score.rule", of_model, [])
    return ScoreModel(
        maximum=model["maximum"],
        groups={group["id"]: group["maximum"] for group in groups},
        rules=tuple(
            BehaviourRule(
                kind=codes[rule["type_id"][0]],
                points=rule["points"],
                maximum=rule["maximum"],
                group=_group(rule),
                minimum=rule["minimum_reliability"] or model["minimum_reliability"],
            )
            for rule in rules
            if rule["kind"] == "behaviour"
        ),
        fit_maximum=model["fit_maximum"],
        fit_rules=tuple(
            FitRule(
                domain=tuple(literal_eval(rule["domain"])),
                points=rule["points"],
                maximum=rule["maximum"],
                group=_group(rule),
            )
            for rule in rules
            if rule["kind"] == "fit" and rule["record_model"] == "res.partner"
        ),
        bounds=tuple(
            (letter.upper(), model[bound])
            for letter, bound in zip(letters, bounds, strict=True)
        ),
    )


def _group(rule: dict[str, Any]) -> int:
    """Return the shared limit of a rule; a rule without one is a group of its own."""
    return rule["group_id"][0] if rule["group_id"] else -rule["id"]


def check_scores(stage: Stage) -> None:
    """Compare score and grade of every recipient with those computed here."""
    model, report = read_score_model(stage), stage.report
    points = {a: model.score(left) for a, left in stage.footprints.items()}
    grades = {a: model.grade(stage.world.facts(a)) for a in points}
    rows = stage.manager.rows(
        "marketing.person",
        [("email_normalized", "in", sorted(points))],
        ["email_normalized", "score", "grade"],
    )
    observed = {row["email_normalized"]: row for row in rows}
    wrong = [
        address
        for address in points
        if abs(points[address] - observed[address]["score"]) > TOLERANCE
    ]
    report.check("recipients whose score agrees", len(points), len(points) - len(wrong))
    for address in wrong[:5]:
        report.note(
            f"{address}, {stage.habits[address].name}: {points[address]:.2f} expected,"
            f" {observed[address]['score']:.2f} observed"
        )
    report.check_close(
        "points of all recipients",
        sum(points.values()),
        sum(row["score"] for row in rows),
        TOLERANCE * len(points),
    )
    scanners = {a for a, habit in stage.habits.items() if "scanner" in habit.name}
    report.check_close(
        "points of scanners", 0.0, sum(observed[a]["score"] for a in scanners), 0.0
    )
    wanted, seen = Counter(grades.values()), Counter(row["grade"] for row in rows)
    for letter in sorted(wanted.keys() | seen.keys(), key=str):
        report.check(f"grade {letter}", wanted[letter], seen[letter])
