"""Odoo as a running server."""

import contextlib
import subprocess
from collections.abc import Iterator, Mapping

from . import paths, processes
from .console import detail

LOGIN = "admin"
PASSWORD = "admin"
"""Of every database made here; reachable from this machine only."""


def url(ports: Mapping[str, int]) -> str:
    """Return the address of Odoo."""
    return f"http://127.0.0.1:{ports['odoo']}"


@contextlib.contextmanager
def running(database: str, ports: Mapping[str, int]) -> Iterator[subprocess.Popen]:
    """Run Odoo with two cron workers while the block runs."""
    log = paths.LOG / f"odoo-{database}.log"
    process = processes.start(
        [
            paths.VENV_BIN / "odoo-bin",
            f"--database={database}",
            f"--db-filter=^{database}$",
            f"--http-port={ports['odoo']}",
            f"--smtp-port={ports['smtp']}",
            "--max-cron-threads=2",
        ],
        log,
    )
    try:
        processes.wait_for(f"{url(ports)}/web/health", process, "Odoo", log, 120)
        detail(f"Odoo on {url(ports)}, log in {log}")
        yield process
    finally:
        processes.stop(process)
