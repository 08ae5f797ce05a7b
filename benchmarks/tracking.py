"""Opens and clicks over HTTP, beside a stock Odoo of the same kind."""

import http.client
import itertools
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.harness import (
    ADDON,
    STOCK,
    database,
    figure,
    paired_ratio,
    server,
    workers,
)
from benchmarks.overhead import BROWSER

#: (rounds, hits a round)
SIZES = {"small": (4, 40), "full": (12, 400)}
CLIENTS = 4
LINKS = 200
#: figure → which path of a mail is asked for; "hot": everybody follows one link
KINDS = {"pixel": "open", "click": "click", "click_hot_link": "hot"}


def run(size: str) -> None:
    rounds, batch = SIZES[size]
    with (
        database(STOCK, "bench_without") as without,
        database(ADDON, "bench_with") as with_us,
    ):
        with workers(with_us, without) as pair:
            hits = [worker.call("make_hits", rounds * batch, LINKS) for worker in pair]
        # Two processes each, as an Odoo that serves the public has.
        with (
            server(with_us, processes=2) as port_ours,
            server(without, processes=2) as port_stock,
        ):
            for kind, path in KINDS.items():
                ours, stock = (
                    lambda turn, port=port, paths=paths, path=path: ask_together(
                        port,
                        [row[path] for row in paths[turn * batch :][:batch]],
                    )
                    for port, paths in zip((port_ours, port_stock), hits, strict=True)
                )
                ratio, time_ours, time_stock = paired_ratio(ours, stock, rounds)
                figure(f"{kind}_vs_stock_ratio", 1 / ratio, "")
                figure(f"{kind}_ours_per_second", batch / time_ours, "/s")
                figure(f"{kind}_stock_per_second", batch / time_stock, "/s")


def ask_together(port: int, paths: list[str]) -> float:
    """Seconds until some clients at once have asked for all of these."""
    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask, itertools.repeat(port), paths))
    return time.perf_counter() - start


def ask(port: int, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"User-Agent": BROWSER})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status not in (200, 301):
        raise RuntimeError(f"{path} answered {answer.status}")
