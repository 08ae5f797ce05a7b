"""How fast segments follow, beside SQL written by hand and the ORM's own search."""

import statistics
import time

from benchmarks.harness import ADDON, database, figure, paired_ratio, workers
from benchmarks.segment_cases import CASES, SEED

#: Contacts, leads, touchpoints, random changes.
SIZES = {
    "small": (5_000, 1_500, 50_000, 1_000),
    "full": (1_000_000, 300_000, 10_000_000, 100_000),
}
#: Countries, of 200, whose contacts are the crowd: a fifth of all.
CROWD_COUNTRIES = 40
ROUNDS = 7
FILL_ROUNDS = 3
SEGMENTS = 50
SETTLE_SECONDS = 12
PERSONS = 500


def run(size: str) -> None:
    partners, leads, touchpoints, changes = SIZES[size]
    with database(ADDON, "bench_segments") as name, workers(name) as (worker,):
        worker.call("make_segment_data", partners, leads, touchpoints)
        for case in CASES:
            _measure_case(worker, case)
        _measure_previews(worker)
        _measure_crowd(worker)
        _measure_incremental(worker, min(PERSONS, partners // 10))
        _measure_drift(worker, changes)


def _measure_case(worker, case):
    """A full refresh where nothing changes, and the first one, where all is new."""
    segment_id = worker.call("make_case", case)
    fills, bare_fills = [], []
    for _round in range(FILL_ROUNDS):
        bare_fills.append(worker.call("bare_fill", case))
        members, seconds = worker.call("fill_case", segment_id)
        fills.append(seconds)
    answer, _seconds = worker.call("bare_case", case)
    if answer != members:
        raise RuntimeError(f"{case}: {members} members, {answer} by hand")
    ratio, ours, bare = paired_ratio(
        lambda _round: worker.call("refresh_case", segment_id),
        lambda _round: worker.call("bare_case", case)[1],
        ROUNDS,
    )
    search_ratio, _ours, _search = paired_ratio(
        lambda _round: worker.call("refresh_case", segment_id),
        lambda _round: worker.call("search_case", case),
        ROUNDS,
    )
    figure(f"segment_full_{case}_members", members, "persons")
    figure(f"segment_full_{case}_seconds", ours, "s")
    figure(f"segment_full_{case}_bare_seconds", bare, "s")
    figure(f"segment_full_{case}_ratio", ratio, "")
    figure(f"segment_full_{case}_vs_search_ratio", search_ratio, "")
    figure(f"segment_fill_{case}_seconds", statistics.median(fills), "s")
    figure(
        f"segment_fill_{case}_ratio",
        statistics.median(a / b for a, b in zip(fills, bare_fills, strict=True)),
        "",
    )


def _measure_previews(worker):
    """The slowest case decides."""
    figure(
        "segment_preview_1m_seconds",
        max(worker.call("preview_case", case, 3) for case in CASES),
        "s",
    )


def _measure_crowd(worker):
    segment_id, members, seconds = worker.call("make_crowd", CROWD_COUNTRIES)
    figure("segment_fill_persons_per_second", members / seconds, "persons/s")
    times = [worker.call("refresh_case", segment_id) for _round in range(ROUNDS)]
    figure("segment_noop_200k_seconds", statistics.median(times[1:]), "s")


def _measure_incremental(worker, persons):
    worker.call("make_segments", SEGMENTS)
    times = [
        worker.call("consume_changes", persons, SEED + number)
        for number in range(ROUNDS)
    ]
    figure("segment_incremental_500x50_seconds", statistics.median(times[1:]), "s")


def _measure_drift(worker, changes):
    """Let everything follow, then compare with a full computation."""
    worker.call("change_at_random", changes, SEED)
    rows, seconds = worker.call("consume", 0, 1)
    time.sleep(SETTLE_SECONDS)  # opens and clicks wait before they count
    worker.call("consume", 0, 1)
    figure("segment_followed_per_second", rows / seconds, "rows/s")
    figure("segment_drift", worker.call("measure_drift"), "members")
