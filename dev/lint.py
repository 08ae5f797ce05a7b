"""``lint``: every check the OCA's add-ons pass, called directly.

All checks run even when one fails, so that one run tells everything.
"""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from . import paths, translations
from .bootstrap import Environment, ensure
from .console import detail, duration, run, say

PRETTY = {".css", ".js", ".json", ".scss", ".xml", ".yaml", ".yml"}
"""What prettier looks after; texts for readers keep the line breaks of their author."""

LEFT_ALONE = {"lib", "node_modules", "cassettes"}
"""Folders with files of others."""


def sources(*suffixes: str) -> list[str]:
    """Return the repository's own files with one of the suffixes."""
    listed = run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        purpose="Listing the sources",
        cwd=paths.ROOT,
    )
    return sorted(
        name
        for name in listed.split("\0")
        if Path(name).suffix in suffixes
        and not LEFT_ALONE.intersection(Path(name).parts)
        and name != "package-lock.json"
        and (paths.ROOT / name).is_file()
    )


def _call(*words: str | Path) -> int:
    """Run a checker in the repository and return its exit status."""
    return subprocess.run(
        [str(word) for word in words],
        cwd=paths.ROOT,
        env={
            **os.environ,
            "NODE_PATH": str(paths.NODE / "node_modules"),
            "PATH": f"{paths.VENV_BIN}{os.pathsep}{os.environ['PATH']}",
        },
        stdin=subprocess.DEVNULL,
        check=False,
    ).returncode


def _ruff() -> int:
    return _call(paths.VENV_BIN / "ruff", "check", "--no-cache", "--quiet", ".")


def _ruff_format() -> int:
    return _call(paths.VENV_BIN / "ruff", "format", "--no-cache", "--check", ".")


def _pylint() -> int:
    modules = [addon.name for addon in paths.addons()]
    return _call(
        paths.PYTHON,
        "-m",
        "pylint",
        "--rcfile=pyproject.toml",
        "--jobs=2",
        *modules,
    )


def _oca_module(*options: str) -> int:
    manifests = [f"{addon.name}/__manifest__.py" for addon in paths.addons()]
    return _call(paths.VENV_BIN / "oca-checks-odoo-module", *options, *manifests)


def _oca_po() -> int:
    files = sources(".po", ".pot")
    if not files:
        return 0
    # Layout and order are those of Odoo's own export.
    return _call(
        paths.VENV_BIN / "oca-checks-po",
        "--disable=po-pretty-format",
        *files,
    )


def _eslint() -> int:
    files = [name for name in sources(".js", ".cjs") if not name.startswith("docs/")]
    if not files:
        return 0
    return _call(paths.NODE_BIN / "eslint", "--max-warnings=0", *files)


def _prettier() -> int:
    files = sources(*PRETTY)
    return _call(paths.NODE_BIN / "prettier", "--log-level=warn", "--check", *files)


def checks(environment: Environment) -> dict[str, Callable[[], int]]:
    """Return the checks by name."""
    return {
        "ruff": _ruff,
        "ruff format": _ruff_format,
        "pylint-odoo": _pylint,
        "oca-checks-odoo-module": _oca_module,
        "oca-checks-po": _oca_po,
        "eslint": _eslint,
        "prettier": _prettier,
        "translations": lambda: translations.check(environment),
    }


def run_all(found: dict[str, Callable[[], int]]) -> list[str]:
    """Run checks and return the names of those that failed."""
    failed = []
    for number, (name, check) in enumerate(found.items(), 1):
        say(f"({number}/{len(found)}) {name}")
        start = time.monotonic()
        status = check()
        if status:
            failed.append(name)
        word = f"failed with status {status}" if status else "passed"
        detail(f"{word}, {duration(time.monotonic() - start)}")
    return failed


def run_lint() -> int:
    """Run every check; ``LINT=name`` runs those whose name has the word."""
    wanted = os.environ.get("LINT", "")
    environment = ensure()
    say("Checks")
    found = {n: c for n, c in checks(environment).items() if wanted in n}
    failed = run_all(found)
    if failed:
        say(f"\n✗ {len(failed)} of {len(found)} checks failed: {', '.join(failed)}")
        return 1
    say(f"\n✓ all {len(found)} checks passed")
    return 0


def fix() -> int:
    """Let the tools put right what they can; what is left 'lint' tells."""
    ensure()
    say("Putting right")
    ruff = paths.VENV_BIN / "ruff"
    scripts = [name for name in sources(".js", ".cjs") if not name.startswith("docs/")]
    statuses = [
        _call(ruff, "check", "--no-cache", "--quiet", "--fix", "."),
        _call(ruff, "format", "--no-cache", "."),
        _oca_module("--fix", "--no-verbose"),
    ]
    if scripts:
        statuses.append(_call(paths.NODE_BIN / "eslint", "--fix", *scripts))
    prettier = paths.NODE_BIN / "prettier"
    statuses.append(_call(prettier, "--log-level=warn", "--write", *sources(*PRETTY)))
    return max(statuses)
