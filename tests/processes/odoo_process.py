"""Odoo in a process of its own, which can be killed."""

import os
import random
import signal
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""Scripts import from here what they share."""

PREAMBLE = """
import os, sys
import odoo
import odoo.modules.registry
from odoo.api import SUPERUSER_ID, Environment

odoo.tools.config.parse_config(
    ["-c", os.environ["EMC_ODOO_CONF"], "-d", {name!r}, "--log-level=error"]
    + {options!r}
)
registry = odoo.modules.registry.Registry({name!r})


def environment(cr):
    return Environment(cr, SUPERUSER_ID, {{"tracking_disable": True}})


"""


#: A worker: runs its shard of a lane until nothing is left to do.
LANE = """
import psycopg2.errors
print("ready", flush=True)
while True:
    with registry.cursor() as cr:
        model = environment(cr)[{model!r}]
        try:
            processed, _remaining = model._run_lane({number}, {count})
            cr.commit()
        except psycopg2.errors.SerializationFailure:
            cr.rollback()
            continue
    if not processed:
        break
"""


def start(name: str, script: str, options: Sequence[str] = ()) -> subprocess.Popen:
    """Start Python with Odoo's registry of a database; `registry` and `environment`
    are at hand in the script.

    :param options: of odoo-bin
    """
    code = PREAMBLE.format(name=name, options=list(options)) + textwrap.dedent(script)
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
        cwd=ROOT,
    )


def run(
    name: str, script: str, timeout: float = 300, options: Sequence[str] = ()
) -> str:
    """Run a script to its end and return what it printed."""
    process = start(name, script, options)
    output, _errors = process.communicate(timeout=timeout)
    if process.returncode:
        raise AssertionError(f"The process ended with {process.returncode}:\n{output}")
    return output


def odoo_bin(*arguments: str, stdin: str | None = None) -> str:
    """Run odoo-bin to its end and return its log."""
    done = subprocess.run(
        [os.environ["EMC_ODOO_BIN"], *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    return done.stdout + done.stderr


def run_with_kills(
    name: str, model: str, script: str, lanes: int, shortest: float, longest: float
) -> None:
    """Run a worker a lane of a model; kill all of them three times on the way.

    The moments are drawn with a fixed seed.

    :param script: what each worker does before its work begins
    :param shortest: seconds of work before which no worker is killed
    :param longest: seconds of work after which each that still runs is killed
    """
    randomness = random.Random(20260304)
    kills = 0
    for _attempt in range(3):
        workers = _start_lanes(name, model, script, lanes)
        for worker in workers:
            assert worker.stdout.readline().strip() == "ready"
        for worker in workers:
            try:
                worker.wait(randomness.uniform(shortest, longest))
            except subprocess.TimeoutExpired:
                worker.send_signal(signal.SIGKILL)
                kills += 1
                worker.wait()
    for worker in _start_lanes(name, model, script, lanes):
        output, _errors = worker.communicate(timeout=240)
        assert worker.returncode == 0, output
    assert kills, "Every worker ended before it could be killed."


def _start_lanes(
    name: str, model: str, script: str, lanes: int
) -> list[subprocess.Popen]:
    return [
        start(name, script + LANE.format(model=model, number=number, count=lanes))
        for number in range(lanes)
    ]
