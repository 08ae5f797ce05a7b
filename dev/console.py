"""What the commands say: numbered steps, details, one clear sentence on trouble."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from . import paths

ERROR_MARKS = ("E:", "ERROR", "error", "FATAL", "npm error", "psql: error:")
"""How the programs that are called begin the line that says what went wrong."""


class Problem(Exception):
    """A missing piece or a failed step, told to the user in one sentence."""


def say(text: str) -> None:
    """Print one line at once, also when the output is a pipe."""
    print(text, flush=True)


def detail(text: str) -> None:
    """Print a line that belongs to the step above it."""
    say(f"      {text}")


def duration(seconds: float) -> str:
    """Return a duration as a person would say it: 4.2 s or 3 min 12 s."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


@contextlib.contextmanager
def timed(text: str) -> Iterator[None]:
    """Announce a longer action, then say how long it took."""
    detail(f"{text} …")
    start = time.monotonic()
    yield
    detail(f"… done in {duration(time.monotonic() - start)}")


def run(
    command: Sequence[str | Path],
    *,
    purpose: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    hint: str = "",
) -> str:
    """Run a program quietly and return its output.

    :param purpose: what the program is called for, used in the error
    :param env: variables that are added to the environment
    :param hint: what the user can do when it fails
    :raise Problem: when it cannot be started or fails; the whole output is
        then in a log file below ``var/log``
    """
    words = [str(word) for word in command]
    try:
        result = subprocess.run(
            words,
            env={**os.environ, **(env or {})},
            cwd=cwd or paths.VAR,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        raise Problem(f"{purpose}: the program {words[0]!r} is missing.") from None
    if result.returncode:
        raise Problem(_failure(words, purpose, result.stdout, hint))
    return result.stdout


def _failure(words: Sequence[str], purpose: str, output: str, hint: str) -> str:
    """Keep the output of a failed program and return the sentence about it."""
    paths.LOG.mkdir(parents=True, exist_ok=True)
    log = paths.LOG / f"{Path(words[0]).name}-failed.log"
    log.write_text(" ".join(words) + "\n\n" + output)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(ERROR_MARKS)]
    last = (errors or lines or ["no output"])[-1]
    sentence = f"{purpose} failed ({last}); the whole output is in {log}."
    return f"{sentence} {hint}".strip()


def fail(problem: Problem) -> int:
    """Print the sentence of a problem and return the exit status."""
    sys.stdout.flush()
    print(f"\n✗ {problem}", file=sys.stderr, flush=True)
    return 1
