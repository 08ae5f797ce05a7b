"""What the groups share: databases, worker processes, servers, figures."""

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dev import databases, paths, ports

STOCK = os.environ.get("EMC_TEMPLATE_STOCK", "template_stock")
ADDON = os.environ.get("EMC_TEMPLATE", "template_addon")


def figure(name: str, value: float, unit: str) -> None:
    """Print one figure."""
    text = f"{value:,.0f}".replace(",", "") if abs(value) >= 100 else f"{value:.3g}"
    print(f"{name}: {text} {unit}".rstrip(), flush=True)


@contextmanager
def database(template: str, name: str) -> Iterator[str]:
    """A copy of a template that is gone afterwards."""
    databases.drop(name)
    databases.copy(template, name)
    try:
        yield name
    finally:
        databases.drop(name)


class Worker:
    """A process with Odoo's registry of one database, which runs what it is told.

    The commands are the functions of `benchmarks.commands`; each is called with
    Odoo's environment in a transaction of its own.
    """

    def __init__(self, name: str):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.commands", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, command: str, *arguments: object) -> None:
        """Let the command run; `result` waits for it."""
        self.process.stdin.write(json.dumps([command, *arguments]) + "\n")
        self.process.stdin.flush()

    def result(self) -> object:
        """What the command returned; raises RuntimeError when it failed."""
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("The worker stopped; its error is above.")
        return json.loads(line)

    def call(self, command: str, *arguments: object) -> object:
        self.start(command, *arguments)
        return self.result()

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(30)


@contextmanager
def workers(*names: str) -> Iterator[list[Worker]]:
    """Workers on these databases, stopped afterwards."""
    started = [Worker(name) for name in names]
    try:
        yield started
    finally:
        for worker in started:
            worker.close()


class Sink:
    """A mail server of its own process that takes and counts everything."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sink"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self.process.stdout.readline())

    def addresses(self) -> dict[str, int]:
        """How many mails each address got."""
        self.process.stdin.write("addresses\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def count(self) -> tuple[int, int]:
        """Mails it took since the last call, and addresses that got some."""
        self.process.stdin.write("count\n")
        self.process.stdin.flush()
        mails, addresses = self.process.stdout.readline().split()
        return int(mails), int(addresses)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(30)


@contextmanager
def sink() -> Iterator[Sink]:
    """A mail server, stopped afterwards."""
    started = Sink()
    try:
        yield started
    finally:
        started.close()


@contextmanager
def server(name: str, processes: int = 0) -> Iterator[int]:
    """Odoo's server on one database, without crons; gives its port.

    The database is fixed: with a filter Odoo asks for all databases there are, anew
    with every request, which would be most of what is measured.

    Its errors are in the folder of logs, in a file named after the database.

    :param processes: workers; 0 for the server with threads in one process
    """
    port = ports.free(8190, {})
    log = paths.LOG / f"{name}.log"
    log.unlink(missing_ok=True)
    process = subprocess.Popen(
        [
            os.environ["EMC_ODOO_BIN"],
            f"--logfile={log}",
            f"--database={name}",
            f"--http-port={port}",
            # Of its own: a server that does not get it starts that part anew for ever.
            f"--gevent-port={ports.free(port + 100, {})}",
            f"--workers={processes}",
            "--max-cron-threads=0",
            "--log-level=error",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_ready(port: int, process: subprocess.Popen) -> None:
    for _attempt in range(240):
        if process.poll() is not None:
            raise RuntimeError("Odoo did not start.")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/web/health", timeout=5)
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.25)
    raise RuntimeError("Odoo does not answer.")


def take_turns(
    ours: Callable[[int], float], stock: Callable[[int], float], rounds: int
) -> list[tuple[float, float]]:
    """Seconds of two programs that take turns, in pairs (ours, stock).

    The first round warms both up and does not count.

    :param ours: does its work for one round and returns the seconds
    """
    pairs = []
    for number in range(rounds):
        # The order changes, so that what warms up first is no advantage.
        if number % 2:
            time_ours, time_stock = ours(number), stock(number)
        else:
            time_stock, time_ours = stock(number), ours(number)
        pairs.append((time_ours, time_stock))
    return pairs[1:]


def medians(pairs: list[tuple[float, float]]) -> tuple[float, float, float]:
    """(median of the ratios of ours to stock, median of ours, median of stock)."""
    return (
        statistics.median(ours / stock for ours, stock in pairs),
        statistics.median(ours for ours, _stock in pairs),
        statistics.median(stock for _ours, stock in pairs),
    )


def paired_ratio(
    ours: Callable[[int], float], stock: Callable[[int], float], rounds: int
) -> tuple[float, float, float]:
    """Take turns, and give the medians."""
    return medians(take_turns(ours, stock, rounds))
