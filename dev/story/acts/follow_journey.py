"""Act 6: people walk through the journey."""

from collections import Counter

from ..habits import FOLLOWS, footprint
from ..letters import JOURNEY_SUBJECT, REMINDER_SUBJECT
from ..stage import PATIENCE, Stage


def play(stage: Stage) -> None:
    """Wait until everybody came to an end, and compare the ways they went."""
    report, manager = stage.report, stage.manager
    report.chapter("6. The journey")
    clickers = stage.clickers()
    torn = clickers & stage.unsubscribed()
    walking, following = clickers - torn, set(stage.followers.addresses)
    final = stage.wait_for(
        "everybody in the journey",
        lambda: _count_states(stage),
        lambda states: states["done"] + states["exited"] >= len(clickers),
        seconds=2 * PATIENCE,
    )
    stage.followers.stop()
    for address in following:
        stage.footprints[address] += footprint(FOLLOWS, links=1)
    report.check("participants", len(clickers), sum(final.values()))
    report.check("came to the end", len(walking), final["done"])
    report.check("left, because they unsubscribed", len(torn), final["exited"])
    report.check(
        "first mail, in the catcher",
        len(walking),
        stage.catcher.count(JOURNEY_SUBJECT),
    )
    report.check("clicked in time: yes", len(following), _count_log(stage, "yes"))
    report.check("did not: no", len(walking) - len(following), _count_log(stage, "no"))
    report.check(
        "tagged",
        len(following),
        manager.count("marketing.person", _tagged(stage)),
    )
    reminded = stage.wait_for(
        "the reminders",
        lambda: stage.catcher.count(REMINDER_SUBJECT),
        lambda count: count >= len(walking) - len(following),
    )
    report.check("second mail, in the catcher", len(walking) - len(following), reminded)
    report.check("steps that failed", 0, final["error"])


def _count_states(stage: Stage) -> Counter[str]:
    groups = stage.manager.groups(
        "marketing.journey.participant",
        [("journey_id", "=", stage.journey)],
        ["state"],
    )
    return Counter({group["state"]: group["__count"] for group in groups})


def _count_log(stage: Stage, outcome: str) -> int:
    return stage.manager.count(
        "marketing.journey.log",
        [
            ("participant_id.journey_id", "=", stage.journey),
            ("outcome", "=", outcome),
        ],
    )


def _tagged(stage: Stage) -> list:
    return [("partner_ids.category_id", "in", [stage.tag])]
