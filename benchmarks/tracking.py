"""Opens and clicks over HTTP, beside a stock Odoo of the same kind."""

import itertools
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from benchmarks.harness import (
    ADDON,
    STOCK,
    database,
    figure,
    medians,
    server,
    take_turns,
    workers,
)
from benchmarks.overhead import BROWSER

#: (starts of the servers, rounds a start, hits a round)
SIZES = {"small": (2, 2, 40), "full": (3, 4, 1000)}
CLIENTS = 4
LINKS = 200
END_OF_HEADERS = b"\r\n\r\n"
#: figure → which path of a mail is asked for; "hot": everybody follows one link
KINDS = {"pixel": "open", "click": "click", "click_hot_link": "hot"}


def run(size: str) -> None:
    starts, rounds, batch = SIZES[size]
    pairs = {kind: [] for kind in KINDS}
    with (
        database(STOCK, "bench_without") as without,
        database(ADDON, "bench_with") as with_us,
    ):
        count = starts * rounds * batch
        with workers(with_us, without) as pair:
            hits = [worker.call("make_hits", count, LINKS) for worker in pair]
        # The same program is quicker or slower by a tenth from one start to the next.
        for start in range(starts):
            shares = [rows[start * rounds * batch :] for rows in hits]
            measure(with_us, without, shares, rounds, batch, pairs)
    for kind in KINDS:
        ratio, time_ours, time_stock = medians(pairs[kind])
        figure(f"{kind}_vs_stock_ratio", 1 / ratio, "")
        figure(f"{kind}_ours_per_second", batch / time_ours, "/s")
        figure(f"{kind}_stock_per_second", batch / time_stock, "/s")


def measure(
    with_us: str,
    without: str,
    hits: list[list[dict[str, str]]],
    rounds: int,
    batch: int,
    pairs: dict[str, list[tuple[float, float]]],
) -> None:
    """Start both servers, and add the seconds of each round to `pairs`, by kind.

    :param hits: the paths of mails in the database with us, and in that without
    """
    # Two processes each, as an Odoo that serves the public has.
    with (
        server(with_us, processes=2) as port_ours,
        server(without, processes=2) as port_stock,
    ):
        for kind, path in KINDS.items():
            ours, stock = ([row[path] for row in rows] for rows in hits)
            pairs[kind] += take_turns(
                asker(port_ours, ours, batch),
                # It gives up a click that collided five times: an answer like others.
                asker(port_stock, stock, batch, may_fail=True),
                rounds,
            )


def asker(
    port: int, paths: list[str], batch: int, may_fail: bool = False
) -> Callable[[int], float]:
    """What asks for a share of the paths each round."""
    return lambda turn: ask_together(port, paths[turn * batch :][:batch], may_fail)


def ask_together(port: int, paths: list[str], may_fail: bool = False) -> float:
    """Seconds until some clients at once have asked for all of these.

    :param may_fail: whether an answer that is an error counts like any other
    :raises RuntimeError: for such an answer where it does not
    """
    shares = [paths[number::CLIENTS] for number in range(CLIENTS)]
    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        statuses = list(pool.map(ask_each, itertools.repeat(port), shares))
    elapsed = time.perf_counter() - start
    failed = set().union(*statuses) - {b"200", b"301"}
    if failed and not may_fail:
        raise RuntimeError(f"The server answered {failed}; its log says why.")
    return elapsed


def ask_each(port: int, paths: list[str]) -> set[bytes]:
    return {ask(port, path) for path in paths}


def ask(port: int, path: str) -> bytes:
    """Ask as a browser would, and return no more of the answer than its status.

    Who asks shares the machine with who answers, so it does as little as it can:
    Python's HTTP client would make a share of the measured time its own.
    """
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: {BROWSER}\r\n"
        "Connection: close\r\n\r\n"
    )
    with socket.socket() as connection:
        connection.settimeout(60)
        connection.connect(("127.0.0.1", port))
        connection.sendall(request.encode())
        answer = b""
        while END_OF_HEADERS not in answer:
            answer += connection.recv(1 << 16) or END_OF_HEADERS
    return answer[len("HTTP/1.1 ") :][:3]
