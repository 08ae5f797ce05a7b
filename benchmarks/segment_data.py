"""A company's contacts, leads and log, as the segments of the measurements find them.

Made by SQL, ten million touchpoints in some minutes. Who did how much is skewed as it
is in life: half of all events belong to a tenth of the persons.
"""

from benchmarks.datasets import make_contacts

#: Types of the log, and the share of each in percent.
TYPE_SHARES = {
    "sent": 55,
    "opened": 25,
    "clicked": 10,
    "page_view": 5,
    "form": 2,
    "download": 1,
    "order": 1,
    "replied": 1,
}
#: The log reaches back so many days.
HISTORY_DAYS = 365
#: What checks and finds the rows of the log; made once, after its rows.
_LOG_PARTS = """
    SELECT format('ALTER TABLE marketing_touchpoint DROP CONSTRAINT %I', conname),
           format('ALTER TABLE marketing_touchpoint ADD CONSTRAINT %I %s', conname,
                  pg_get_constraintdef(oid))
      FROM pg_constraint WHERE conrelid = 'marketing_touchpoint'::regclass
     UNION ALL
    SELECT format('DROP INDEX %I', indexname), indexdef
      FROM pg_indexes
     WHERE tablename = 'marketing_touchpoint' AND indexname NOT IN (
           SELECT conname FROM pg_constraint
            WHERE conrelid = 'marketing_touchpoint'::regclass)
"""


def make_segment_data(env, partners, leads, touchpoints):
    """Contacts, leads, their persons and what happened to them."""
    from odoo.addons.email_marketing_crm.hooks import build_persons

    make_contacts(env, partners, 0)
    _make_leads(env, leads)
    build_persons(env)
    _make_log(env, touchpoints)
    env.cr.commit()
    # What a database that has run for a while looks like: index-only scans work.
    env.cr._cnx.autocommit = True
    try:
        for table in (
            "res_partner",
            "crm_lead",
            "marketing_person",
            "marketing_touchpoint",
        ):
            env.cr.execute(f"VACUUM ANALYZE {table}")
    finally:
        env.cr._cnx.autocommit = False
    return True


def _make_leads(env, count):
    stages = env["crm.stage"].search([("is_won", "=", False)], order="sequence, id")
    team = env["crm.team"].search([], limit=1)
    env.cr.execute(
        """
        INSERT INTO crm_lead (name, email_from, email_normalized, active, type,
            stage_id, team_id, priority, probability, automated_probability,
            create_uid, write_uid, create_date, write_date, date_last_stage_update)
        SELECT 'Lead ' || n, 'person' || 3 * n || '@example.com',
               'person' || 3 * n || '@example.com', TRUE, 'opportunity',
               (%(stages)s::int[])[1 + n %% array_length(%(stages)s::int[], 1)],
               %(team)s, '0', 10, 10, 1, 1, now(), now(), now()
          FROM generate_series(1, %(count)s) n
        """,
        {"stages": stages.ids, "team": team.id, "count": count},
    )


def _make_log(env, count):
    """The log without its indexes first: filling them row by row takes longer."""
    env.cr.execute(_LOG_PARTS)
    parts = env.cr.fetchall()
    for drop, _make in parts:
        env.cr.execute(drop)
    env.cr.execute(
        """
        WITH type AS MATERIALIZED (
            SELECT array_agg(kind.id ORDER BY share.ordinality) AS ids
              FROM unnest(%(codes)s::text[], %(shares)s::int[])
                   WITH ORDINALITY AS share (code, weight, ordinality)
              JOIN marketing_touchpoint_type AS kind ON kind.code = share.code
              CROSS JOIN generate_series(1, share.weight)
        ),
        person AS MATERIALIZED (
            SELECT min(id) AS first, max(id) - min(id) AS span FROM marketing_person
             WHERE email_normalized LIKE 'person%%@example.com'
        )
        INSERT INTO marketing_touchpoint (
            person_id, type_id, date, value, reliability, dedup_key, data)
        SELECT person.first + floor(
                   person.span * power(hashint4(n) / 4294967296.0 + 0.5, 3))::int,
               type.ids[1 + abs(hashint4(n + 1000003)) %% 100],
               date_trunc('second', now() at time zone 'UTC'
                          - (%(count)s - n) * (%(days)s * interval '1 day' / %(count)s)
                          ),
               n %% 200,
               CASE WHEN n %% 10 = 0 THEN 'machine_open' ELSE 'human_likely' END,
               'benchmark:' || n,
               CASE WHEN n %% 20 = 0
                    THEN jsonb_build_object('url', 'https://example.com/' || n %% 500)
               END
          FROM generate_series(1, %(count)s) n, person, type
        """,
        {
            "codes": list(TYPE_SHARES),
            "shares": list(TYPE_SHARES.values()),
            "days": HISTORY_DAYS,
            "count": count,
        },
    )
    for _drop, make in parts:
        env.cr.execute(make)
