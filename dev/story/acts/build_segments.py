"""Act 2: segments are built, and their members come by themselves."""

from ..expectations import Conditions
from ..stage import Stage

CONDITIONS = Conditions(
    industries=frozenset({"Apparel", "Food", "Tourism/Hotel"}),
    countries=frozenset({"CN", "TW", "DE", "FR", "AE"}),
)
"""Whom the open house is for."""

FIRST_READERS = 40
"""Customers who get the news before everybody else."""


def play(stage: Stage) -> None:
    """Build three segments as a marketer does in the form and in the list."""
    report, marketer = stage.report, stage.marketer
    report.chapter("2. Segments")
    stage.audience = CONDITIONS.addresses(stage.world)
    domain = [
        ("ref", "=like", "STORY-%"),
        ("industry_id.name", "in", sorted(CONDITIONS.industries)),
        ("country_id.code", "in", sorted(CONDITIONS.countries)),
        ("is_company", "=", False),
    ]
    values = {
        "name": "Open house: apparel, food, hotels",
        "res_model": "res.partner",
        "kind": "dynamic",
        "domain": repr(domain),
        "company_id": False,
    }
    report.check("preview before saving", len(stage.audience), _preview(stage, values))
    stage.segment = marketer.save("marketing.segment", values)
    _check_size(stage, stage.segment, len(stage.audience), "members")

    stage.readers = sorted(stage.audience)[:FIRST_READERS]
    stage.first_readers = _add_by_hand(stage, stage.readers)
    _check_size(stage, stage.first_readers, len(stage.readers), "added by hand")

    stage.clicked = marketer.save("marketing.segment", clicked_segment(stage))
    _check_size(stage, stage.clicked, 0, "clicked in 30 days, so far")


def clicked_segment(stage: Stage) -> dict:
    """Return the form of a segment on behaviour inside the first segment."""
    clicked = stage.marketer.find_one(
        "marketing.touchpoint.type", [("code", "=", "clicked")]
    )
    rule = {
        "type_id": clicked,
        "operator": "at_least",
        "times": 1,
        "days": 30,
        "reliability": "human_likely",
    }
    return {
        "name": "Clicked in the last 30 days",
        "res_model": "res.partner",
        "kind": "dynamic",
        "domain": repr([("marketing_segment_ids", "in", [stage.segment])]),
        "company_id": False,
        "rule_ids": [(0, 0, rule)],
    }


def _preview(stage: Stage, values: dict) -> int:
    """Return the count that the form shows while nothing is saved."""
    spec = {name: {} for name in values} | {"preview_count": {}}
    answer = stage.marketer.call(
        "marketing.segment", "onchange", [], values, ["domain"], spec
    )
    return answer["value"]["preview_count"]


def _add_by_hand(stage: Stage, addresses: list[str]) -> int:
    """Select contacts in their list and put them into a new static segment."""
    marketer = stage.marketer
    contacts = marketer.find("res.partner", [("email_normalized", "in", addresses)])
    name = "First readers"
    wizard = marketer.call(
        "marketing.segment.add",
        "create",
        {"target": "new", "name": name},
        context={"active_model": "res.partner", "active_ids": contacts},
    )
    marketer.press("marketing.segment.add", wizard, "action_apply")
    return marketer.find_one("marketing.segment", [("name", "=", name)])


def _check_size(stage: Stage, segment: int, expected: int, what: str) -> None:
    """Wait until a worker computed the segment, and compare its figures."""
    seen = stage.wait_for(
        what,
        lambda: stage.marketer.read(
            "marketing.segment", segment, "size", "refreshed_at"
        ),
        lambda values: bool(values["refreshed_at"]),
    )
    stage.report.check(what, expected, seen["size"])
    stage.report.check(
        f"{what}, listed",
        expected,
        stage.marketer.count(
            "marketing.segment.member",
            [("segment_id", "=", segment), ("state", "=", "member")],
        ),
    )
