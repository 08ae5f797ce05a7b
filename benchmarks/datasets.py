"""Data of the measurements, made by SQL where a million rows are needed."""

from odoo import Command

#: Share of each type among the touchpoints, as a year of a company's mailings has.
TYPE_SHARES = (
    ("sent", 55),
    ("opened", 25),
    ("clicked", 10),
    ("page_view", 5),
    ("form", 2),
    ("download", 2),
    ("replied", 1),
)


def make_contacts(env, partners, leads):
    """Contacts and leads as they are in a database that never had the add-on.

    Written by SQL below Odoo, with the columns Odoo's own code would have filled.
    """
    env.cr.execute(
        """
        INSERT INTO res_partner (name, complete_name, email, email_normalized, active,
            type, lang, is_company, partner_share, company_id, create_uid, write_uid,
            create_date, write_date, country_id, function, autopost_bills)
        SELECT 'Person ' || n, 'Person ' || n, 'person' || n || '@example.com',
               'person' || n || '@example.com', TRUE, 'contact', 'en_US', FALSE, TRUE,
               NULL, 1, 1, now(), now(), (SELECT min(id) FROM res_country) + n %% 200,
               CASE WHEN n %% 3 = 0 THEN 'Buyer' END, 'ask'
          FROM generate_series(1, %s) n
        """
        if "autopost_bills" in env["res.partner"]._fields
        else """
        INSERT INTO res_partner (name, complete_name, email, email_normalized, active,
            type, lang, is_company, partner_share, company_id, create_uid, write_uid,
            create_date, write_date, country_id, function)
        SELECT 'Person ' || n, 'Person ' || n, 'person' || n || '@example.com',
               'person' || n || '@example.com', TRUE, 'contact', 'en_US', FALSE, TRUE,
               NULL, 1, 1, now(), now(), (SELECT min(id) FROM res_country) + n %% 200,
               CASE WHEN n %% 3 = 0 THEN 'Buyer' END
          FROM generate_series(1, %s) n
        """,
        [partners],
    )
    # A person has one row of its own as commercial entity.
    env.cr.execute(
        "UPDATE res_partner SET commercial_partner_id = id"
        " WHERE commercial_partner_id IS NULL"
    )
    if leads:
        stage = env["crm.stage"].search([("is_won", "=", False)], limit=1)
        team = env["crm.team"].search([], limit=1)
        env["crm.lead"].create(
            [
                {
                    "name": f"Lead {number}",
                    "email_from": f"person{number}@example.com",
                    "type": "opportunity",
                    "stage_id": stage.id,
                    "team_id": team.id,
                }
                for number in range(1, leads + 1)
            ]
        )
    env.cr.execute("ANALYZE res_partner")


def make_hits(env, count, link_count=4):
    """A mailing that was sent to `count` contacts, with some tracked links.

    :returns: for each mail the path of its pixel, of one of the links, and of the
        link that is first for everybody
    """
    partners = env["res.partner"].create(
        [
            {"name": f"Reader {number}", "email": f"reader{number}@example.com"}
            for number in range(count)
        ]
    )
    mailing = env["mailing.mailing"].create(
        {
            "subject": "Newsletter",
            "mailing_model_id": env["ir.model"]._get_id("res.partner"),
            "body_html": "<p>Hello</p>",
        }
    )
    links = env["link.tracker"].create(
        [
            {"url": f"https://example.com/{n}", "mass_mailing_id": mailing.id}
            | {"title": f"Page {n}"}
            for n in range(link_count)
        ]
    )
    codes = links.mapped("code")
    traces = env["mailing.trace"].create(
        [
            {
                "trace_type": "mail",
                "mass_mailing_id": mailing.id,
                "model": "res.partner",
                "res_id": partner.id,
                "email": partner.email_normalized,
                "mail_mail_id_int": 1_000_000 + number,
                "trace_status": "sent",
            }
            for number, partner in enumerate(partners)
        ]
    )
    token = env["mail.mail"]._generate_mail_recipient_token
    # Odoo's own links carry the number of the trace and nothing else.
    ending = getattr(env["mailing.trace"], "_get_link_ending", str)
    env.cr.commit()
    return [
        {
            "open": f"/mail/track/{mail_id}/{token(mail_id)}/blank.gif",
            "click": f"/r/{codes[number % link_count]}/m/{ending(trace.id)}",
            "hot": f"/r/{codes[0]}/m/{ending(trace.id)}",
        }
        for number, trace in enumerate(traces)
        for mail_id in [1_000_000 + number]
    ]


def make_configuration(env):
    """What a company that uses the product has: segments, a score model, a journey."""
    kinds = {kind.code: kind for kind in env["marketing.touchpoint.type"].search([])}
    env["marketing.segment"].create(
        [
            {
                "name": f"Segment {number}",
                "res_model": "res.partner",
                "domain": f"[('country_id.id', '>', {number * 20})]",
                "rule_ids": [
                    Command.create(
                        {
                            "type_id": kinds[code].id,
                            "operator": "at_least",
                            "times": 1 + number % 3,
                            "days": 30,
                        }
                    )
                ],
            }
            for number, code in enumerate(
                ("clicked", "opened", "form", "download", "page_view") * 2
            )
        ]
    )
    env.cr.commit()


def make_touchpoints(env, count):
    """`count` touchpoints of the last 60 days, as the hooks would have written them."""
    total = sum(share for _code, share in TYPE_SHARES)
    env.cr.execute(
        """
        WITH type AS (
            SELECT t.id, s.code, s.first, s.last
              FROM marketing_touchpoint_type t
              JOIN unnest(%s, %s, %s) s (code, first, last) ON s.code = t.code
        ), person AS (
            SELECT array_agg(id ORDER BY id) AS ids FROM marketing_person
        )
        INSERT INTO marketing_touchpoint (person_id, type_id, date, value,
                                          reliability, dedup_key)
        SELECT person.ids[1 + (n::bigint * 7919) %% array_length(person.ids, 1)],
               type.id,
               date_trunc('second', now() at time zone 'UTC' - interval '60 days'
                          + n * (interval '59 days' / %s)),
               0, CASE WHEN n %% 10 = 0 THEN 'machine_open' ELSE 'human_likely' END,
               'benchmark:' || n
          FROM generate_series(1, %s) n
          CROSS JOIN person
          JOIN type ON n %% %s >= type.first AND n %% %s < type.last
        """,
        [*_ranges(), count, count, total, total],
    )
    env.cr.execute("ANALYZE marketing_touchpoint")
    reset_inbox(env)


def _ranges():
    codes, firsts, lasts, position = [], [], [], 0
    for code, share in TYPE_SHARES:
        codes.append(code)
        firsts.append(position)
        position += share
        lasts.append(position)
    return codes, firsts, lasts


def reset_inbox(env):
    """Queue every touchpoint anew, and forget what was made of them."""
    env.cr.execute(
        """
        TRUNCATE marketing_inbox;
        DELETE FROM marketing_segment_member;
        UPDATE marketing_person SET score_id = NULL WHERE score_id IS NOT NULL;
        DELETE FROM marketing_score;
        DELETE FROM marketing_touchpoint WHERE dedup_key NOT LIKE 'benchmark:%';
        INSERT INTO marketing_inbox (person_id, touchpoint_id, kind, due, attempts)
        SELECT person_id, id, 'touchpoint', date, 0 FROM marketing_touchpoint
         ORDER BY date, id;
        ANALYZE marketing_inbox;
        """
    )
    env.cr.commit()
    return True


def make_history(env, count):
    """One contact with `count` touchpoints; returns its id."""
    partner = env["res.partner"].create({"name": "Reader", "email": "r@example.com"})
    person = partner.marketing_person_id
    env.flush_all()
    env.cr.execute(
        """
        INSERT INTO marketing_touchpoint (person_id, type_id, date, value,
                                          reliability, dedup_key)
        SELECT %s, (SELECT min(id) FROM marketing_touchpoint_type) + n %% 20,
               now() at time zone 'UTC' - n * interval '1 hour', 0, 'human_likely',
               'history:' || n
          FROM generate_series(1, %s) n
        """,
        [person.id, count],
    )
    env.cr.execute("ANALYZE marketing_touchpoint")
    return partner.id


def make_contact_file(count):
    """A CSV file of contacts, five of each company."""
    lines = ["Name,Email,Company,Job Position,Phone,Country"]
    countries = ("Germany", "France", "China", "Brazil")
    lines += [
        f"Person {number},imported{number}@company{number // 5}.example,"
        f"Company {number // 5} Ltd,Buyer {number % 7},+49 30 {number:07d},"
        f"{countries[number // 5 % 4]}"
        for number in range(count)
    ]
    return "\n".join(lines)


def make_mailings(env, mailings, traces):
    """Mailings with their traces; a quarter opened, every tenth mail clicked.

    Written by SQL, with the columns Odoo's own code would have filled.
    """
    made = env["mailing.mailing"].create(
        [
            {
                "subject": f"Newsletter {number}",
                "mailing_model_id": env["ir.model"]._get_id("res.partner"),
                "body_html": "<p>Hello</p>",
            }
            for number in range(mailings)
        ]
    )
    link = env["link.tracker"].create({"url": "https://example.com", "title": "Home"})
    env.flush_all()
    env.cr.execute(
        """
        INSERT INTO mailing_trace (trace_type, model, res_id, mass_mailing_id, email,
            trace_status, sent_datetime, open_datetime, links_click_datetime)
        SELECT 'mail', 'res.partner', n, %(first)s + n %% %(mailings)s,
               'person' || n || '@example.com',
               CASE WHEN n %% 50 = 7 THEN 'bounce' WHEN n %% 50 = 9 THEN 'cancel'
                    WHEN n %% 4 = 0 THEN 'open' ELSE 'sent' END,
               CASE WHEN n %% 50 <> 9 THEN now() at time zone 'UTC' END,
               CASE WHEN n %% 4 = 0 THEN now() at time zone 'UTC' END,
               CASE WHEN n %% 10 = 0 THEN now() at time zone 'UTC' END
          FROM generate_series(1, %(traces)s) n
        """,
        {"first": made[0].id, "mailings": mailings, "traces": traces},
    )
    env.cr.execute(
        """
        INSERT INTO link_tracker_click (link_id, mailing_trace_id, mass_mailing_id)
        SELECT %s, id, mass_mailing_id FROM mailing_trace
         WHERE links_click_datetime IS NOT NULL
        """,
        [link.id],
    )
    env.cr.commit()
    env.cr._cnx.autocommit = True
    try:
        env.cr.execute("VACUUM ANALYZE mailing_trace, link_tracker_click")
    finally:
        env.cr._cnx.autocommit = False
    return True
