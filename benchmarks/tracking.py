"""Opens and clicks over HTTP, beside a stock Odoo of the same kind."""

import itertools
import socket
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
SIZES = {"small": (4, 40), "full": (12, 1200)}
CLIENTS = 4
LINKS = 200
END_OF_HEADERS = b"\r\n\r\n"
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
    shares = [paths[number::CLIENTS] for number in range(CLIENTS)]
    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask_each, itertools.repeat(port), shares))
    return time.perf_counter() - start


def ask_each(port: int, paths: list[str]) -> None:
    for path in paths:
        ask(port, path)


def ask(port: int, path: str) -> None:
    """Ask as a browser would, and look at no more of the answer than its status.

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
    status = answer.split(None, 2)[1]
    if status not in (b"200", b"301"):
        raise RuntimeError(f"{path} answered {status.decode()}")
