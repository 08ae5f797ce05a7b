"""A campaign to everybody, and what speaks against mail to some of them.

Made by SQL on the contacts of `segment_data`. Each fact is true for every so many
persons, by the number of the person, so that each gate has something to find and most
persons pass them all. Persons live in three zones, of which some have quiet hours.
"""

import time

from odoo import Command

_PERSONS = (
    "SELECT id, email_normalized FROM marketing_person"
    " WHERE email_normalized LIKE 'person%'"
)
#: Facts that persons' rows know: every so many persons, offset, assignment.
_PERSON_FACTS = (
    (97, 1, "suppression = 'hard_bounce', suppression_date = now()"),
    (101, 2, "address_state = 'invalid'"),
    (103, 3, "legal_basis = 'unknown'"),
    (107, 4, "paused_until = now() + interval '30 days'"),
    (53, 5, "preferred_frequency = 'month'"),
    (3, 0, "tz = 'Asia/Shanghai'"),
    (3, 1, "tz = 'America/New_York'"),
)
#: Answers to the topic: every so many of the persons that are left, state.
_ANSWERS = ((31, "out"), (37, "pending"), (1, "in"))


def make_campaign(env):
    """A draft that asks every gate; returns its id."""
    topic = env["marketing.topic"].create({"name": "Benchmark"})
    _tell_persons(env)
    _answer(env, topic)
    _refuse(env)
    _set_policy(env)
    everybody = env["marketing.segment"].create(
        {"name": "Everybody", "domain": repr([("email", "like", "person")])}
    )
    everybody._refresh()
    campaign = env["utm.campaign"].create({"name": "Benchmark"})
    stage = env["crm.stage"].search([("is_won", "=", False)], limit=1)
    common = {
        "body_html": "<p>Look</p>",
        "mailing_model_id": env["ir.model"]._get_id("res.partner"),
        "campaign_id": campaign.id,
    }
    _mail_before(env, common)
    _set_times(env)
    mailing = env["mailing.mailing"].create(
        common
        | {
            "subject": "To everybody",
            "marketing_topic_id": topic.id,
            "marketing_segment_ids": [Command.set(everybody.ids)],
            "marketing_excluded_segment_ids": [
                Command.set(_make_static(env, "Out", 40, 9).ids)
            ],
            "marketing_is_once_per_campaign": True,
            "marketing_skips_opportunities": True,
            "marketing_opportunity_stage_ids": [Command.set(stage.ids)],
            "marketing_holdout_percent": 10,
        }
    )
    env.cr.commit()
    _vacuum(env)
    return mailing.id


def _tell_persons(env):
    """What the rows of persons know of them."""
    for every, offset, assignment in _PERSON_FACTS:
        env.cr.execute(
            f"UPDATE marketing_person SET {assignment}"
            " WHERE email_normalized LIKE 'person%%' AND id %% %s = %s",
            [every, offset],
        )


def _refuse(env):
    """Some are blacklisted, others on a list of people who said no elsewhere."""
    env.cr.execute(
        f"""
        INSERT INTO mail_blacklist (email, active, create_date)
        SELECT email_normalized, TRUE, now() FROM ({_PERSONS}) person
         WHERE id % 89 = 6;
        UPDATE marketing_person person SET is_opted_out = TRUE
          FROM mail_blacklist entry WHERE entry.email = person.email_normalized
        """
    )
    env.invalidate_all()
    env["marketing.suppression"]._suppress(
        [f"person{number}@example.com" for number in range(7, 20_000, 11)],
        "opted_out_import",
    )


def _set_policy(env):
    """What the law of the company asks, and whose complaints are open."""
    company = env.company
    company.marketing_compliance_profile_id = env[
        "marketing.compliance.profile"
    ].create(
        {
            "name": "Benchmark",
            "check_consent": "block",
            "check_double_opt_in": "block",
            "check_legal_basis": "block",
            "check_unsubscribe": "ignore",
            "check_sender": "ignore",
            "check_address": "ignore",
            "check_label": "ignore",
        }
    )
    tag = env["crm.tag"].create({"name": "Benchmark complaint"})
    env.cr.execute(
        "INSERT INTO crm_tag_rel (lead_id, tag_id)"
        " SELECT id, %s FROM crm_lead WHERE id %% 50 = 0",
        [tag.id],
    )
    company.marketing_complaint_tag_ids = tag
    company.marketing_complaint_segment_ids = _make_static(env, "Cases", 200, 8)


def _mail_before(env, common):
    """Two mailings left already: one of the campaign, and one of none."""
    before = env["mailing.mailing"].create(common | {"subject": "Before"})
    _make_sent(env, before, 3)
    other = env["mailing.mailing"].create(
        common | {"subject": "Of another campaign", "campaign_id": False}
    )
    _make_sent(env, other, 4)


def _set_times(env):
    """One mail a week, and none at night."""
    env["marketing.frequency.rule"].create(
        {
            "name": "One a week",
            "outcome": "skip",
            "window_ids": [Command.create({"limit": 1, "unit": "rolling", "days": 7})],
        }
    )
    _clear_edge(env, days=7)
    env["marketing.quiet.hours"].create(
        {"company_id": env.company.id, "hour_from": 20, "hour_to": 8}
    )


def _answer(env, topic):
    """Everybody answered the topic, but for a few."""
    cases = " ".join(
        f"WHEN id %% {every} = 0 THEN '{state}'" for every, state in _ANSWERS
    )
    env.cr.execute(
        f"""
        INSERT INTO marketing_consent (
            person_id, topic_id, state, legal_basis, source, date, confirmed_date,
            expiry_date)
        SELECT id, %(topic)s, CASE {cases} END,
               CASE WHEN id %% 109 = 0 THEN 'unknown' ELSE 'consent' END, 'page', now(),
               CASE WHEN id %% 113 = 0 THEN NULL ELSE now() END,
               CASE WHEN id %% 127 = 0 THEN now() - interval '1 day' END
          FROM ({_PERSONS.replace("%", "%%")}) person WHERE id %% 131 <> 0
        """,
        {"topic": topic.id},
    )


def _make_static(env, name, every, offset):
    """A segment of every so many persons."""
    segment = env["marketing.segment"].create({"name": name, "kind": "static"})
    env.cr.execute(
        """
        INSERT INTO marketing_segment_member (
            segment_id, person_id, res_id, origin, state, since)
        SELECT %s, marketing_person_id, min(id), 'manual', 'member', now()
          FROM res_partner
         WHERE email_normalized LIKE 'person%%' AND marketing_person_id %% %s = %s
         GROUP BY marketing_person_id
        """,
        [segment.id, every, offset],
    )
    return segment


def _make_sent(env, mailing, remainder):
    """Another mailing that a tenth of all persons got just now."""
    env.cr.execute(
        """
        WITH delivered AS (
            INSERT INTO marketing_delivery (
                mailing_id, person_id, visit, res_id, email, state, due, planned_date,
                composed_date, sent_date, attempts)
            SELECT %(mailing)s, marketing_person_id, 0, min(id), min(email_normalized),
                   'sent', now(), now(), now(), now(), 1
              FROM res_partner
             WHERE email_normalized LIKE 'person%%'
               AND marketing_person_id %% 10 = %(remainder)s
             GROUP BY marketing_person_id
            RETURNING res_id, email
        )
        INSERT INTO mailing_trace (
            trace_type, model, res_id, mass_mailing_id, email, trace_status,
            sent_datetime)
        SELECT 'mail', 'res.partner', res_id, %(mailing)s, email, 'sent', now()
          FROM delivered
        """,
        {"mailing": mailing.id, "remainder": remainder},
    )


def _clear_edge(env, days):
    """Nothing leaves a window of so many days within the next hour.

    Else the preview would count somebody as capped who may be mailed a minute later,
    when the plan is made.
    """
    env.cr.execute(
        """
        UPDATE marketing_touchpoint SET date = date - interval '1 hour'
         WHERE date BETWEEN now() - make_interval(days => %(days)s)
                        AND now() - make_interval(days => %(days)s, hours => -1)
        """,
        {"days": days},
    )


def _vacuum(env):
    """As a database that has run for a while."""
    env.cr._cnx.autocommit = True
    try:
        for table in (
            "marketing_person",
            "marketing_consent",
            "marketing_segment_member",
            "marketing_delivery",
            "mailing_trace",
            "mail_blacklist",
            "crm_lead",
            "crm_tag_rel",
        ):
            env.cr.execute(f"VACUUM ANALYZE {table}")
    finally:
        env.cr._cnx.autocommit = False


def preview_campaign(env, mailing_id):
    """What the plan shows before: ({state or reason: persons}, seconds)."""
    mailing = env["mailing.mailing"].browse(mailing_id)
    start = time.perf_counter()
    action = mailing.action_check_audience()
    env.cr.commit()
    seconds = time.perf_counter() - start
    plan = env["marketing.mailing.plan"].browse(action["res_id"])
    counts = {line.code: line.count for line in plan.line_ids if line.kind == "skipped"}
    return [{"planned": plan.planned_count} | counts, seconds]


def plan_campaign(env, mailing_id):
    """Confirm the mailing: ({state or reason: persons}, seconds)."""
    mailing = env["mailing.mailing"].browse(mailing_id)
    start = time.perf_counter()
    mailing.action_launch()
    env.cr.commit()
    seconds = time.perf_counter() - start
    env.cr.execute(
        "SELECT COALESCE(reason, state), count(*) FROM marketing_delivery"
        " WHERE mailing_id = %s GROUP BY 1",
        [mailing_id],
    )
    return [dict(env.cr.fetchall()), seconds]


def tell_history(env, mailing_id):
    """Let the worker note in the persons' history who gets no mail.

    :returns: (persons told, seconds)
    """
    jobs = env["marketing.job"]
    start = time.perf_counter()
    while jobs._run_lane(0, 1)[0]:
        env.cr.commit()
    seconds = time.perf_counter() - start
    told = env["marketing.touchpoint"].search_count(
        [("mailing_id", "=", mailing_id), ("type_id.code", "=", "skipped")]
    )
    return [told, seconds]


def write_rows(env, mailing_id):
    """Seconds that PostgreSQL takes to write the rows of a plan, without any gate.

    The same rows once more, for a copy of the mailing, into the same table with its
    indexes and keys: what no plan can be faster than on the machine.
    """
    copy = env["mailing.mailing"].browse(mailing_id).copy()
    env.flush_all()
    env.cr.execute(
        "CREATE TEMP TABLE written ON COMMIT DROP AS"
        " SELECT * FROM marketing_delivery WHERE mailing_id = %s",
        [mailing_id],
    )
    start = time.perf_counter()
    env.cr.execute(
        """
        INSERT INTO marketing_delivery (
            mailing_id, company_id, person_id, res_id, email, visit, state, reason,
            due, wait_reason, planned_date, attempts)
        SELECT %s, company_id, person_id, res_id, email, visit, state, reason,
               due, wait_reason, planned_date, attempts
          FROM written ORDER BY person_id
        """,
        [copy.id],
    )
    env.cr.commit()
    return time.perf_counter() - start
