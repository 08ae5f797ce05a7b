"""Packages of the system: installed with apt, only when they are missing."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from .console import Problem, detail, run, timed

CLUSTER_SETTINGS = Path("/etc/postgresql-common/createcluster.conf")


def postgres_binaries() -> Path | None:
    """Return the folder with the newest PostgreSQL server, if there is one."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    folders.sort(key=lambda folder: int(folder.parent.name.partition(".")[0]))
    if folders:
        return folders[-1]
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def _has_program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _has_venv() -> bool:
    return importlib.util.find_spec("ensurepip") is not None and any(
        importlib.util.find_spec("ensurepip").submodule_search_locations or ()
    )


def _has_library(name: str) -> Callable[[], bool]:
    return lambda: any(Path("/usr/lib").glob(f"*/{name}"))


def _has_certificates() -> bool:
    return Path("/etc/ssl/certs/ca-certificates.crt").exists()


NEEDED: list[tuple[str, str, Callable[[], bool]]] = [
    ("python3-venv", "virtual environments", _has_venv),
    ("ca-certificates", "certificates for downloads", _has_certificates),
    ("libmagic1", "file types of attachments", _has_library("libmagic.so.1")),
    ("nodejs", "mail catcher and JavaScript checks", _has_program("node")),
    ("npm", "installing the two above", _has_program("npm")),
    ("chromium", "tours in a browser", _has_program("chromium")),
]
"""Package, what it is for, and whether the machine has it already."""


def ensure(*, database_server: bool) -> None:
    """Install what is missing.

    :param database_server: whether a server of our own is to be started; with
        ``PGHOST`` the client programs are enough
    """
    missing = [package for package, _use, present in NEEDED if not present()]
    if missing:
        uses = {package: use for package, use, _present in NEEDED}
        for package in missing:
            detail(f"{package} is missing ({uses[package]})")
        _install(missing)
    if database_server and postgres_binaries() is None:
        detail("postgresql is missing (the private database server)")
        _install_postgres()
    elif not database_server and shutil.which("psql") is None:
        detail("postgresql-client is missing (talks to the server in PGHOST)")
        _install(["postgresql-client"])


def _as_root(command: list[str]) -> list[str]:
    if os.geteuid() == 0:
        return command
    if shutil.which("sudo") is None:
        raise Problem(
            "System packages are missing and neither root nor sudo is at hand: "
            f"run '{' '.join(command)}' as root, then start again."
        )
    return ["sudo", *command]


def _install(packages: list[str]) -> None:
    if shutil.which("apt-get") is None:
        raise Problem(
            "This needs Debian's apt-get to install " + ", ".join(packages) + "."
        )
    hint = f"Install {', '.join(packages)} by hand and start again."
    with timed(f"apt-get update, apt-get install {' '.join(packages)}"):
        run(
            _as_root(["apt-get", "update", "-q"]),
            purpose="Updating the lists of packages",
            hint=hint,
            cwd=Path("/"),
        )
        run(
            _as_root(
                [
                    "env",
                    "DEBIAN_FRONTEND=noninteractive",
                    "apt-get",
                    "install",
                    "-y",
                    "-q",
                    "--no-install-recommends",
                    *packages,
                ]
            ),
            purpose="Installing " + ", ".join(packages),
            hint=hint,
            cwd=Path("/"),
        )


def _install_postgres() -> None:
    """Install the server without the cluster on port 5432 that Debian adds.

    The package's own setting for this is put back as it was afterwards.
    """
    if not CLUSTER_SETTINGS.exists():
        _install(["postgresql-common"])
    before = CLUSTER_SETTINGS.read_text() if CLUSTER_SETTINGS.exists() else ""
    _write_as_root(CLUSTER_SETTINGS, before + "\ncreate_main_cluster = false\n")
    try:
        _install(["postgresql"])
    finally:
        _write_as_root(CLUSTER_SETTINGS, before)


def _write_as_root(path: Path, text: str) -> None:
    run(
        _as_root(["tee", str(path)]),
        purpose=f"Writing {path}",
        stdin=text,
        cwd=Path("/"),
    )


def check_python() -> None:
    """Refuse a Python for which the pinned packages were not tested."""
    if sys.version_info[:2] not in {(3, 11), (3, 12)}:
        version = ".".join(map(str, sys.version_info[:2]))
        raise Problem(
            f"Python 3.11 is needed, 'python3' is {version}: "
            "call make with PYTHON3=/path/to/python3.11."
        )
