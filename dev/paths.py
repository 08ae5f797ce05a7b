"""Where things are: the sources we keep, and the one folder for all the rest."""

import hashlib
import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The repository."""

DEV = ROOT / "dev"
ADDON_PREFIX = "email_marketing_crm"
"""The add-on and the first part of the name of each bridge."""

VAR = ROOT / "var"
"""Everything fetched or generated; git ignores it and ``make clean`` removes it."""

LOG = VAR / "log"
STATE = VAR / "state"
"""Stamps: what was built from which input, ports, process numbers."""

PYCACHE = VAR / "pycache"
LOCK = VAR / "setup.lock"

APT = VAR / "apt"
ODOO_PACKAGE = VAR / "odoo"
VENV = VAR / "venv"
VENV_BIN = VENV / "bin"
PYTHON = VENV_BIN / "python"
NODE = VAR / "node"
NODE_BIN = NODE / "node_modules" / ".bin"
POSTGRES = VAR / "postgres"
DATA = VAR / "data"
"""Odoo's data folder: filestores and sessions."""

FILESTORE = DATA / "filestore"
ODOO_CONF = VAR / "odoo.conf"
MAILS = VAR / "mails"


def cache_for(variable: str) -> dict[str, str]:
    """Return where a program keeps its downloads; a choice of the user stands."""
    return {variable: os.environ.get(variable, str(VAR / "cache" / variable.lower()))}


def user_folders() -> dict[str, str]:
    """Return where a browser keeps what it would leave in the user's home."""
    return {
        "XDG_CONFIG_HOME": str(VAR / "home" / "config"),
        "XDG_CACHE_HOME": str(VAR / "home" / "cache"),
    }


def socket_folder() -> Path:
    """Return the folder of the database's socket.

    The path of a socket is limited to 107 characters; a repository deep down
    in the file system gets a short folder of its own below ``/tmp``.
    """
    inside = POSTGRES / "socket"
    if len(str(inside / ".s.PGSQL.00000")) < 107:
        return inside
    digest = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"emc-pg-{digest}"


def addons() -> list[Path]:
    """Return the folders of the add-on and of its bridges, the add-on first."""
    return sorted(
        manifest.parent
        for manifest in ROOT.glob(f"{ADDON_PREFIX}*/__manifest__.py")
        if manifest.parent.name == ADDON_PREFIX
        or manifest.parent.name.startswith(f"{ADDON_PREFIX}_")
    )
