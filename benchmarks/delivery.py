"""Mails per second: Odoo's, the two lanes', and what the machine could do.

A newsletter of 45 KB with 12 tracked links, composed and handed to the same mail server
in the same run; then workers that are killed while they send.
"""

import os
import statistics

from benchmarks.harness import (
    ADDON,
    STOCK,
    Sink,
    Worker,
    database,
    figure,
    sink,
    workers,
)

#: Mails: of the comparison, for one worker and two, of a short and a long mailing, of
#: the runs with kills; kills.
SIZES = {
    "small": (300, 300, 300, 1_200, 300, 3),
    "full": (10_000, 20_000, 1_000, 100_000, 5_000, 50),
}
#: Turns of one worker and two, and of a short mailing: medians count.
TURNS = {"small": 1, "full": 5}


def run(size: str) -> None:
    mails, shared_mails, short, long, killed_mails, kills = SIZES[size]
    with (
        sink() as server,
        database(STOCK, "bench_delivery_stock") as without,
        database(ADDON, "bench_delivery") as with_us,
    ):
        speeds = compare(server, without, with_us, mails)
        for lane in ("standard", "high_volume"):
            figure(f"delivery_{lane}_per_second", speeds[lane], "mails/s")
            ratio = speeds[lane] / speeds["stock"]
            figure(f"delivery_{lane}_vs_stock_ratio", ratio, "")
        figure("delivery_stock_per_second", speeds["stock"], "mails/s")
        figure("delivery_smtplib_per_second", speeds["smtplib"], "mails/s")
        ratio = speeds["high_volume"] / speeds["smtplib"]
        figure("delivery_high_volume_vs_smtplib_ratio", ratio, "")
        compare_lanes(server, with_us, shared_mails, TURNS[size])
        compare_sizes(server, with_us, short, long, TURNS[size])
    kill(killed_mails, kills)


def compare(server: Sink, without: str, with_us: str, mails: int) -> dict[str, float]:
    """Mails per second of Odoo, of both lanes, and of a bare program."""
    speeds = {}
    with workers(without, with_us) as (stock, ours):
        for worker in (stock, ours):
            worker.call("use_sink", server.port)
        ours.call("set_lanes", 1)
        for lane in ("stock", "standard", "high_volume"):
            worker = stock if lane == "stock" else ours
            mailing = worker.call(
                "make_mailing", mails, lane, lane != "stock", lane == "high_volume"
            )
            server.count()
            if lane == "stock":
                seconds, cpu = stock.call("send_stock", mailing)
            else:  # Odoo looks for recipients while it sends; ours are planned before
                planning = ours.call("launch", mailing)
                sending = ours.call("send_ours", 0, 1)
                seconds, cpu = map(sum, zip(planning, sending, strict=True))
            check(server, worker, mailing, mails)
            speeds[lane] = mails / seconds
            figure(f"delivery_{lane}_cpu_ms", 1000 * cpu / mails, "ms")
        message = ours.call("get_message")
        seconds, _cpu = ours.call("send_bare", server.port, message, mails)
        speeds["smtplib"] = mails / seconds
        server.count()
    return speeds


def check(server: Sink, worker: Worker, mailing: int, mails: int) -> None:
    """Every mail came once, and is noted as sent."""
    came, addresses = server.count()
    noted = worker.call("count_sent", mailing)
    if not came == addresses == mails or noted != [mails, mails]:
        raise RuntimeError(f"{came} mails to {addresses} came, {noted} are noted.")


def compare_lanes(server: Sink, name: str, mails: int, turns: int) -> None:
    """What a second worker adds."""
    speeds = {1: [], 2: []}
    for turn in range(turns):
        for lanes in speeds:
            with workers(name) as [worker]:
                worker.call("set_lanes", lanes)
                tag = f"turn{turn}lane{lanes}"
                mailing = worker.call("make_mailing", mails, tag, True, True)
                worker.call("launch", mailing)
            # Whoever launched it knows already what another worker has yet to read.
            with workers(*[name] * lanes) as pair:
                for worker in pair:
                    worker.call("use_sink", server.port)
                server.count()
                for number, worker in enumerate(pair):
                    worker.start("send_ours", number, lanes)
                seconds = max(worker.result()[0] for worker in pair)
                check(server, pair[0], mailing, mails)
                speeds[lanes].append(mails / seconds)
    # Each pair ran within a minute: what slowed one down slowed the other down.
    ratios = [two / one for one, two in zip(*speeds.values(), strict=True)]
    figure("delivery_two_lanes_per_second", statistics.median(speeds[2]), "mails/s")
    figure("delivery_two_lanes_ratio", statistics.median(ratios), "")


def compare_sizes(server: Sink, name: str, short: int, long: int, turns: int) -> None:
    """Whether a long mailing is as fast as a short one, and what memory it takes."""
    speeds, memory = {short: [], long: []}, {}
    for turn, mails in enumerate([*[short] * turns, long]):
        with workers(name) as [worker]:
            worker.call("set_lanes", 1)
            tag = f"turn{turn}size{mails}"
            mailing = worker.call("make_mailing", mails, tag, True, True)
            worker.call("launch", mailing)
        with workers(name) as [worker]:  # whose memory is for sending alone
            worker.call("use_sink", server.port)
            server.count()
            seconds, _cpu = worker.call("send_ours", 0, 1)
            check(server, worker, mailing, mails)
            speeds[mails].append(mails / seconds)
            memory[mails] = worker.call("get_memory")
    brief, extended = map(statistics.median, speeds.values())
    figure("delivery_linearity_ratio", extended / brief, "")
    figure("delivery_memory_mb", memory[long], "MB")
    figure("delivery_memory_ratio", memory[long] / memory[short], "")


def kill(mails: int, kills: int) -> None:
    """Kill workers at random while they send, in both lanes."""
    from tests.processes import kill_run

    happened = doubled = missing = unknown = 0
    for is_high_volume in (False, True):
        with database(ADDON, f"bench_kill_{os.getpid()}") as name:
            found = kill_run.run(
                name,
                mails=mails,
                kills=kills,
                is_high_volume=is_high_volume,
            )
        happened += found["kills"]
        doubled += found["doubled"]
        missing += found["missing"]
        unknown += found["unknown"]
    figure("delivery_kill_workers", happened, "kills")
    figure("delivery_kill_doubled", doubled, "mails")
    figure("delivery_kill_missing", missing, "mails")
    figure("delivery_kill_unknown", unknown, "mails")
