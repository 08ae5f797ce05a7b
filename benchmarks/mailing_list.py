"""The list of 80 mailings with their statistics, beside a stock Odoo's."""

import statistics

from benchmarks.harness import ADDON, STOCK, database, figure, workers

#: (mailings, traces, rounds of ours, rounds of stock)
SIZES = {"small": (80, 20_000, 5, 3), "full": (80, 7_500_000, 9, 3)}


def run(size: str) -> None:
    mailings, traces, *rounds = SIZES[size]
    pages = {}
    for name, template, count in zip(
        ("mailing_list_view", "mailing_list_view_stock"),
        (ADDON, STOCK),
        rounds,
        strict=True,
    ):
        with database(template, "bench_mailings") as copy, workers(copy) as (worker,):
            worker.call("make_mailings", mailings, traces)
            times = []
            for _round in range(count + 1):
                elapsed, pages[name] = worker.call("read_mailing_list")
                times.append(elapsed)
        # The first one warms up.
        figure(f"{name}_ms", statistics.median(times[1:]) * 1000, "ms")
    if len({str(page) for page in pages.values()}) > 1:
        raise RuntimeError("The figures of the list are not Odoo's.")
