"""The virtual environment: Odoo's pinned packages and the tools of development."""

import shutil
import sys
from pathlib import Path

from . import paths, state
from .console import detail, run, timed
from .odoo_source import OdooSource

REQUIREMENTS = [
    paths.DEV / "requirements-odoo.txt",
    paths.DEV / "requirements-addon.txt",
    paths.DEV / "requirements-dev.txt",
]

ODOO_BIN = """#!/bin/sh
# odoo-bin of this environment: its Odoo, its settings.
export ODOO_RC="${{ODOO_RC:-{conf}}}"
export PYTHONPYCACHEPREFIX="${{PYTHONPYCACHEPREFIX:-{cache}}}"
exec "{python}" "{program}" "$@"
"""
#: A file, as Odoo's server with workers starts itself once more: for the bus.
PROGRAM = """import odoo.cli

if __name__ == "__main__":
    odoo.cli.main()
"""


def ensure(source: OdooSource) -> None:
    """Create the environment, or bring it up to date with the requirements."""
    stamp = state.digest([*REQUIREMENTS, str(paths.VENV), sys.version])
    if state.read("python") != stamp or not paths.PYTHON.exists():
        state.forget("python")
        if not paths.PYTHON.exists() or not _same_python():
            shutil.rmtree(paths.VENV, ignore_errors=True)
            run(
                [sys.executable, "-m", "venv", paths.VENV],
                purpose="Creating the virtual environment",
            )
        options = [word for path in REQUIREMENTS for word in ("-r", str(path))]
        with timed("installing the pinned Python packages (about a minute)"):
            run(
                [
                    paths.PYTHON,
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--no-input",
                    "--disable-pip-version-check",
                    *options,
                ],
                purpose="Installing the Python packages",
                env=paths.cache_for("PIP_CACHE_DIR"),
                hint="Check the network and start again.",
            )
        state.write("python", stamp)
    else:
        detail("up to date")
    _link_odoo(source)


def _same_python() -> bool:
    """Tell whether the environment was made by the Python that is running."""
    config = (paths.VENV / "pyvenv.cfg").read_text()
    version = ".".join(map(str, sys.version_info[:3]))
    return f"version = {version}" in config


def _link_odoo(source: OdooSource) -> None:
    """Let the environment import Odoo and the repository's own packages."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    site = paths.VENV / "lib" / version / "site-packages"
    pth = site / "odoo_environment.pth"
    _write(pth, f"{source.python_path}\n{paths.ROOT}\n")
    program = paths.VENV_BIN / "odoo_program.py"
    script = ODOO_BIN.format(
        conf=paths.ODOO_CONF,
        python=paths.PYTHON,
        cache=paths.PYCACHE,
        program=program,
    )
    _write(program, PROGRAM)
    _write(paths.VENV_BIN / "odoo-bin", script)
    (paths.VENV_BIN / "odoo-bin").chmod(0o755)


def _write(path: Path, text: str) -> None:
    """Write a file, unless it is so already."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
