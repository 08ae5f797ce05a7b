"""Odoo's settings file below ``var``."""

import configparser
from collections.abc import Mapping

from . import paths, postgres
from .odoo_source import OdooSource


def write(source: OdooSource, ports: Mapping[str, int]) -> None:
    """Write ``var/odoo.conf``: our server, our add-ons, our mail catcher."""
    found = postgres.connection()
    options = {
        "addons_path": ",".join(
            str(path) for path in [*source.addons_paths, paths.ROOT]
        ),
        "data_dir": paths.DATA,
        "db_host": found.get("PGHOST"),
        "db_port": found.get("PGPORT"),
        "db_user": found["PGUSER"],
        "db_password": found.get("PGPASSWORD"),
        "db_maxconn": 64,
        "db_template": "template0",
        "list_db": True,
        "admin_passwd": "admin",
        "without_demo": True,
        "http_interface": "127.0.0.1",
        "http_port": ports["odoo"],
        "smtp_server": "127.0.0.1",
        "smtp_port": ports["smtp"],
        "workers": 0,
        "max_cron_threads": 2,
        "limit_time_cpu": 3600,
        "limit_time_real": 3600,
        "limit_time_real_cron": 3600,
        "log_level": "info",
    }
    parser = configparser.RawConfigParser()
    parser["options"] = {
        name: str(value) for name, value in options.items() if value is not None
    }
    paths.DATA.mkdir(parents=True, exist_ok=True)
    draft = paths.ODOO_CONF.with_suffix(".draft")
    with draft.open("w") as handle:
        handle.write("# Written by 'python3 -m dev'; changes here get lost.\n")
        parser.write(handle)
    draft.replace(paths.ODOO_CONF)
