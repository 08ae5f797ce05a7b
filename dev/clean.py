"""``clean``: back to what git has."""

import shutil

from . import paths, postgres
from .console import Problem, detail, say


def run() -> int:
    """Stop the private database server and remove ``var``."""
    say("Cleaning")
    if postgres.is_private():
        try:
            postgres.stop()
        except Problem as problem:
            detail(str(problem))
    folder = paths.socket_folder()
    if paths.VAR not in folder.parents:
        shutil.rmtree(folder, ignore_errors=True)
    if paths.VAR.exists():
        shutil.rmtree(paths.VAR)
        detail(f"removed {paths.VAR}")
    return 0
