"""What a worker's journal tells when its connection is gone."""

import json

import pytest

from tests.processes import campaign_story, odoo_process

CLAIM = """    mailing.action_launch()
    deliveries = env["marketing.delivery"].search(
        [("mailing_id", "=", mailing.id)], order="id"
    )
    ids = deliveries.ids
    cr.execute(
        "UPDATE marketing_delivery SET state = 'sending', is_high_volume = TRUE"
        " WHERE id = ANY(%s)", [ids]
    )
"""
#: One worker counts how its mails leave and is gone; the next one reads what it left.
STORY = """
import json
from odoo.addons.email_marketing_crm.models.marketing_handover import (
    JournalConnection,
)

mails = {{delivery: number for number, delivery in enumerate(ids)}}
told = {{}}
first, second = JournalConnection(registry.db_name), JournalConnection(registry.db_name)
told["counters"] = [first.counter.number, second.counter.number]
with registry.cursor() as cr:
    journal = environment(cr)["marketing.handover"]._begin(ids, first)
    cr.commit()
    finished = {{}}
    for number in range(8):
        journal.write(ids[number], finished)
        journal.wait()
        refusal = {{"type": "unknown", "reason": "no", "is_temporary": False}}
        finished = {{ids[number]: refusal if number == 3 else None}}
    cr.execute("SELECT current, place FROM marketing_handover")
    current, place = cr.fetchone()
    told["row"] = [mails[current], place]
    told["alive"] = len(environment(cr)["marketing.handover"]._take_abandoned())
    cr.rollback()
first.close()
third = JournalConnection(registry.db_name)
told["counters"].append(third.counter.number)
{meanwhile}
with registry.cursor() as cr:
    [found] = environment(cr)["marketing.handover"]._take_abandoned()
    for name in ("sent", "failed", "unknown", "untouched"):
        told[name] = sorted(mails[delivery] for delivery in getattr(found, name))
    cr.commit()
fourth = JournalConnection(registry.db_name)
told["counters"].append(fourth.counter.number)
told["jump"] = fourth.counter.value - first.counter.value
print(json.dumps(told))
"""
#: What no worker does, as its lock says: it counts with a sequence of somebody else.
FOREIGN_STEPS = """
with registry.cursor() as cr:
    cr.execute("SELECT setval('marketing_handover_steps_1', 10000000)")
    cr.commit()
"""


@pytest.fixture
def tell(addon_database):
    def tell(meanwhile=""):
        output = odoo_process.run(
            addon_database,
            campaign_story.prepare(12, CLAIM) + STORY.format(meanwhile=meanwhile),
        )
        return json.loads(output.splitlines()[-1])

    return tell


def test_steps_are_counted_without_a_row(tell):
    told = tell()
    assert told["row"] == [4, 4], "Only the refusal was written into the row."
    assert told["alive"] == 0, "Nobody takes over from who is at work."
    assert told["sent"] == [0, 1, 2, 4, 5, 6]
    assert told["failed"] == [3]
    assert told["unknown"] == [7]
    assert told["untouched"] == [8, 9, 10, 11]
    assert told["counters"] == [1, 2, 3, 1], "One is kept for the row until it is read."
    assert told["jump"] > 12


def test_steps_of_somebody_else_are_nobodys(tell):
    """Nothing is taken for sent, and nothing is sent again."""
    told = tell(FOREIGN_STEPS)
    assert told["sent"] == [0, 1, 2]
    assert told["failed"] == [3]
    assert told["unknown"] == [4, 5, 6, 7, 8, 9, 10, 11]
    assert told["untouched"] == []
