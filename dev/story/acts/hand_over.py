"""Act 7: who is qualified reaches a salesperson, who answers."""

from collections import Counter
from typing import Any

from ..client import WebClient
from ..scoring import check_scores, read_score_model
from ..stage import Stage

SALESPEOPLE = ("lin", "omar", "lea")
"""Logins of the demo data, each with the same word as password."""

REVENUES = (48000.0, 12500.0)
"""What the first who are won will pay."""


def play(stage: Stage) -> None:
    """Compare scores and hand-offs, then let sales do its part."""
    report = stage.report
    report.chapter("7a. Scores, and who is handed over")
    check_scores(stage)
    stage.qualified = _qualified(stage)
    _check_offers(stage)
    report.chapter("7b. Salespeople answer, each logged in as themselves")
    _answer(stage)
    _check_answers(stage)


def _qualified(stage: Stage) -> set[str]:
    """Who reaches the policy by score and grade, or was handed over by the journey."""
    policy = stage.manager.rows(
        "marketing.handoff.policy", [], ["minimum_score", "minimum_grade"], limit=1
    )[0]
    model = read_score_model(stage)
    worst = policy["minimum_grade"] or "F"
    return set(stage.followers.addresses) | {
        address
        for address, left in stage.footprints.items()
        if model.score(left) >= policy["minimum_score"]
        and model.grade(stage.world.facts(address)) <= worst
    }


def _handoffs(stage: Stage) -> list[dict[str, Any]]:
    return stage.manager.rows(
        "marketing.handoff",
        [("person_id.email_normalized", "in", sorted(stage.recipients))],
        ["state", "user_id", "lead_id", "activity_id", "assignment"],
    )


def _check_offers(stage: Stage) -> None:
    report, expected = stage.report, len(stage.qualified)
    offers = stage.wait_for(
        "the hand-offs",
        lambda: len(_handoffs(stage)),
        lambda count: count >= expected,
    )
    rows = _handoffs(stage)
    report.check("handed over", expected, offers)
    report.check("leads", expected, len({row["lead_id"][0] for row in rows}))
    report.check("with a salesperson", expected, sum(bool(r["user_id"]) for r in rows))
    report.check("activity", expected, sum(bool(r["activity_id"]) for r in rows))
    ways = Counter(row["assignment"] for row in rows)
    by_rules = min(expected, _room(stage))
    report.check("chosen by the rules of the team", by_rules, ways["rules"])
    report.check("no member had room: the leader", expected - by_rules, ways["leader"])


def _room(stage: Stage) -> int:
    """Return how many leads a day the members of the team may get."""
    members = stage.manager.rows(
        "crm.team.member",
        [("user_id.login", "in", list(SALESPEOPLE))],
        ["assignment_max"],
    )
    return sum(round(member["assignment_max"] / 30) for member in members)


def _plan_answers(stage: Stage) -> dict[str, str]:
    """Decide by address what sales will make of each."""
    order = sorted(stage.qualified)
    won = dict.fromkeys(order[1 : 1 + len(REVENUES)], "won")
    rest = order[1 + len(REVENUES) :]
    return {order[0]: "rejected"} | won | dict.fromkeys(rest[::2], "accepted")


def _answer(stage: Stage) -> None:
    """Everybody opens their own list and answers what is in it."""
    answers = _plan_answers(stage)
    revenues = dict(
        zip((a for a in answers if answers[a] == "won"), REVENUES, strict=True)
    )
    seen = 0
    for login in SALESPEOPLE:
        seller = stage.log_in(login, login)
        leads = seller.rows(
            "crm.lead",
            [("user_id", "=", seller.user_id), ("marketing_handoff_ids", "!=", False)],
            ["email_normalized", "marketing_handoff_state"],
        )
        seen += len(leads)
        for lead in leads:
            address = lead["email_normalized"]
            if answers.get(address) == "rejected":
                _reject(seller, lead["id"])
            elif address in answers:
                seller.press("crm.lead", lead["id"], "action_accept_handoff")
            if address in revenues:
                seller.save(
                    "crm.lead", {"expected_revenue": revenues[address]}, lead["id"]
                )
                seller.press("crm.lead", lead["id"], "action_set_won_rainbowman")
    stage.report.check("leads seen by their salespeople", len(stage.qualified), seen)
    stage.answers = answers


def _reject(seller: WebClient, lead: int) -> None:
    """Give a lead back with a reason."""
    action = seller.press("crm.lead", lead, "action_reject_handoff")
    reason = seller.find_one(
        "marketing.handoff.reason", [("name", "=", "Not interested now")]
    )
    wizard = seller.call(
        action["res_model"],
        "create",
        {"reason_id": reason, "note": "Call again next season. 下一季再联系。"},
        context=action["context"],
    )
    seller.press(action["res_model"], wizard, "action_reject")


def _check_answers(stage: Stage) -> None:
    """The answers are in the hand-offs, and in the history of the persons."""
    wanted = Counter(stage.answers.values())
    states = stage.wait_for(
        "what became of them",
        lambda: Counter(row["state"] for row in _handoffs(stage)),
        lambda seen: seen["won"] >= wanted["won"],
    )
    report = stage.report
    report.check("accepted", wanted["accepted"], states["accepted"])
    report.check("given back for later", wanted["rejected"], states["recycled"])
    report.check("won", wanted["won"], states["won"])
    report.check(
        "still open", len(stage.qualified) - len(stage.answers), states["offered"]
    )
    for kind, count in (
        ("accepted", wanted["accepted"] + wanted["won"]),
        ("rejected", wanted["rejected"]),
        ("won", wanted["won"]),
    ):
        report.check(
            f"touchpoints: {kind}",
            count,
            stage.manager.count(
                "marketing.touchpoint",
                [
                    ("type_id.code", "=", kind),
                    ("person_id.email_normalized", "in", sorted(stage.recipients)),
                ],
            ),
        )
