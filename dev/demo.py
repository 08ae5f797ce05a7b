"""``run`` and ``demo``: Odoo with demo data and the story played in it."""

import dataclasses
import os
import subprocess

from . import (
    databases,
    mail_catcher,
    odoo_config,
    paths,
    ports,
    postgres,
    server,
    state,
)
from .bootstrap import Environment, ensure
from .console import Problem, detail, say

RUN_DATABASE = "email_marketing_crm"
DEMO_DATABASE = "email_marketing_crm_demo"
STORY = paths.DEV / "story"

TALKATIVE_CRONS = (
    "crm_iap_enrich.ir_cron_lead_enrichment",
    "mail.ir_cron_module_update_notification",
)
"""Jobs of Odoo that tell its maker of new leads, and of the database."""

WELCOME = """
  Odoo            {url}
  Mails           {mails}
                  every mail Odoo sends ends here, nothing leaves this machine

  Log in as       admin / admin   administrator and marketing manager
                  mia / mia       marketer
                  lin / lin, omar / omar   salespeople
                  lea / lea       their team leader

  Look at         {url}/odoo/segments
                      who is in a segment, and why
                  {url}/odoo/marketing-deliveries
                      who got the campaign, and for what reason somebody did not
                  {url}/odoo/marketing-journeys
                      the steps people walked, and how many went which way
                  {url}/odoo/marketing-scores
                      the score of everybody, explained line by line
                  {url}/odoo/my-marketing-handoffs
                      as lin: leads that wait for an answer, each with its timeline
                  {url}/odoo/marketing-workers
                      the workers, and what waits for them
  Stop            Ctrl-C; the next 'make run' goes on where this one ends
"""


def run() -> int:
    """Serve Odoo with demo data; the story is played at the first start."""
    environment = ensure()
    address = server.url(environment.ports)
    complaint = f"'make run' is running already: Odoo is on {address}."
    with state.alone(paths.STATE / "run.lock", complaint):
        return _serve(_own_free_ports(environment))


def _serve(environment: Environment) -> int:
    """Bring the database up to date, start the servers, wait until they end."""
    say("Database")
    fresh = _ensure_run_database(environment)
    say("Servers")
    with (
        mail_catcher.running(environment.ports) as mails,
        server.running(RUN_DATABASE, environment.ports) as process,
    ):
        kept = state.read("run") or {}
        if STORY.exists() and (fresh or not kept.get("story")):
            status = play(environment, RUN_DATABASE)
            if status:
                detail(f"the story ended with status {status}; Odoo is served anyway")
            state.write("run", {**kept, "story": True})
        say(WELCOME.format(url=server.url(environment.ports), mails=mails))
        return process.wait()


def demo() -> int:
    """Play the story against a fresh database; its exit status is ours."""
    environment = ensure()
    with state.alone(paths.STATE / "demo.lock", "'make demo' is running already."):
        return _play_fresh(environment)


def _play_fresh(environment: Environment) -> int:
    """Make the database, start the servers on ports of their own, play."""
    if not STORY.exists():
        raise Problem("There is no story to play: dev/story is missing.")
    taken: dict[str, int] = {}
    for use, first in ports.FIRST.items():
        # Apart from the ports of 'make run', which may go on beside this.
        taken[use] = ports.free(first + 1000, taken)
    environment = dataclasses.replace(environment, ports=taken)
    say("Database")
    template = databases.ensure_addon(environment.source, demo=True)
    databases.copy(template, DEMO_DATABASE)
    _prepare(DEMO_DATABASE, environment)
    folder = paths.VAR / "mails-demo"
    mail_catcher.empty(folder)
    say("Servers")
    with (
        mail_catcher.running(environment.ports, folder),
        server.running(DEMO_DATABASE, environment.ports),
    ):
        return play(environment, DEMO_DATABASE)


def play(environment: Environment, database: str) -> int:
    """Play the demo story and return its exit status."""
    say("Story")
    return subprocess.run(
        [str(paths.PYTHON), "-m", "dev.story"],
        cwd=paths.ROOT,
        env={**os.environ, **environment.variables(database)},
        check=False,
    ).returncode


def _ensure_run_database(environment: Environment) -> bool:
    """Create or update the database of ``make run``; tell whether it is new."""
    sources = databases.sources_digest()
    kept = state.read("run") or {}
    fresh = not databases.exists(RUN_DATABASE)
    if fresh:
        template = databases.ensure_addon(environment.source, demo=True)
        databases.copy(template, RUN_DATABASE)
        mail_catcher.empty()
        kept = {}
    elif kept.get("sources") != sources:
        detail("the sources of the add-on changed")
        _install_new_and_update()
    else:
        detail(f"{RUN_DATABASE} is up to date")
    _prepare(RUN_DATABASE, environment)
    state.write("run", {**kept, "sources": sources})
    return fresh


def _install_new_and_update() -> None:
    """Bring our add-ons in the database of ``make run`` to the sources."""
    rows = postgres.sql(
        "SELECT name FROM ir_module_module WHERE state = 'installed'", RUN_DATABASE
    )
    installed = {row[0] for row in rows}
    own = databases.own_modules()
    new = [name for name in own if name not in installed]
    if new:
        databases.install(RUN_DATABASE, new, demo=True)
    old = [name for name in own if name in installed]
    if old:
        databases.install(RUN_DATABASE, old, demo=True, update=True)


def _prepare(database: str, environment: Environment) -> None:
    """Let links in mails lead to the server about to start, and nothing leave it."""
    address = server.url(environment.ports)
    for key, value in (("web.base.url", address), ("web.base.url.freeze", "True")):
        postgres.sql(
            "INSERT INTO ir_config_parameter (key, value, create_uid, write_uid,"
            f" create_date, write_date) VALUES ('{key}', '{value}', 1, 1,"
            " now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            database,
        )
    names = ", ".join(f"'{name}'" for name in TALKATIVE_CRONS)
    postgres.sql(
        "UPDATE ir_cron SET active = FALSE WHERE id IN (SELECT res_id"
        " FROM ir_model_data WHERE model = 'ir.cron'"
        f" AND module || '.' || name IN ({names}))",
        database,
    )


def _own_free_ports(environment: Environment) -> Environment:
    """Make sure that the ports kept from earlier starts are still free."""
    chosen = dict(environment.ports)
    for use, port in chosen.items():
        if ports.is_free(port):
            continue
        if os.environ.get(ports.SETTINGS[use]):
            raise Problem(f"{ports.SETTINGS[use]}={port} is in use by another program.")
        chosen[use] = ports.renew(use)
        detail(f"port {port} is in use, taking {chosen[use]}")
    if chosen == environment.ports:
        return environment
    # The settings file names the SMTP port.
    odoo_config.write(environment.source, chosen)
    return dataclasses.replace(environment, ports=chosen)
