"""Stamps: what was made from which input, so that the second start takes seconds."""

import contextlib
import fcntl
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from . import paths
from .console import Problem, detail


def read(name: str) -> Any:
    """Return what was stored under a name, None when nothing usable is there."""
    try:
        return json.loads((paths.STATE / f"{name}.json").read_text())
    except (OSError, ValueError):
        return None


def write(name: str, value: Any) -> None:
    """Store a value under a name; a reader never sees half of it."""
    paths.STATE.mkdir(parents=True, exist_ok=True)
    target = paths.STATE / f"{name}.json"
    draft = target.with_suffix(".draft")
    draft.write_text(json.dumps(value, indent=1, sort_keys=True))
    draft.replace(target)


def forget(name: str) -> None:
    """Drop what was stored under a name."""
    (paths.STATE / f"{name}.json").unlink(missing_ok=True)


def digest(parts: Iterable[str | bytes | Path]) -> str:
    """Return a hash of texts and of the contents of files."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            part = str(part.name).encode() + b"\0" + part.read_bytes()
        elif isinstance(part, str):
            part = part.encode()
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()


@contextlib.contextmanager
def locked(path: Path = paths.LOCK) -> Iterator[None]:
    """Let one process at a time build things below ``var``; others wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            detail("another command is setting up this folder, waiting for it …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def alone(path: Path, complaint: str) -> Iterator[None]:
    """Let one process at a time do something; another one is told so and ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem(complaint) from None
        yield
