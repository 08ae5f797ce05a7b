"""What is measured of segments, run by a worker in Odoo's environment.

Each case is a segment beside the statement that a careful person would write by hand
for the same question, in the same session with the same memory.
"""

import random
import statistics
import time
from datetime import timedelta

from odoo import Command, fields
from odoo.tools import SQL

#: Domain, rules (type, operator, times, days) and SQL of each case. `%(<type>)s` is
#: the id of a type, `%(now)s` the present.
CASES = {
    "attributes": (
        "res.partner",
        [("country_id.code", "like", "A"), ("function", "ilike", "buyer")],
        [],
        """
        SELECT DISTINCT marketing_person_id FROM res_partner
         WHERE active IS TRUE AND function ILIKE '%%buyer%%'
           AND country_id IN (SELECT id FROM res_country WHERE code LIKE '%%A%%')
           AND marketing_person_id IS NOT NULL
        """,
    ),
    "clicked_30d": (
        "res.partner",
        [],
        [("clicked", "at_least", 1, 30)],
        """
        SELECT DISTINCT marketing_person_id FROM res_partner
         WHERE active IS TRUE AND marketing_person_id IN (
               SELECT person_id FROM marketing_touchpoint
                WHERE type_id = %(clicked)s AND reliability IN %(human)s
                  AND date >= %(now)s - interval '30 days')
        """,
    ),
    "opened_3_in_90d": (
        "res.partner",
        [],
        [("opened", "at_least", 3, 90)],
        """
        SELECT DISTINCT marketing_person_id FROM res_partner
         WHERE active IS TRUE AND marketing_person_id IN (
               SELECT person_id FROM marketing_touchpoint
                WHERE type_id = %(opened)s AND reliability IN %(human)s
                  AND date >= %(now)s - interval '90 days'
                GROUP BY person_id HAVING count(*) >= 3)
        """,
    ),
    "clicked_not_mailed_7d": (
        "res.partner",
        [],
        [("clicked", "at_least", 1, 30), ("sent", "at_most", 0, 7)],
        """
        SELECT DISTINCT marketing_person_id FROM res_partner
         WHERE active IS TRUE AND marketing_person_id IN (
               SELECT person_id FROM marketing_touchpoint
                WHERE type_id = %(clicked)s AND reliability IN %(human)s
                  AND date >= %(now)s - interval '30 days')
           AND NOT EXISTS (
               SELECT FROM marketing_touchpoint
                WHERE type_id = %(sent)s AND reliability IN %(human)s
                  AND date >= %(now)s - interval '7 days'
                  AND person_id = marketing_person_id)
        """,
    ),
    "lead_stage_clicked_14d": (
        "crm.lead",
        [("stage_id.sequence", "<=", 1)],
        [("clicked", "at_least", 1, 14)],
        """
        SELECT DISTINCT marketing_person_id FROM crm_lead
         WHERE active IS TRUE
           AND stage_id IN (SELECT id FROM crm_stage WHERE sequence <= 1)
           AND marketing_person_id IN (
               SELECT person_id FROM marketing_touchpoint
                WHERE type_id = %(clicked)s AND reliability IN %(human)s
                  AND date >= %(now)s - interval '14 days')
        """,
    ),
}
HUMAN = ("human_likely", "human_confirmed")
#: Memory of a node of a query: the one that a refresh takes.
MEMORY = "128MB"
SEED = 20261122


def make_case(env, name):
    """The segment of a case, without members; returns its id."""
    model, domain, rules, _bare = CASES[name]
    kinds = env["marketing.touchpoint.type"]
    segment = env["marketing.segment"].create(
        {
            "name": name,
            "res_model": model,
            "domain": repr(domain),
            "company_id": False,
            "rule_ids": [
                Command.create(
                    {
                        "type_id": kinds._get_id(code),
                        "operator": operator,
                        "times": times,
                        "days": days,
                    }
                )
                for code, operator, times, days in rules
            ],
        }
    )
    env.cr.commit()
    return segment.id


def fill_case(env, segment_id):
    """First fill: (members, seconds)."""
    segment = env["marketing.segment"].browse(segment_id)
    env.cr.execute(
        "DELETE FROM marketing_segment_member WHERE segment_id = %s" % segment_id
    )
    env.cr.execute(
        "DELETE FROM marketing_touchpoint WHERE res_model = 'marketing.segment'"
        " AND res_id = %s",
        [segment_id],
    )
    env.cr.execute("DELETE FROM marketing_inbox")
    segment.is_settled = False
    env.cr.commit()
    start = time.perf_counter()
    segment._refresh()
    env.cr.commit()
    return [segment.size, time.perf_counter() - start]


def refresh_case(env, segment_id):
    """Seconds of a full refresh, as the lane does it."""
    segment = env["marketing.segment"].browse(segment_id)
    env.invalidate_all()
    start = time.perf_counter()
    segment._refresh_pass()
    env.cr.commit()
    return time.perf_counter() - start


def _get_bare(env, name):
    types = {
        code: type_id
        for code, (type_id, _kind) in env["marketing.touchpoint.type"]
        ._get_types_by_code()
        .items()
    }
    return env.cr.mogrify(
        CASES[name][3], {**types, "now": fields.Datetime.now(), "human": HUMAN}
    ).decode()


def bare_case(env, name):
    """The answer by a statement written by hand: (persons, seconds)."""
    statement = _get_bare(env, name)
    start = time.perf_counter()
    env.cr.execute(f"SET LOCAL work_mem = '{MEMORY}'")
    env.cr.execute(f"SELECT count(*) FROM ({statement}) AS answer")
    [count] = env.cr.fetchone()
    env.cr.commit()
    return [count, time.perf_counter() - start]


def bare_fill(env, name):
    """Seconds to put the answer into an empty table like the one of the members."""
    statement = _get_bare(env, name)
    env.cr.execute(
        """
        DROP TABLE IF EXISTS benchmark_member;
        CREATE TABLE benchmark_member (LIKE marketing_segment_member INCLUDING ALL);
        ALTER TABLE benchmark_member
            ADD FOREIGN KEY (person_id) REFERENCES marketing_person,
            ADD FOREIGN KEY (segment_id) REFERENCES marketing_segment;
        """
    )
    env.cr.execute("SELECT min(id) FROM marketing_segment")
    [segment_id] = env.cr.fetchone()
    env.cr.commit()
    start = time.perf_counter()
    env.cr.execute(f"SET LOCAL work_mem = '{MEMORY}'")
    env.cr.execute(
        f"""
        INSERT INTO benchmark_member
               (id, segment_id, person_id, since, origin, state)
        SELECT nextval('marketing_segment_member_id_seq'), {segment_id}, answer.*,
               now() at time zone 'UTC', 'rule', 'member'
          FROM ({statement}) AS answer
        """
    )
    env.cr.commit()
    elapsed = time.perf_counter() - start
    env.cr.execute("DROP TABLE benchmark_member")
    env.cr.commit()
    return elapsed


def search_case(env, name):
    """Seconds of the ORM's own search for the records of the same question.

    As `search(domain)` does it: in the order of the model, and with the ids in hand.
    Behaviour is added as the condition that a domain cannot express.
    """
    model = CASES[name][0]
    segment = env["marketing.segment"].search([("name", "=", name)], limit=1)
    records = env[model]
    domain = segment._parse_domain()
    behavior = segment._get_behavior_set()
    env.invalidate_all()
    start = time.perf_counter()
    query = records._search(domain, order=records._order)
    if behavior:
        query.add_where(
            behavior.get_condition(SQL.identifier(query.table, "marketing_person_id"))
        )
    tuple(query)
    env.cr.commit()
    return time.perf_counter() - start


def make_crowd(env, countries):
    """A segment of the contacts of so many of 200 countries, filled.

    :returns: id, number of members, seconds
    """
    ids = env["res.country"].search([], order="id", limit=countries).ids
    segment = env["marketing.segment"].create(
        {
            "name": "Crowd",
            "domain": f"[('country_id', 'in', {ids})]",
            "company_id": False,
        }
    )
    env.cr.commit()
    return [segment.id, *fill_case(env, segment.id)]


def make_segments(env, count):
    """Segments of all kinds, filled, as a company has them; returns their ids."""
    codes = ("clicked", "opened", "form", "download", "page_view")
    kinds = env["marketing.touchpoint.type"]
    countries = env["res.country"].search([], order="id", limit=200).ids
    segments = env["marketing.segment"].create(
        [
            {
                "name": f"Segment {number}",
                "res_model": "crm.lead" if number % 5 == 4 else "res.partner",
                "company_id": False,
                "domain": f"[('name', 'like', 'Lead 1{number % 10}')]"
                if number % 5 == 4
                else f"[('country_id', 'in', {countries[number::40]})]",
                "rule_ids": [
                    Command.create(
                        {
                            "type_id": kinds._get_id(codes[number % 5]),
                            "operator": ("at_least", "at_most")[number % 2],
                            "times": 1 + number % 3,
                            "days": 30 if number % 3 else 0,
                        }
                    )
                    for _rule in range(number % 4)
                ],
            }
            for number in range(count)
        ]
    )
    for segment in segments:
        segment._refresh()
        env.cr.commit()
    env.cr.execute("DELETE FROM marketing_inbox")
    env.cr.execute("ANALYZE marketing_segment_member")
    env.cr.commit()
    return segments.ids


def consume_changes(env, persons, seed):
    """Seconds that all segments take to look again at so many changed persons."""
    from odoo.addons.email_marketing_crm.tools.inbox_batch import InboxBatch

    env.cr.execute("SELECT min(id), max(id) FROM marketing_person")
    ids = random.Random(seed).sample(range(*env.cr.fetchone()), persons)
    env.invalidate_all()
    start = time.perf_counter()
    env["marketing.segment"]._consume_inbox(
        InboxBatch(now=fields.Datetime.now(), changed_ids=frozenset(ids))
    )
    env.cr.commit()
    return time.perf_counter() - start


def preview_case(env, name, rounds):
    """Median seconds to count a new condition and show some of its persons."""
    model, domain, rules, _bare = CASES[name]
    kinds = env["marketing.touchpoint.type"]
    times = []
    for _round in range(rounds):
        segment = env["marketing.segment"].new(
            {
                "name": "New",
                "res_model": model,
                "kind": "dynamic",
                "match": "all",
                "domain": repr(domain),
                "user_id": env.uid,
                "rule_ids": [
                    Command.create(
                        {
                            "type_id": kinds._get_id(code),
                            "measure": "count",
                            "operator": operator,
                            "times": times_,
                            "period": "last",
                            "days": days,
                            "reliability": HUMAN[0],
                        }
                    )
                    for code, operator, times_, days in rules
                ],
            }
        )
        start = time.perf_counter()
        count, persons, message = segment._get_preview()
        persons.mapped("display_name")
        times.append(time.perf_counter() - start)
        if message or not count:
            raise RuntimeError(f"The preview of {name} shows nobody: {message}")
        env.cr.rollback()
    return statistics.median(times)


def change_at_random(env, count, seed):
    """So many changes of all kinds to persons and their records, queued as usual."""
    rng = random.Random(seed)
    env.cr.execute("SELECT array_agg(id) FROM res_partner WHERE email LIKE 'person%'")
    [partner_ids] = env.cr.fetchone()
    env.cr.execute("SELECT array_agg(id) FROM crm_lead WHERE name LIKE 'Lead %'")
    [lead_ids] = env.cr.fetchone()
    countries = env["res.country"].search([]).ids
    stages = env["crm.stage"].search([]).ids
    partners, leads = env["res.partner"], env["crm.lead"]
    now = fields.Datetime.now()
    done = 0
    while done < count:
        size = min(100, count - done)
        kind = rng.choices(
            ("event", "country", "name", "stage", "address", "active"),
            (60, 12, 12, 8, 4, 4),
        )[0]
        some = partners.browse(rng.sample(partner_ids, size))
        if kind == "event":
            env["marketing.touchpoint"]._capture(
                [
                    {
                        "type": rng.choice(("clicked", "opened", "form", "sent")),
                        "email": partner.email_normalized,
                        "date": now - timedelta(seconds=rng.randrange(40 * 86400)),
                        "reliability": rng.choice(("human_likely", "security_scan")),
                        "dedup_key": f"change:{seed}:{done}:{number}",
                    }
                    for number, partner in enumerate(some)
                    if partner.email_normalized
                ]
            )
        elif kind == "country":
            some.country_id = rng.choice(countries)
        elif kind == "name":
            some.name = f"Person {rng.randrange(10**6)}"
        elif kind == "stage":
            leads.browse(rng.sample(lead_ids, size)).stage_id = rng.choice(stages)
        elif kind == "address":
            for partner in some:
                partner.email = f"person{rng.randrange(10**7)}@example.com"
        else:
            some.active = rng.random() < 0.5
        env.cr.commit()
        env.invalidate_all()
        done += size
    return done


def measure_drift(env):
    """Members that a full computation would have otherwise, over all segments."""
    env.cr.execute("SELECT count(*) FROM marketing_inbox")
    [waiting] = env.cr.fetchone()
    if waiting:
        raise RuntimeError(f"{waiting} events still wait.")
    segments = env["marketing.segment"].search([("kind", "=", "dynamic")])
    for segment in segments:
        segment._measure_drift()
        env.cr.commit()
    if not all(segments.mapped("drift_date")):
        raise RuntimeError("Some segments were not compared.")
    return sum(segments.mapped("drift"))
