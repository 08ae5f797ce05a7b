"""The whole way in one table, each number counted anew."""

from typing import Any

from ..habits import HUMAN, footprint, has_human
from ..letters import CAMPAIGN_SUBJECT
from ..stage import Stage
from .hand_over import REVENUES


def play(stage: Stage) -> None:
    """Print the funnel, each number counted anew."""
    stage.report.chapter("Funnel")
    left = {address: footprint(habit) for address, habit in stage.habits.items()}
    bounced = sum(
        has_human(one, "hard_bounce") or has_human(one, "soft_bounce")
        for one in left.values()
    )
    sent, gone = len(stage.recipients), len(stage.left["gone"])
    accepted = [a for a in stage.answers.values() if a in ("accepted", "won")]
    check = stage.report.check
    check("contacts", stage.world.lines, _count_contacts(stage))
    check("persons", len(stage.world.addresses), _count_persons(stage))
    check("in the segment, archived left", len(stage.audience) - gone, _members(stage))
    check("planned", len(stage.audience), _count_deliveries(stage))
    check("sent", sent, _count_deliveries(stage, ("state", "=", "sent")))
    check("in the mail catcher", sent, stage.catcher.count(CAMPAIGN_SUBJECT))
    check(
        "delivered",
        sent - bounced,
        _count_deliveries(
            stage, ("state", "=", "sent"), ("trace_status", "not in", ["bounce"])
        ),
    )
    for kind, what in (
        ("opened", "opened by a human"),
        ("clicked", "clicked by a human"),
        ("replied", "answered"),
    ):
        people = sum(has_human(one, kind) for one in left.values())
        check(what, people, _count_human(stage, kind))
    check("marketing qualified (MQL)", len(stage.qualified), _count_mql(stage))
    check("accepted by sales", len(accepted), _count_accepted(stage))
    won = _won(stage)
    check("won", len(REVENUES), won["__count"])
    check("revenue", sum(REVENUES), won["expected_revenue:sum"])


def _count_contacts(stage: Stage) -> int:
    return stage.manager.count(
        "res.partner", [("ref", "=like", "STORY-%")], active_test=False
    )


def _count_persons(stage: Stage) -> int:
    return stage.manager.count(
        "marketing.person", [("partner_ids.ref", "=like", "STORY-%")]
    )


def _members(stage: Stage) -> int:
    return stage.manager.count(
        "marketing.segment.member",
        [("segment_id", "=", stage.segment), ("state", "=", "member")],
    )


def _count_deliveries(stage: Stage, *conditions: tuple[str, str, Any]) -> int:
    return stage.manager.count(
        "marketing.delivery", [("mailing_id", "=", stage.campaign), *conditions]
    )


def _count_human(stage: Stage, kind: str) -> int:
    """Count the persons of whom a human reacted to the campaign."""
    groups = stage.manager.groups(
        "marketing.touchpoint",
        [
            ("mailing_id", "=", stage.campaign),
            ("type_id.code", "=", kind),
            ("reliability", "in", list(HUMAN)),
        ],
        ["person_id"],
    )
    return len(groups)


def _handed_over(stage: Stage) -> list[Any]:
    """Return the domain of the campaign's recipients, seen from a hand-off."""
    return [("person_id.email_normalized", "in", sorted(stage.recipients))]


def _count_mql(stage: Stage) -> int:
    groups = stage.manager.groups(
        "marketing.touchpoint",
        [("type_id.code", "=", "mql"), *_handed_over(stage)],
        ["person_id"],
    )
    return len(groups)


def _count_accepted(stage: Stage) -> int:
    return stage.manager.count(
        "marketing.handoff", [("accepted_at", "!=", False), *_handed_over(stage)]
    )


def _won(stage: Stage) -> dict[str, Any]:
    """Return how many leads that were handed over are won, and for how much."""
    return stage.manager.groups(
        "crm.lead",
        [
            ("email_normalized", "in", sorted(stage.recipients)),
            ("marketing_handoff_ids", "!=", False),
            ("won_status", "=", "won"),
        ],
        [],
        ["__count", "expected_revenue:sum"],
    )[0]
