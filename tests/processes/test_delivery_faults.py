"""What the rest of the world does while workers hand mails over."""

import asyncio
import collections
import os

import pytest

from dev import postgres
from dev.system_packages import postgres_binaries
from tests.processes import campaign_story, kill_run, odoo_process, own_postgres
from tests.processes.mail_server import serve

RUN = """
import logging
logging.disable(logging.CRITICAL)
odoo.tools.config["smtp_server"] = "127.0.0.1"
odoo.tools.config["smtp_port"] = {port}

# Somebody opts out after the run began, and before its mails are its own.
deliveries = registry["marketing.delivery"]
claim = deliveries._claim


def claim_late(self, ids, state="composed"):
    with registry.cursor() as cr:
        environment(cr)["mail.blacklist"]._add("person3@example.com")
    return claim(self, ids, state)


deliveries._claim = claim_late
for kind in ("compose", "smtp"):
    with registry.cursor() as cr:
        environment(cr)["marketing.lane"].search([("kind", "=", kind)])._run()
"""


class SlowSink:
    """A mail server that takes its time; somebody opts out meanwhile."""

    def __init__(self, database):
        self.database = database
        self.taken = collections.Counter()

    async def handle_DATA(self, server, session, envelope):
        self.taken.update(envelope.rcpt_tos)
        if self.taken.total() == 2:
            await asyncio.to_thread(
                postgres.sql,
                "INSERT INTO mail_blacklist (email, active)"
                " VALUES ('person7@example.com', TRUE)",
                self.database,
            )
            await asyncio.sleep(1.2)
        return "250 OK"


def test_who_opts_out_while_mails_leave(addon_database):
    """He gets none, although the transaction of the run began before."""
    with serve(SlowSink(addon_database), 18300) as sink:
        odoo_process.run(
            addon_database,
            campaign_story.prepare(12, "    mailing.action_launch()\n", lanes=1)
            + RUN.format(port=sink.port),
        )
    rows = postgres.sql(
        "SELECT email, COALESCE(reason, state) FROM marketing_delivery", addon_database
    )
    late = {"person3@example.com", "person7@example.com"}
    expected = {
        address: "blacklisted" if address in late else "sent" for address, _what in rows
    }
    assert dict(rows) == expected
    assert len(rows) == 12
    assert set(sink.taken) == set(expected) - late
    assert set(sink.taken.values()) == {1}


@pytest.fixture(scope="module")
def own_server():
    if postgres_binaries() is None:
        pytest.skip("PostgreSQL's server is not on this machine.")
    server = own_postgres.make()
    try:
        server.restore(os.environ.get("EMC_TEMPLATE", "template_addon"), "template")
        yield server
    finally:
        server.remove()


@pytest.mark.parametrize("is_high_volume", [False, True], ids=["standard", "volume"])
def test_database_server_crashes(own_server, is_high_volume):
    """It is away for a moment, then (high volume) for ten seconds; the workers live.

    They come back before anybody takes their mails over, although their locks are gone,
    and know what became of each: none is in doubt.
    """
    name = f"crash_{is_high_volume}".lower()
    own_server.copy("template", name)
    breaks = [[(0, own_server.crash), (0, own_server.start)]]
    if is_high_volume:
        breaks.append([(0, own_server.crash), (10, own_server.start)])
    found = kill_run.run(
        name,
        mails=600 if is_high_volume else 200,
        kills=len(breaks),
        is_high_volume=is_high_volume,
        breaks=breaks,
        server=own_server,
    )
    assert found["doubled"] == 0, "Mails came twice."
    assert found["missing"] == 0, "Mails are missing."
    assert found["unknown"] == 0, "Nobody died."
