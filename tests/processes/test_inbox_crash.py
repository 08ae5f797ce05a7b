"""Workers that are killed lose nothing and count nothing twice."""

import pytest

from dev import postgres
from tests.processes import odoo_process

PERSONS, CLICKS = 1200, 3

PREPARE = f"""
with registry.cursor() as cr:
    env = environment(cr)
    cr.execute(
        \"\"\"
        INSERT INTO marketing_person (email_normalized, create_date, suppression)
        SELECT 'person' || n || '@example.com', now() at time zone 'UTC', 'none'
          FROM generate_series(1, {PERSONS}) n
        \"\"\"
    )
    cr.execute("SELECT id FROM marketing_person WHERE email_normalized LIKE 'person%'")
    persons = [row[0] for row in cr.fetchall()]
    now = odoo.fields.Datetime.now()
    from datetime import timedelta
    for number in range({CLICKS}):
        env["marketing.touchpoint"]._capture([
            {{
                "type": "clicked",
                "person_id": person,
                "date": now - timedelta(days=30 - number),
                "reliability": "human_likely",
                "dedup_key": f"crash:{{person}}:{{number}}",
            }}
            for person in persons
        ])
    cr.precommit.run()
    cr.execute("UPDATE marketing_inbox SET due = due - interval '1 minute'")
"""

#: So that a kill meets the middle of the work.
SMALL_BATCHES = """
from odoo.addons.email_marketing_crm.models import marketing_inbox
marketing_inbox.BATCH_SIZE = 100
"""


def count(database, query):
    return int(postgres.sql(query, database)[0][0])


@pytest.mark.parametrize("lanes", [1, 2])
def test_killed_workers_lose_nothing_and_count_nothing_twice(addon_database, lanes):
    odoo_process.run(addon_database, PREPARE)
    waiting = count(
        addon_database,
        "SELECT count(*) FROM marketing_inbox WHERE kind = 'touchpoint'",
    )
    assert waiting == PERSONS * CLICKS
    odoo_process.run_with_kills(
        addon_database, "marketing.inbox", SMALL_BATCHES, lanes, 0.1, 0.5
    )
    assert not count(addon_database, "SELECT count(*) FROM marketing_inbox")
    assert PERSONS == count(
        addon_database,
        "SELECT count(*) FROM marketing_person WHERE last_click_date IS NOT NULL",
    )
    hits = postgres.sql(
        "SELECT line.hits, count(*) FROM marketing_score_line line"
        " JOIN marketing_score_rule rule ON rule.id = line.rule_id"
        " JOIN marketing_touchpoint_type type ON type.id = rule.type_id"
        " WHERE type.code = 'clicked' GROUP BY 1",
        addon_database,
    )
    assert hits == [[str(CLICKS), str(PERSONS)]]
