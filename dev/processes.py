"""Programs that keep running: start them aside, wait until they answer, stop them."""

import contextlib
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from .console import Problem


def start(
    command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None
) -> subprocess.Popen:
    """Start a program in a group of its own, with its output in a log file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as handle:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )


def answers(url: str, timeout: float = 2) -> bool:
    """Tell whether a page answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as page:
            return page.status < 400
    except (OSError, urllib.error.URLError, ValueError):
        return False


def wait_for(
    url: str, process: subprocess.Popen, what: str, log: Path, timeout: float
) -> None:
    """Wait until a page answers.

    :raise Problem: when the program ends before or the time is over
    """
    end = time.monotonic() + timeout
    while not answers(url):
        if process.poll() is not None:
            lines = log.read_text(errors="replace").strip().splitlines() or ["nothing"]
            raise Problem(f"{what} stopped at once; it said: {lines[-1]} (see {log}).")
        if time.monotonic() > end:
            raise Problem(f"{what} does not answer at {url}; see {log}.")
        time.sleep(0.1)


def stop(process: subprocess.Popen, timeout: float = 20) -> None:
    """End a program and what it started."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
