"""What the add-on adds to things Odoo does all day."""

import http.client
import time

from benchmarks.harness import (
    ADDON,
    STOCK,
    database,
    figure,
    paired_ratio,
    server,
    workers,
)

#: (rounds, hits or writes a round, contacts, leads)
SIZES = {"small": (4, 30, 200, 100), "full": (14, 100, 2_500, 2_000)}
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120 Safari/537.36"


def run(size: str) -> None:
    rounds, batch, contacts, leads = SIZES[size]
    with (
        database(STOCK, "bench_without") as without,
        database(ADDON, "bench_with") as with_us,
    ):
        with workers(with_us, without) as pair:
            hits = [worker.call("make_hits", rounds * batch) for worker in pair]
            for worker in pair:
                worker.call("make_contacts", contacts, leads)
            for name in ("lead_write", "partner_write"):
                ours, stock = (
                    lambda turn, worker=worker, name=name: worker.call(
                        name, min(batch, leads), turn
                    )
                    for worker in pair
                )
                report(f"added_{name}", batch, paired_ratio(ours, stock, rounds))
        with server(with_us) as port_ours, server(without) as port_stock:
            for kind in ("open", "click"):
                ours, stock = (
                    lambda turn, port=port, paths=paths, kind=kind: request_each(
                        port,
                        [path[kind] for path in paths[turn * batch :][:batch]],
                    )
                    for port, paths in zip((port_ours, port_stock), hits, strict=True)
                )
                report(f"added_{kind}", batch, paired_ratio(ours, stock, rounds))


def report(name: str, batch: int, result: tuple[float, float, float]) -> None:
    ratio, ours, stock = result
    figure(f"{name}_ratio", ratio, "")
    figure(f"{name}_ours_ms", ours / batch * 1000, "ms")
    figure(f"{name}_stock_ms", stock / batch * 1000, "ms")


def request_each(port: int, paths: list[str]) -> float:
    """Seconds for one request after the other over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    start = time.perf_counter()
    for path in paths:
        connection.request("GET", path, headers={"User-Agent": BROWSER})
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (200, 301):
            raise RuntimeError(f"{path} answered {answer.status}")
    elapsed = time.perf_counter() - start
    connection.close()
    return elapsed
