"""Workers that hand people over at the same time keep to the room salespeople have."""

import pytest

from dev import postgres
from tests.processes import odoo_process

PERSONS, QUOTA = 24, 5

#: A team of two who take five leads a day each, and people who all qualify for them.
PREPARE = f"""
from datetime import timedelta
with registry.cursor() as cr:
    env = environment(cr)
    env["ir.config_parameter"].set_param("crm.lead.auto.assignment", True)
    leader, *sellers = env["res.users"].with_context(no_reset_password=True).create([
        {{
            "name": login,
            "login": login,
            "group_ids": [(4, env.ref("sales_team.group_sale_salesman").id)],
        }}
        for login in ("leader", "first", "second")
    ])
    team = env["crm.team"].create({{"name": "Pumps", "user_id": leader.id}})
    env["crm.team.member"].create([
        {{
            "crm_team_id": team.id,
            "user_id": user.id,
            "assignment_max": {30 * QUOTA},
        }}
        for user in sellers
    ])
    env["marketing.handoff.policy"].search([]).active = False
    env["marketing.handoff.policy"].create({{
        "name": "Pumps",
        "team_id": team.id,
        "minimum_score": 1,
        "minimum_grade": False,
    }})
    cr.execute(
        \"\"\"
        INSERT INTO marketing_person (email_normalized, create_date, suppression)
        SELECT 'person' || n || '@example.com', now() at time zone 'UTC', 'none'
          FROM generate_series(1, {PERSONS}) n
        RETURNING id
        \"\"\"
    )
    persons = [row[0] for row in cr.fetchall()]
    env["marketing.touchpoint"]._capture([
        {{
            "type": "clicked",
            "person_id": person,
            "date": odoo.fields.Datetime.now() - timedelta(days=number),
            "reliability": "human_likely",
            "dedup_key": f"handoff:{{person}}:{{number}}",
        }}
        for person in persons
        for number in range(3)
    ])
    cr.precommit.run()
    cr.execute("UPDATE marketing_inbox SET due = due - interval '1 minute'")
"""

WORKERS = """
import logging
from psycopg2 import errors
from tests.processes.forks import fork, join
logging.disable(logging.CRITICAL)
odoo.sql_db.close_all()


def repeat(turn):
    is_left = True
    while is_left:
        with registry.cursor() as cr:
            try:
                is_left = turn(environment(cr))
                cr.commit()
            except errors.SerializationFailure:
                cr.rollback()


"""

#: As the lanes of the inbox do, with more batches than they would have.
BY_INBOX = """
from odoo.addons.email_marketing_crm.models import marketing_handoff_policy
marketing_handoff_policy.MAX_OFFERS = 4


def work(number):
    repeat(lambda env: env["marketing.inbox"]._run_lane(number, 2)[0])


join(fork(work, range(2)))
"""

#: As journeys do, which cannot put anybody off.
AT_ONCE = """
with registry.cursor() as cr:
    cr.execute("SELECT id FROM marketing_person WHERE email_normalized LIKE 'person%'")
    persons = [row[0] for row in cr.fetchall()]
odoo.sql_db.close_all()


def work(number):
    mine = persons[number::2]

    def offer(env):
        env["marketing.handoff"]._offer_persons(mine[:4])
        env.flush_all()
        cr = env.cr
        cr.postcommit.add(lambda: mine.__delitem__(slice(4)))
        return len(mine) > 4

    repeat(offer)


join(fork(work, range(2)))
"""


@pytest.mark.parametrize("script", [BY_INBOX, AT_ONCE], ids=["inbox", "at once"])
def test_two_workers_keep_to_the_room_of_the_members(addon_database, script):
    odoo_process.run(addon_database, PREPARE)
    odoo_process.run(addon_database, WORKERS + script)

    def rows(query):
        return postgres.sql(query, addon_database)

    assert rows(
        "SELECT users.login, handoff.assignment, count(*)"
        "  FROM marketing_handoff handoff"
        "  JOIN crm_lead lead ON lead.id = handoff.lead_id"
        "  JOIN res_users users ON users.id = lead.user_id"
        " GROUP BY 1, 2 ORDER BY 1"
    ) == [
        ["first", "rules", str(QUOTA)],
        ["leader", "leader", str(PERSONS - 2 * QUOTA)],
        ["second", "rules", str(QUOTA)],
    ]
    # Everybody once, and nobody is left behind.
    assert rows(
        "SELECT count(*), count(DISTINCT person_id) FROM marketing_handoff"
    ) == [[str(PERSONS)] * 2]
    assert rows("SELECT count(*) FROM marketing_inbox WHERE attempts > 0") == [["0"]]
