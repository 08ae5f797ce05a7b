"""Workers that send at the same time never pass the quota of their sender together."""

import collections

import pytest

from dev import postgres
from tests.processes import campaign_story, odoo_process
from tests.processes.mail_server import serve

MAILS = 100
QUOTA = 30

LAUNCH = """    # A zone in which it is far from midnight, and no hour's share.
    hour = odoo.fields.Datetime.now().hour
    mailing.marketing_sender_id.write({{
        "daily_quota": {quota},
        "spread_hours": 1,
        "tz": "UTC" if 4 <= hour < 20 else "Asia/Tokyo",
    }})
    mailing.action_launch()
"""

#: Each worker runs every lane in turn, the one that lets mails go too: more of them
#: at once than Odoo's crons ever would.
WORKERS = """
import logging
import odoo.fields
from odoo.addons.email_marketing_crm.models import marketing_sender_pace
logging.disable(logging.CRITICAL)
odoo.tools.config["smtp_server"] = "127.0.0.1"
odoo.tools.config["smtp_port"] = {port}
room_now = marketing_sender_pace.room_now
marketing_sender_pace.room_now = lambda quota, used, minute: room_now(quota, used, 59)
"""
RUN = """
from tests.processes.forks import fork, join
odoo.sql_db.close_all()


def work(number):
    for _round in range({rounds}):
        for kind in ("compose", "pace", "compose", "smtp"):
            with registry.cursor() as cr:
                env = environment(cr)
                env["marketing.lane"].search([
                    ("kind", "=", kind),
                    ("number", "=", 0 if kind == "pace" else number),
                ])._run()


join(fork(work, range(2)))
"""


class Sink:
    """A mail server that counts what it took."""

    def __init__(self):
        self.taken = collections.Counter()

    async def handle_DATA(self, server, session, envelope):
        self.taken.update(envelope.rcpt_tos)
        return "250 OK"


@pytest.fixture
def sink():
    with serve(Sink(), 18200) as handler:
        yield handler


def test_two_workers_keep_one_quota(addon_database, sink):
    odoo_process.run(
        addon_database,
        WORKERS.format(port=sink.port)
        + campaign_story.prepare(MAILS, LAUNCH.format(quota=QUOTA))
        + RUN.format(rounds=12),
    )
    assert sum(sink.taken.values()) == QUOTA
    assert set(sink.taken.values()) == {1}
    states = dict(
        postgres.sql(
            "SELECT state, count(*) FROM marketing_delivery GROUP BY 1", addon_database
        )
    )
    assert states == {"sent": str(QUOTA), "planned": str(MAILS - QUOTA)}
    reasons = postgres.sql(
        "SELECT DISTINCT wait_reason FROM marketing_delivery WHERE state = 'planned'",
        addon_database,
    )
    assert reasons == [["sender_quota"]]
