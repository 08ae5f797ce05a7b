"""Workers that are killed, and servers that hang up, double no mail and lose none."""

import asyncio
import collections

import pytest

from dev import postgres
from tests.processes import campaign_story, kill_run, odoo_process
from tests.processes.mail_server import serve

MAILS = 100

LAUNCH = """    mailing.action_launch()
    env["marketing.delivery"]._run_lane(0, 1)
"""

#: The process with the registry forks the workers, so that a kill costs nothing but
#: its work. Each worker runs its lane as the cron does, until nothing is ready;
#: whenever the mail server asks for it, all of them are killed and started again.
FOREMAN = """
import logging, signal, time
from pathlib import Path
from tests.processes.forks import fork
logging.disable(logging.CRITICAL)
odoo.tools.config["smtp_server"] = "127.0.0.1"
odoo.tools.config["smtp_port"] = {port}
odoo.sql_db.close_all()
request = Path({request!r})


def work(number):
    while True:
        with registry.cursor() as cr:
            env = environment(cr)
            lane = env["marketing.lane"].search(
                [("kind", "=", "smtp"), ("number", "=", number)]
            )
            lane._run()
        with registry.cursor() as cr:
            # What a broken connection put off is taken at once.
            cr.execute(
                "UPDATE marketing_delivery SET due = now() - interval '1 minute'"
                " WHERE state = 'composed' AND person_id %% 2 = %s",
                [number],
            )
            ready = environment(cr)["mail.mail"]._get_ready(number, 2)
        if not ready:
            return


def start():
    return fork(work, range(2))


workers = start()
while workers:
    if request.exists():
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        request.unlink()
        workers = start()
    workers -= {{pid for pid in workers if os.waitpid(pid, os.WNOHANG)[0]}}
    time.sleep(0.01)
# What was in hand when the last of them died shows with the next run.
for pid in start():
    os.waitpid(pid, 0)
"""


class Sink:
    """A mail server that counts what it took and misbehaves when it is told to.

    :param request: file that asks the foreman to kill the workers
    """

    def __init__(self, request):
        self.request = request
        self.taken = collections.Counter()
        self.mails = 0
        #: What happens with the n-th mail: the workers are killed `before` its
        #: content is asked for, `within` (it is taken, the answer never arrives) or
        #: `after` the answer.
        self.kills = {}
        self.hang_up_within = set()
        #: Addresses whose owners open the mail before its sender hears the answer.
        self.opened_at_once = set()
        self.database = None
        self.mails_per_session = None

    async def kill_workers(self, server):
        self.request.touch()
        while self.request.exists():
            await asyncio.sleep(0.01)
        server.transport.abort()

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.mails += 1
        session.number = self.mails
        session.mails = getattr(session, "mails", 0) + 1
        if self.mails_per_session and session.mails > self.mails_per_session:
            server.transport.abort()
            return "421 Too many mails"
        if self.kills.get(session.number) == "before":
            await self.kill_workers(server)
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        (address,) = envelope.rcpt_tos
        self.taken[address] += 1
        if self.kills.get(session.number) == "within":
            await self.kill_workers(server)
        elif self.kills.get(session.number) == "after":
            self.request.touch()
        if address in self.opened_at_once:
            postgres.sql(
                "UPDATE mailing_trace SET open_datetime = now()"
                f" WHERE email = '{address}'",
                self.database,
            )
        if address in self.hang_up_within:
            server.transport.abort()
        return "250 OK"


@pytest.fixture
def sink(tmp_path):
    with serve(Sink(tmp_path / "kill"), 18100) as handler:
        yield handler


def send_all(database, sink):
    """A mailing to everybody, composed and sent by two lanes."""
    script = campaign_story.prepare(MAILS, LAUNCH) + FOREMAN.format(
        port=sink.port, request=str(sink.request)
    )
    odoo_process.run(database, script)


def states(database):
    """`{state: addresses}` of the deliveries."""
    found = collections.defaultdict(set)
    for address, state in postgres.sql(
        "SELECT email, state FROM marketing_delivery", database
    ):
        found[state].add(address)
    return found


def test_killed_workers_double_no_mail_and_lose_none(addon_database, sink):
    moments = ("before", "within", "after")
    sink.kills = {9 + 10 * kill: moments[kill % 3] for kill in range(9)}
    send_all(addon_database, sink)
    found = states(addon_database)
    assert set(found) == {"sent", "unknown"}
    assert len(found["sent"]) + len(found["unknown"]) == MAILS
    # The one mail that the server talked about, at most one more of the other lane.
    assert 6 <= len(found["unknown"]) <= 2 * len(sink.kills)
    assert set(sink.taken.values()) == {1}, "Mails were doubled."
    assert found["sent"] <= set(sink.taken), "Mails are missing."
    assert MAILS - 3 - len(sink.kills) <= len(sink.taken) <= MAILS - 3
    statuses = dict(
        postgres.sql(
            "SELECT trace_status, count(*) FROM mailing_trace GROUP BY 1",
            addon_database,
        )
    )
    assert statuses.get("sent") == str(len(found["sent"]))
    assert statuses.get("process", "0") == str(len(found["unknown"]))
    left = postgres.sql("SELECT count(*) FROM mail_mail", addon_database)
    assert left == [[str(len(found["unknown"]))]], "Mails were not deleted."
    log = postgres.sql(
        "SELECT count(*) FROM marketing_touchpoint touchpoint"
        " JOIN marketing_touchpoint_type type ON type.id = touchpoint.type_id"
        " WHERE type.code = 'sent'",
        addon_database,
    )
    assert log == [[str(len(found["sent"]))]]


def test_server_that_hangs_up(addon_database, sink):
    """Before the content: the mail is sent later. Within it: a human decides.

    Who opens his mail in the moment it is noted as sent is no reason for doubt.
    """
    sink.mails_per_session = 20
    sink.database = addon_database
    sink.opened_at_once = {"person5@example.com", "person60@example.com"}
    sink.hang_up_within = {"person3@example.com", "person90@example.com"}
    send_all(addon_database, sink)
    found = states(addon_database)
    assert found["unknown"] == sink.hang_up_within
    assert len(found["sent"]) == MAILS - 2
    assert set(sink.taken.values()) == {1}


@pytest.mark.parametrize("is_high_volume", [False, True], ids=["standard", "volume"])
def test_workers_killed_at_random(addon_database, is_high_volume):
    """The small edition of what `make bench` does fifty times with 5000 mails."""
    kills = 5
    found = kill_run.run(
        addon_database,
        mails=500,
        kills=kills,
        is_high_volume=is_high_volume,
    )
    assert found["doubled"] == 0, "Mails came twice."
    assert found["missing"] == 0, "Mails are missing."
    assert found["sent"] + found["unknown"] == 500
    assert found["unknown"] <= kills, "A kill leaves one mail in doubt at most."
    assert found["unknown"], "No kill met a mail in hand."


@pytest.mark.parametrize("is_high_volume", [False, True], ids=["standard", "volume"])
def test_connections_are_cut(addon_database, is_high_volume):
    """The workers live, and know what became of each mail."""
    found = kill_run.run(
        addon_database,
        mails=600 if is_high_volume else 300,
        kills=3,
        is_high_volume=is_high_volume,
        breaks=[kill_run.cut_connections(addon_database)] * 3,
    )
    assert found["doubled"] == 0, "Mails came twice."
    assert found["missing"] == 0, "Mails are missing."
    assert found["unknown"] == 0, "Nobody died."
