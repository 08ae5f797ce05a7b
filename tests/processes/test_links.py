"""Workers that begin with a mailing in one moment make each of its links once."""

import email
import email.policy
import re

import pytest

from dev import postgres
from tests.processes import campaign_story, odoo_process
from tests.processes.mail_server import serve

MAILS = 40
TEXT = """<p>Dear <t t-out="object.name"/>, <a href="https://www.example.com/pumps">pumps</a>,
<a href="https://www.example.com/valves">valves</a> and again
<a href="https://www.example.com/pumps">pumps</a></p>"""
LINKS = {
    ("https://www.example.com/pumps", "pumps"),
    ("https://www.example.com/pumps", "pumps (2)"),
    ("https://www.example.com/valves", "valves"),
}
#: Which link it is shows when the mail to somebody is rendered.
CHANGING_TEXT = f"""{TEXT}
<p><a t-attf-href="https://www.example.com/{{{{ object.id % 3 }}}}">yours</a></p>"""
CHANGING_LINKS = {(f"https://www.example.com/{number}", "yours") for number in range(3)}

LAUNCH = """    mailing.body_html = {text!r}
    mailing.marketing_sender_id.is_high_volume = {is_high_volume}
    mailing.action_launch()
"""

#: Both have claimed their mails, hence see the same, when the first one composes.
WORKERS = """
import multiprocessing, time
from tests.processes.forks import fork, join
odoo.tools.config["smtp_server"] = "127.0.0.1"
odoo.tools.config["smtp_port"] = {port}
odoo.sql_db.close_all()
barrier = multiprocessing.Barrier(2)
deliveries = registry["marketing.delivery"]
compose = deliveries._compose


def compose_together(self, mailing, ids):
    barrier.wait(20)
    return compose(self, mailing, ids)


def look_slowly(self, url):
    time.sleep(0.05)
    return url


deliveries._compose = compose_together
registry["link.tracker"]._get_title_from_url = look_slowly


def work(number):
    with registry.cursor() as cr:
        environment(cr)["marketing.lane"].search(
            [("kind", "=", "compose"), ("number", "=", number)]
        )._run()


join(fork(work, range(2)))
"""


class Sink:
    """A mail server that keeps what it took: `{address: [HTML]}`."""

    def __init__(self):
        self.taken = {}

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(
            envelope.content, policy=email.policy.default
        )
        html = message.get_body(("html",)).get_content()
        self.taken.setdefault(envelope.rcpt_tos[0], []).append(html)
        return "250 OK"


@pytest.fixture
def sink():
    with serve(Sink(), 18300) as handler:
        yield handler


def compose_at_once(database, sink, text, is_high_volume):
    odoo_process.run(
        database,
        campaign_story.prepare(
            MAILS, LAUNCH.format(text=text, is_high_volume=is_high_volume)
        )
        + WORKERS.format(port=sink.port),
    )


def assert_one_of_each(database, links, bodies):
    """Each link is there once, and the mails lead to what is there."""
    made = postgres.sql("SELECT url, label FROM link_tracker", database)
    assert sorted(map(tuple, made)) == sorted(links)
    codes = {
        code for (code,) in postgres.sql("SELECT code FROM link_tracker_code", database)
    }
    assert len(codes) == len(links)
    assert len(bodies) == MAILS
    used = [set(re.findall(r"/r/(\w+)", body)) for body in bodies]
    assert set.union(*used) == codes
    return used


@pytest.mark.parametrize(
    ("text", "links"),
    [(TEXT, LINKS), (CHANGING_TEXT, LINKS | CHANGING_LINKS)],
    ids=["same", "changing"],
)
def test_standard_lanes(addon_database, sink, text, links):
    compose_at_once(addon_database, sink, text, is_high_volume=False)
    bodies = postgres.sql(
        r"SELECT replace(body_html, E'\n', ' ') FROM mail_mail", addon_database
    )
    used = assert_one_of_each(addon_database, links, ["|".join(row) for row in bodies])
    assert {len(codes) for codes in used} == {4 if len(links) > 3 else 3}
    assert not sink.taken


def test_high_volume_lanes(addon_database, sink):
    compose_at_once(addon_database, sink, TEXT, is_high_volume=True)
    assert {len(mails) for mails in sink.taken.values()} == {1}
    bodies = [html for [html] in sink.taken.values()]
    used = assert_one_of_each(addon_database, LINKS, bodies)
    assert {len(codes) for codes in used} == {3}
