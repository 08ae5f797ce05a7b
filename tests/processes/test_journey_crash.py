"""Workers of journeys that are killed lose nobody and do no step twice."""

import pytest

from dev import postgres
from tests.processes import odoo_process

PEOPLE = 200

#: A journey that tags, mails, tags again and then waits; everybody is at its start.
PREPARE = f"""
with registry.cursor() as cr:
    env = environment(cr)
    partners = env["res.partner"].create([
        {{"name": f"Walker {{n}}", "email": f"walker{{n}}@example.com"}}
        for n in range({PEOPLE})
    ])
    env.flush_all()
    segment = env["marketing.segment"].create(
        {{"name": "Walkers", "kind": "static", "res_model": "res.partner"}}
    )
    env.flush_all()
    segment._include_records(partners)
    first, second = env["res.partner.category"].create(
        [{{"name": "First"}}, {{"name": "Second"}}]
    )
    journey = env["marketing.journey"].create(
        {{"name": "Crash", "segment_id": segment.id}}
    )
    step = env["marketing.journey.step"]
    for values in (
        {{"kind": "tag", "category_ids": first.ids}},
        {{"kind": "mail"}},
        {{"kind": "tag", "category_ids": second.ids}},
        {{"kind": "wait"}},
    ):
        step = step.create(
            {{
                "version_id": journey.draft_version_id.id,
                "parent_id": step.id,
                **values,
            }}
        )
        step.mailing_id.body_html = "<p>Good day</p>"
    journey.action_publish()
"""

#: So that a kill meets the middle of the work.
SMALL_BATCHES = """
from odoo.addons.email_marketing_crm.models import marketing_journey_lane
marketing_journey_lane.BATCH_SIZE = 20
"""


@pytest.mark.parametrize("lanes", [1, 2])
def test_killed_workers_lose_nobody_and_do_no_step_twice(addon_database, lanes):
    odoo_process.run(addon_database, PREPARE)
    odoo_process.run_with_kills(
        addon_database, "marketing.journey.participant", SMALL_BATCHES, lanes, 0.2, 0.8
    )

    def rows(query):
        return postgres.sql(query, addon_database)

    assert rows(
        "SELECT step.kind, p.state, p.attempts, count(*)"
        "  FROM marketing_journey_participant p"
        "  JOIN marketing_journey_step step ON step.id = p.step_id GROUP BY 1, 2, 3"
    ) == [["wait", "running", "0", str(PEOPLE)]]
    # Three steps of everybody, each told once.
    assert rows(
        "SELECT count(*), count(DISTINCT (participant_id, step_id))"
        "  FROM marketing_journey_log WHERE event = 'step'"
    ) == [[str(3 * PEOPLE)] * 2]
    # One mail for everybody, and both tags.
    assert rows(
        "SELECT count(*), count(DISTINCT person_id) FROM marketing_delivery"
    ) == [[str(PEOPLE)] * 2]
    assert rows("SELECT count(*) FROM res_partner_res_partner_category_rel") == [
        [str(2 * PEOPLE)]
    ]
