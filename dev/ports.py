"""Free ports of this machine, kept from one start to the next."""

import os
import socket

from . import state
from .console import Problem

FIRST = {"odoo": 8169, "smtp": 8125, "mails": 8180}
"""Where the search begins; none is the default of the program behind it."""

SETTINGS = {"odoo": "ODOO_PORT", "smtp": "SMTP_PORT", "mails": "MAILS_PORT"}
"""Variables by which a user chooses."""


def chosen() -> dict[str, int]:
    """Return the ports of this environment; new ones where none was kept."""
    kept = state.read("ports") or {}
    ports: dict[str, int] = {}
    for use, first in FIRST.items():
        given = os.environ.get(SETTINGS[use])
        if given and not given.isdigit():
            raise Problem(f"{SETTINGS[use]}={given} is not the number of a port.")
        ports[use] = int(given) if given else kept.get(use) or free(first, ports)
    if ports != kept:
        state.write("ports", ports)
    return ports


def renew(use: str) -> int:
    """Choose another port for a use, because the kept one is taken by others."""
    ports = chosen()
    ports[use] = free(FIRST[use], {name: p for name, p in ports.items() if name != use})
    state.write("ports", ports)
    return ports[use]


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free(first: int, taken: dict[str, int]) -> int:
    """Return the first free port from a number on."""
    for port in range(first, first + 500):
        if port not in taken.values() and is_free(port):
            return port
    raise Problem(f"No port between {first} and {first + 499} is free.")
