"""How long the first page of a long history takes, from the browser's side."""

import json
import statistics
import time
import urllib.request

from benchmarks.harness import ADDON, database, figure, server, workers

SIZES = {"small": 1_000, "full": 10_000}
ROUNDS = 30


def run(size: str) -> None:
    with database(ADDON, "bench_timeline") as name:
        with workers(name) as (worker,):
            partner_id = worker.call("make_history", SIZES[size])
            key = worker.call("api_key")
        with server(name) as port:
            times = [first_page(port, name, key, partner_id) for _ in range(ROUNDS)]
    figure("timeline_10k_latency_ms", statistics.median(times[5:]) * 1000, "ms")


def first_page(port: int, name: str, key: str, partner_id: int) -> float:
    """Seconds of one call over HTTP, signed in anew with an API key."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/json/2/res.partner/marketing_timeline",
        data=json.dumps({"ids": [partner_id], "limit": 40}).encode(),
        headers={
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "X-Odoo-Database": name,
        },
    )
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        content = json.load(answer)
    elapsed = time.perf_counter() - start
    if len(content["touchpoints"]) < 40:
        raise RuntimeError("The page is not complete.")
    return elapsed
