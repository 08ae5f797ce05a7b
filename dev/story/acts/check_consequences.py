"""Act 5: what the workers made of it."""

from ..expectations import total
from ..habits import Footprint
from ..stage import Stage

COUNTED = (
    "opened",
    "clicked",
    "replied",
    "hard_bounce",
    "soft_bounce",
    "unsubscribed",
    "page_view",
    "download",
    "form",
)


def play(stage: Stage) -> None:
    """Compare touchpoints and the behaviour segment."""
    stage.report.chapter("5. Consequences, by the workers of the running server")
    clickers = stage.clickers()
    stage.wait_for(
        "the members of the behaviour segment",
        lambda: _members(stage),
        lambda count: count >= len(clickers),
    )
    _check_touchpoints(stage)
    stage.report.check("segment: clicked in 30 days", len(clickers), _members(stage))
    stage.report.check(
        "events that could not be processed",
        0,
        stage.manager.count("marketing.inbox", [("attempts", ">", 0)]),
    )


def _members(stage: Stage) -> int:
    return stage.manager.count(
        "marketing.segment.member",
        [("segment_id", "=", stage.clicked), ("state", "=", "member")],
    )


def _observe_touchpoints(stage: Stage) -> Footprint:
    """Return the touchpoints of the campaign's recipients, by type and class."""
    types = {
        row["id"]: row["code"]
        for row in stage.manager.rows("marketing.touchpoint.type", [], ["code"])
    }
    groups = stage.manager.groups(
        "marketing.touchpoint",
        [
            ("person_id.email_normalized", "in", sorted(stage.recipients)),
            ("mailing_id", "in", [stage.campaign, False]),
            ("type_id.code", "in", list(COUNTED)),
        ],
        ["type_id", "reliability"],
    )
    return Footprint(
        {
            (types[group["type_id"][0]], group["reliability"]): group["__count"]
            for group in groups
        }
    )


def _check_touchpoints(stage: Stage) -> None:
    expected = total(stage.footprints.values())
    # Scanners are recognised a little later than their clicks are recorded.
    observed = stage.wait_for(
        "the last touchpoints",
        lambda: _observe_touchpoints(stage),
        lambda seen: seen == expected,
        seconds=120,
    )
    for kind, reliability in sorted(
        expected.keys() | observed.keys(),
        key=lambda pair: (COUNTED.index(pair[0]), pair[1]),
    ):
        stage.report.check(
            f"{kind}, {reliability.replace('_', ' ')}",
            expected[kind, reliability],
            observed[kind, reliability],
        )
