"""Packages of npm below ``var``: the mail catcher and the JavaScript checks."""

import shutil

from . import paths, state
from .console import detail, run, timed

FILES = [paths.ROOT / name for name in ("package.json", "package-lock.json", ".npmrc")]


def ensure() -> None:
    """Install exactly what the lock file names."""
    stamp = state.digest([*FILES, str(paths.NODE)])
    if state.read("node") == stamp and paths.NODE_BIN.exists():
        detail("up to date")
        return
    state.forget("node")
    paths.NODE.mkdir(parents=True, exist_ok=True)
    for path in FILES:
        shutil.copy(path, paths.NODE)
    with timed("installing the packages of package-lock.json"):
        run(
            ["npm", "ci", "--no-progress", "--loglevel=error"],
            purpose="Installing the packages of npm",
            cwd=paths.NODE,
            env=paths.cache_for("npm_config_cache"),
            hint="Check the network and start again.",
        )
    state.write("node", stamp)
