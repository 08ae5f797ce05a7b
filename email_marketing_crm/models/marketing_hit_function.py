"""PostgreSQL's functions that write an open or a click."""

from odoo import api, models

#: SQL: the owner of a trace may be followed. Old mails hold links that know him.
_IS_TRACKED = """
    NOT EXISTS (SELECT FROM marketing_person AS silent
                 WHERE silent.email_normalized = lower(mailing_trace.email)
                   AND silent.is_do_not_track)
"""
#: SQL: what is captured of a trace.
_TRACE = (
    "trace.trace_type, trace.is_test_trace, trace.email, trace.sent_datetime,"
    " trace.mass_mailing_id, trace.model, trace.res_id"
)
#: Functions keep their plans for as long as the connection lives: PostgreSQL needs
#: longer to plan these statements than to run them (`tools/kept_connection.py`).
#: `facts` says what the request shows (`marketing.hit._get_facts`): now, user, too_fast
#: (seconds), what is kept of the program, and by kind of hit the type, its settling
#: seconds, and class and reasons for a hit that comes too fast and for any other. A
#: function returns the rows of traces whose person is not known. `hit` is read by the
#: triggers of `marketing_mailing_count.py`.
FUNCTIONS = (
    """
    CREATE OR REPLACE FUNCTION marketing_capture_hit(
        trace_type text, is_test boolean, address text, sent timestamp, mailing int,
        model text, record_id int, kind text, facts jsonb, link int, dedup text)
    RETURNS boolean LANGUAGE plpgsql AS $$
    DECLARE
        owner int; heir int; silent boolean; touchpoint int; delay float; class jsonb;
        hit_date timestamp := facts->>'now';
        known jsonb := facts->kind;
    BEGIN
        IF trace_type <> 'mail' OR is_test OR address IS NULL THEN
            RETURN TRUE;
        END IF;
        SELECT id, merged_into_id, is_do_not_track INTO owner, heir, silent
          FROM marketing_person WHERE email_normalized = address;
        IF heir IS NOT NULL THEN
            SELECT id, is_do_not_track INTO owner, silent
              FROM marketing_person WHERE id = heir;
        END IF;
        IF owner IS NULL THEN
            RETURN FALSE;
        ELSIF silent THEN
            RETURN TRUE;
        END IF;
        delay := extract(epoch FROM hit_date - sent);
        class := known->(CASE WHEN delay < (facts->>'too_fast')::float
                              THEN 'too_fast' ELSE 'class' END);
        INSERT INTO marketing_touchpoint (
                person_id, type_id, date, mailing_id, link_id, res_model, res_id, value,
                reliability, reliability_reasons, data, dedup_key)
        VALUES (owner, (known->>'type')::int, hit_date, mailing, link, model, record_id,
                0, class->>0, class->>1,
                facts->'data' || jsonb_build_object('seconds_since_sent', delay), dedup)
            ON CONFLICT (dedup_key) DO NOTHING
        RETURNING id INTO touchpoint;
        IF touchpoint IS NOT NULL THEN
            INSERT INTO marketing_inbox (person_id, touchpoint_id, kind, due, attempts)
            VALUES (owner, touchpoint, 'touchpoint',
                    hit_date + (known->>'settling')::float * interval '1 second', 0);
        END IF;
        RETURN TRUE;
    END $$
    """,
    f"""
    CREATE OR REPLACE FUNCTION marketing_record_open(mail int, facts jsonb)
    RETURNS SETOF text LANGUAGE plpgsql SET email_marketing_crm.hit = 'on' AS $$
    DECLARE
        trace mailing_trace;
        hit_date timestamp := facts->>'now';
        is_new boolean := FALSE;
    BEGIN
        FOR trace IN
            UPDATE mailing_trace
               SET trace_status = 'open', open_datetime = hit_date,
                   write_date = hit_date, write_uid = (facts->>'user')::int
             WHERE mail_mail_id_int = mail AND trace_status NOT IN ('open', 'reply')
               AND {_IS_TRACKED}
            RETURNING mailing_trace.*
        LOOP
            is_new := TRUE;
            IF NOT marketing_capture_hit(
                {_TRACE},
                'opened', facts, NULL, 'trace:' || trace.id || ':open')
            THEN
                RETURN NEXT to_jsonb(trace)::text;
            END IF;
        END LOOP;
        -- A program opened it first: the human who comes later is worth knowing.
        IF NOT is_new AND facts->>'is_human' = 'true' THEN
            FOR trace IN
                SELECT * FROM mailing_trace
                 WHERE mail_mail_id_int = mail AND trace_status = 'open'
                   AND {_IS_TRACKED}
                   AND NOT EXISTS (
                       SELECT FROM marketing_touchpoint AS known
                        WHERE known.dedup_key IN (
                              'trace:' || mailing_trace.id || ':open',
                              'trace:' || mailing_trace.id || ':open:human')
                          AND known.reliability IN ('human_likely', 'human_confirmed'))
            LOOP
                is_new := TRUE;
                IF NOT marketing_capture_hit(
                    {_TRACE},
                    'opened', facts, NULL, 'trace:' || trace.id || ':open:human')
                THEN
                    RETURN NEXT to_jsonb(trace)::text;
                END IF;
            END LOOP;
        END IF;
        -- Whoever comes back later: each program counts once an hour.
        IF NOT is_new THEN
            FOR trace IN
                SELECT * FROM mailing_trace
                 WHERE mail_mail_id_int = mail AND trace_status IN ('open', 'reply')
                   AND open_datetime <= hit_date - interval '1 hour' AND {_IS_TRACKED}
            LOOP
                PERFORM marketing_capture_hit(
                    {_TRACE},
                    'opened_again', facts, NULL,
                    'trace:' || trace.id || ':again:'
                        || left(md5(facts->'data'->>'user_agent'), 8) || ':'
                        || to_char(hit_date, 'YYYYMMDDHH24'));
            END LOOP;
        END IF;
    END $$
    """,
    f"""
    CREATE OR REPLACE FUNCTION marketing_record_click(
        hit int, link int, campaign int, mailing int, address text, country text,
        facts jsonb, OUT click int, OUT unknown text, OUT opened boolean)
    LANGUAGE plpgsql SET email_marketing_crm.hit = 'on' AS $$
    DECLARE
        trace mailing_trace;
        hit_date timestamp := facts->>'now';
        author int := facts->>'user';
    BEGIN
        SELECT * INTO trace FROM mailing_trace
         WHERE id = hit AND (mailing IS NULL OR mass_mailing_id = mailing)
           AND {_IS_TRACKED}
           FOR NO KEY UPDATE;
        opened := trace.id IS NOT NULL AND trace.trace_status NOT IN ('open', 'reply');
        IF trace.id IS NOT NULL THEN
            UPDATE mailing_trace
               SET links_click_datetime = hit_date,
                   trace_status = CASE WHEN opened THEN 'open' ELSE trace_status END,
                   open_datetime = CASE WHEN opened THEN hit_date
                                        ELSE open_datetime END,
                   write_date = hit_date, write_uid = author
             WHERE id = trace.id;
        END IF;
        INSERT INTO link_tracker_click (
                link_id, campaign_id, mailing_trace_id, mass_mailing_id, ip, country_id,
                create_uid, create_date, write_uid, write_date)
        VALUES (link, campaign, trace.id, COALESCE(trace.mass_mailing_id, mailing),
                CASE WHEN trace.id IS NOT NULL THEN address END,
                (SELECT id FROM res_country WHERE code = country),
                author, hit_date, author, hit_date)
        RETURNING id INTO click;
        IF trace.id IS NULL THEN
            RETURN;
        END IF;
        IF opened THEN
            PERFORM marketing_capture_hit(
                {_TRACE},
                'opened', facts, NULL, 'trace:' || trace.id || ':open');
        END IF;
        IF NOT marketing_capture_hit(
            {_TRACE},
            'clicked', facts, link, 'click:' || click)
        THEN
            unknown := to_jsonb(trace)::text;
        END IF;
    END $$
    """,
)


class MarketingHit(models.AbstractModel):
    _inherit = "marketing.hit"

    def init(self):
        """Make the functions; Odoo has made the tables they write."""
        result = super().init()
        self._drop_functions()
        for definition in FUNCTIONS:
            self.env.cr.execute(definition)
        return result

    @api.model
    def _drop_functions(self):
        self.env.cr.execute(
            "DROP FUNCTION IF EXISTS marketing_record_open(int, jsonb);"
            "DROP FUNCTION IF EXISTS marketing_record_click("
            "int, int, int, int, text, text, jsonb);"
            "DROP FUNCTION IF EXISTS marketing_capture_hit("
            "text, boolean, text, timestamp, int, text, int, text, jsonb, int, text)"
        )
