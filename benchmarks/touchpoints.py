"""How fast the lanes consume what happened: score, segments, journeys, hand-off."""

import statistics

from benchmarks.harness import ADDON, database, figure, workers

SIZES = {"small": (2_000, 8_000), "full": (30_000, 100_000)}
ROUNDS = 3


def run(size: str) -> None:
    persons, touchpoints = SIZES[size]
    with (
        database(ADDON, "bench_touchpoints") as name,
        workers(name, name) as (first, second),
    ):
        first.call("make_contacts", persons, 0)
        first.call("build_persons")
        first.call("make_configuration")
        first.call("make_touchpoints", touchpoints)
        one, two = [], []
        for _round in range(ROUNDS):
            first.call("reset_inbox")
            done, seconds = first.call("consume", 0, 1)
            one.append(done / seconds)
            first.call("reset_inbox")
            first.start("consume", 0, 2)
            second.start("consume", 1, 2)
            results = [first.result(), second.result()]
            done = sum(result[0] for result in results)
            two.append(done / max(result[1] for result in results))
    figure(
        "touchpoints_consumed_per_second_lane",
        statistics.median(one),
        "touchpoints/s",
    )
    figure(
        "touchpoints_two_lanes_ratio",
        statistics.median(b / a for a, b in zip(one, two, strict=True)),
        "",
    )
