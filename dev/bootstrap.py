"""The set-up all commands share: each part once, in order, skipped when it is there."""

import time
from dataclasses import dataclass

from . import (
    node_environment,
    odoo_config,
    odoo_source,
    paths,
    ports,
    postgres,
    python_environment,
    state,
    system_packages,
)
from .console import Problem, detail, duration, say
from .odoo_source import OdooSource


@dataclass(frozen=True)
class Environment:
    """What a command works with once everything is set up."""

    source: OdooSource
    ports: dict[str, int]

    def variables(self, database: str = "") -> dict[str, str]:
        """Return what programs of the project find in their environment."""
        found = {
            **postgres.connection(),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(paths.VAR / "hypothesis"),
            "EMC_ODOO_CONF": str(paths.ODOO_CONF),
            "EMC_ODOO_BIN": str(paths.VENV_BIN / "odoo-bin"),
            "EMC_DATA": str(paths.DATA),
            "EMC_SMTP_HOST": "127.0.0.1",
            "EMC_SMTP_PORT": str(self.ports["smtp"]),
            "EMC_MAILS_URL": f"http://127.0.0.1:{self.ports['mails']}",
            "EMC_URL": f"http://127.0.0.1:{self.ports['odoo']}",
            "EMC_LOGIN": "admin",
            "EMC_PASSWORD": "admin",
        }
        if database:
            found["EMC_DATABASE"] = database
        return found


def ensure() -> Environment:
    """Set everything up and return what there is."""
    start = time.monotonic()
    try:
        paths.STATE.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"Cannot write below {paths.VAR}: {error.strerror}.") from None
    with state.locked():
        _title(1, "System packages")
        system_packages.check_python()
        system_packages.ensure(database_server=postgres.is_private())
        _title(2, "Odoo 19")
        source = odoo_source.ensure()
        _title(3, "Python packages")
        python_environment.ensure(source)
        _title(4, "Node packages")
        node_environment.ensure()
        _title(5, "PostgreSQL")
        postgres.ensure()
        chosen = ports.chosen()
        odoo_config.write(source, chosen)
    detail(f"set up in {duration(time.monotonic() - start)}")
    return Environment(source, chosen)


def _title(number: int, name: str) -> None:
    say(f"[{number}/5] {name}")
