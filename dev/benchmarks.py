"""``bench``: the measurements of ``benchmarks/``, in the environment."""

import os
import subprocess

from . import databases, paths
from .bootstrap import ensure
from .console import Problem, say


def run() -> int:
    """Run ``python -m benchmarks``; BENCH= and SIZE= reach it as they are."""
    if not (paths.ROOT / "benchmarks" / "__main__.py").exists():
        raise Problem("There are no measurements: benchmarks/__main__.py is missing.")
    environment = ensure()
    say("Databases")
    stock = databases.ensure_stock(environment.source)
    addon = databases.ensure_addon(environment.source)
    say("Measurements")
    return subprocess.run(
        [str(paths.PYTHON), "-m", "benchmarks"],
        cwd=paths.ROOT,
        env={
            **os.environ,
            **environment.variables(),
            "EMC_TEMPLATE_STOCK": stock,
            "EMC_TEMPLATE": addon,
        },
        check=False,
    ).returncode
