"""Odoo's statistics of mailings, counted while they change instead of when asked."""

import logging

from odoo import api, fields, models
from odoo.tools import SQL

# Odoo makes tables as it meets their models: that of the hours is there first.
from .marketing_mail_hour import TABLES_OF_EVENT

_logger = logging.getLogger(__name__)

#: Status of traces that Odoo leaves out when it relates clicks to mails.
LOST_STATUSES = ("bounce", "cancel", "error")
_IS_ALIVE = "(%s.trace_status NOT IN ('bounce', 'cancel', 'error')) IS TRUE"
#: The opposite, for the condition of a trigger. PostgreSQL reads that anew for each
#: statement: one pattern is quicker to read than the list of words above.
_IS_LOST = "(%s.trace_status ~ '^(bounce|cancel|error)$') IS NOT FALSE"
#: Rows of a mailing that may wait to be added up.
LOOSE_ROWS = 20

#: What a statement did to traces, added up: what it took away and what it brought. An
#: update counts the hours of `marketing.mail.hour` as well: one trigger instead of two.
_COUNT_TRACES = """
CREATE OR REPLACE FUNCTION marketing_count_traces() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO marketing_mailing_count
               (mailing_id, trace_status, traces, sent, clicked, followed)
        SELECT mass_mailing_id, trace_status, count(*), count(sent_datetime),
               count(links_click_datetime), 0
          FROM new_rows WHERE mass_mailing_id IS NOT NULL
         GROUP BY mass_mailing_id, trace_status;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO marketing_mailing_count
               (mailing_id, trace_status, traces, sent, clicked, followed)
        SELECT mass_mailing_id, trace_status, -count(*), -count(sent_datetime),
               -count(links_click_datetime), 0
          FROM old_rows WHERE mass_mailing_id IS NOT NULL
         GROUP BY mass_mailing_id, trace_status;
    ELSE
        WITH change AS (
            SELECT mass_mailing_id, trace_status, sent_datetime, is_test_trace,
                   1 AS traces, (sent_datetime IS NOT NULL)::int AS sent,
                   (links_click_datetime IS NOT NULL)::int AS clicked
              FROM new_rows WHERE mass_mailing_id IS NOT NULL
             UNION ALL
            SELECT mass_mailing_id, trace_status, sent_datetime, is_test_trace,
                   -1, -(sent_datetime IS NOT NULL)::int,
                   -(links_click_datetime IS NOT NULL)::int
              FROM old_rows WHERE mass_mailing_id IS NOT NULL
        ), hours AS (
            INSERT INTO marketing_mail_hour (mailing_id, hour, mails)
            SELECT mass_mailing_id, date_trunc('hour', sent_datetime), sum(traces)
              FROM change
             WHERE sent_datetime IS NOT NULL AND is_test_trace IS NOT TRUE
             GROUP BY mass_mailing_id, date_trunc('hour', sent_datetime)
            HAVING sum(traces) <> 0
        )
        INSERT INTO marketing_mailing_count
               (mailing_id, trace_status, traces, sent, clicked, followed)
        SELECT mass_mailing_id, trace_status, sum(traces), sum(sent), sum(clicked), 0
          FROM change
         GROUP BY mass_mailing_id, trace_status
        HAVING sum(traces) <> 0 OR sum(sent) <> 0 OR sum(clicked) <> 0;
    END IF;
    RETURN NULL;
END $$
"""
#: A pixel or a link changes one trace, and its status and clicks alone: added without
#: the tables of a statement. PostgreSQL works 0.20 instead of 0.25 ms for an open then.
_COUNT_HIT = """
CREATE OR REPLACE FUNCTION marketing_count_hit() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO marketing_mailing_count
           (mailing_id, trace_status, traces, sent, clicked, followed)
    VALUES (OLD.mass_mailing_id, OLD.trace_status, -1,
            -(OLD.sent_datetime IS NOT NULL)::int,
            -(OLD.links_click_datetime IS NOT NULL)::int, 0),
           (NEW.mass_mailing_id, NEW.trace_status, 1,
            (NEW.sent_datetime IS NOT NULL)::int,
            (NEW.links_click_datetime IS NOT NULL)::int, 0);
    RETURN NULL;
END $$;
CREATE TRIGGER marketing_count_hit AFTER UPDATE ON mailing_trace FOR EACH ROW
  WHEN (current_setting('email_marketing_crm.hit', TRUE) = 'on'
        AND NEW.mass_mailing_id IS NOT NULL
        AND (OLD.trace_status IS DISTINCT FROM NEW.trace_status
             OR (OLD.links_click_datetime IS NULL)
                <> (NEW.links_click_datetime IS NULL)))
  EXECUTE FUNCTION marketing_count_hit();
"""
#: The functions of `marketing_hit_function.py` say so of what they run.
_IS_NO_HIT = "current_setting('email_marketing_crm.hit', TRUE) IS DISTINCT FROM 'on'"
#: A trace that was followed goes, comes back to life, or changes its mailing. Before
#: the row changes: a click of the same statement is not there yet, and counts itself.
_COUNT_MOVED = f"""
CREATE OR REPLACE FUNCTION marketing_count_moved_trace() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM link_tracker_click WHERE mailing_trace_id = OLD.id) THEN
        IF {_IS_ALIVE % "OLD"} AND OLD.mass_mailing_id IS NOT NULL THEN
            INSERT INTO marketing_mailing_count
                   (mailing_id, trace_status, traces, sent, clicked, followed)
            VALUES (OLD.mass_mailing_id, NULL, 0, 0, 0, -1);
        END IF;
        IF TG_OP = 'UPDATE' THEN
            IF {_IS_ALIVE % "NEW"} AND NEW.mass_mailing_id IS NOT NULL THEN
                INSERT INTO marketing_mailing_count
                       (mailing_id, trace_status, traces, sent, clicked, followed)
                VALUES (NEW.mass_mailing_id, NULL, 0, 0, 0, 1);
            END IF;
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$
"""
#: Traces that got their first click, or lost their last one. OFFSET 0: one look into
#: the index a trace; a join would go wrong by what PostgreSQL guesses of new rows.
_COUNT_CLICKS = """
CREATE OR REPLACE FUNCTION marketing_count_{event}_clicks() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO marketing_mailing_count
           (mailing_id, trace_status, traces, sent, clicked, followed)
    SELECT mailing_id, NULL, 0, 0, 0, sum(change)
      FROM (SELECT trace.mass_mailing_id AS mailing_id,
                   (kept.clicks > 0)::int
                       - (kept.clicks - changed.clicks > 0)::int AS change
              FROM (SELECT mailing_trace_id, sum(clicks) AS clicks
                      FROM ({rows}) AS touched
                     WHERE mailing_trace_id IS NOT NULL
                     GROUP BY mailing_trace_id) AS changed
             CROSS JOIN LATERAL (
                   SELECT id, mass_mailing_id, trace_status FROM mailing_trace
                    WHERE id = changed.mailing_trace_id OFFSET 0) AS trace
             CROSS JOIN LATERAL (
                   SELECT count(*) AS clicks
                     FROM (SELECT FROM link_tracker_click AS click
                            WHERE click.mailing_trace_id = trace.id
                            LIMIT GREATEST(changed.clicks, 0) + 1) AS first) AS kept
             WHERE trace.mass_mailing_id IS NOT NULL AND {alive}
           ) AS followed
     WHERE change <> 0 GROUP BY mailing_id;
    RETURN NULL;
END $$
"""
_NEW = "SELECT mailing_trace_id, 1 AS clicks FROM new_rows"
_OLD = "SELECT mailing_trace_id, -1 AS clicks FROM old_rows"
_CLICK_ROWS = {"insert": _NEW, "delete": _OLD, "update": f"{_NEW} UNION ALL {_OLD}"}


class MarketingMailingCount(models.Model):
    """A change of how many mails of a mailing stand where; the sum is what Odoo counts.

    Odoo reads every trace and every click of 80 mailings to show their list. Here each
    statement that changes traces or clicks adds what it changed, in its transaction:
    PostgreSQL's triggers do it, as they alone see all of them (Odoo, other modules,
    SQL, a mailing that is deleted). Rows are only inserted, so nobody waits for
    anybody; a cron adds them up, and once a night compares the sums with the tables.

    ``traces``    mails of this status
    ``sent``      of these, with a date of sending
    ``clicked``   of these, with a date of a click
    ``followed``  mails with a click in `link.tracker.click`, lost ones left out;
                  without a status, as it goes on with the mail

    Never: an update, or a row that is written by anything but this file.
    """

    _name = "marketing.mailing.count"
    _description = "Change of a Mailing's Statistics"
    _log_access = False

    # A plain number: what is deleted with the mailing is counted down afterwards.
    mailing_id = fields.Integer("Mailing ID", required=True, readonly=True)
    trace_status = fields.Char("Status", readonly=True)
    traces = fields.Integer(required=True, readonly=True)
    sent = fields.Integer(required=True, readonly=True)
    clicked = fields.Integer(required=True, readonly=True)
    followed = fields.Integer(required=True, readonly=True)

    # The figures of the mailings of a list.
    _mailing = models.Index("(mailing_id)")

    # ------------------------------------------------------------------
    # SET-UP
    # ------------------------------------------------------------------

    def init(self):
        """Let the tables count, from what there is."""
        result = super().init()
        self._drop_triggers()
        cr = self.env.cr
        # Names and conditions are constants of this file.
        # pylint: disable=sql-injection
        cr.execute(_COUNT_TRACES)
        cr.execute(_COUNT_MOVED)
        cr.execute(_COUNT_HIT)
        for event, tables in TABLES_OF_EVENT.items():
            condition = _IS_NO_HIT if event == "update" else "TRUE"
            cr.execute(
                f"CREATE TRIGGER marketing_count_{event} AFTER {event.upper()}"
                f" ON mailing_trace REFERENCING {tables} FOR EACH STATEMENT"
                f" WHEN ({condition}) EXECUTE FUNCTION marketing_count_traces()"
            )
            cr.execute(
                _COUNT_CLICKS.format(
                    event=event, rows=_CLICK_ROWS[event], alive=_IS_ALIVE % "trace"
                )
            )
            cr.execute(
                f"CREATE TRIGGER marketing_count_{event} AFTER {event.upper()}"
                f" ON link_tracker_click REFERENCING {tables} FOR EACH STATEMENT"
                f" EXECUTE FUNCTION marketing_count_{event}_clicks()"
            )
        cr.execute(
            "CREATE TRIGGER marketing_count_moved BEFORE UPDATE ON mailing_trace"
            " FOR EACH ROW WHEN (OLD.mass_mailing_id IS DISTINCT FROM"
            f" NEW.mass_mailing_id OR ({_IS_LOST % 'OLD'}) <> ({_IS_LOST % 'NEW'}))"
            " EXECUTE FUNCTION marketing_count_moved_trace()"
        )
        cr.execute(
            "CREATE TRIGGER marketing_count_gone BEFORE DELETE ON mailing_trace"
            " FOR EACH ROW EXECUTE FUNCTION marketing_count_moved_trace()"
        )
        self._correct()
        return result

    @api.model
    def _drop_triggers(self):
        """Odoo removes the table with the add-on; nothing must write it any more."""
        # pylint: disable=sql-injection
        for name in (
            "marketing_count_traces",
            "marketing_count_moved_trace",
            "marketing_count_hit",
            *(f"marketing_count_{event}_clicks" for event in TABLES_OF_EVENT),
        ):
            self.env.cr.execute(f"DROP FUNCTION IF EXISTS {name}() CASCADE")

    # ------------------------------------------------------------------
    # FIGURES
    # ------------------------------------------------------------------

    @api.model
    def _get_counts(self, mailing_ids):
        """`[(mailing id, status, traces, sent, clicked, followed)]` of mailings."""
        self.env["mailing.trace"].flush_model()
        self.env["link.tracker.click"].flush_model()
        return self.env.execute_query(
            SQL(
                """
                SELECT mailing_id, trace_status, sum(traces)::int, sum(sent)::int,
                       sum(clicked)::int, sum(followed)::int
                  FROM marketing_mailing_count
                 WHERE mailing_id = ANY(%s)
                 GROUP BY mailing_id, trace_status
                """,
                list(mailing_ids),
            )
        )

    @api.model
    def _get_campaign_counts(self, campaign_ids):
        """`{campaign id: ({status: mails}, mails with a date of sending)}`.

        Archived mailings count as well. Served by the indexes of mailings by campaign
        and of counts by mailing.
        """
        self.env["mailing.trace"].flush_model()
        self.env["mailing.mailing"].flush_model(["campaign_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT mailing.campaign_id, count.trace_status, sum(count.traces)::int,
                       sum(count.sent)::int
                  FROM mailing_mailing AS mailing
                  JOIN marketing_mailing_count AS count ON count.mailing_id = mailing.id
                 WHERE mailing.campaign_id = ANY(%s)
                 GROUP BY mailing.campaign_id, count.trace_status
                """,
                list(campaign_ids),
            )
        )
        counts = {}
        for campaign_id, status, traces, sent in rows:
            mails, sent_before = counts.get(campaign_id, ({}, 0))
            counts[campaign_id] = (mails | {status: traces}, sent_before + sent)
        return counts

    @api.model
    def _cron_roll_up(self):
        """Put the rows of each mailing and status together; their sums stay."""
        self.env.cr.execute(
            """
            WITH taken AS (
                DELETE FROM marketing_mailing_count
                 WHERE mailing_id IN (SELECT mailing_id FROM marketing_mailing_count
                                       GROUP BY mailing_id HAVING count(*) > %s)
                RETURNING *
            )
            INSERT INTO marketing_mailing_count
                   (mailing_id, trace_status, traces, sent, clicked, followed)
            SELECT mailing_id, trace_status, sum(traces), sum(sent), sum(clicked),
                   sum(followed)
              FROM taken
             GROUP BY mailing_id, trace_status
            HAVING sum(traces) <> 0 OR sum(sent) <> 0 OR sum(clicked) <> 0
                OR sum(followed) <> 0
            """,
            [LOOSE_ROWS],
        )
        self.invalidate_model()
        self.env["marketing.mail.hour"]._roll_up()

    @api.model
    def _cron_correct(self):
        """Once a night: what was counted is what is there."""
        wrong = self._correct() + self.env["marketing.mail.hour"]._correct()
        if wrong:
            _logger.warning("Statistics of mailings were wrong and are right now")
        self._cron_roll_up()

    @api.model
    def _correct(self):
        """Add what the sums lack against the tables; returns how many rows that took.

        Traces, clicks and sums are read as of one moment, and rows are only added: who
        counts at the same time is not in the way.
        """
        self.env["mailing.trace"].flush_model()
        self.env["link.tracker.click"].flush_model()
        self.env.cr.execute(
            """
            INSERT INTO marketing_mailing_count
                   (mailing_id, trace_status, traces, sent, clicked, followed)
            SELECT mailing_id, trace_status, sum(traces), sum(sent), sum(clicked),
                   sum(followed)
              FROM (SELECT mass_mailing_id AS mailing_id, trace_status,
                           count(*) AS traces, count(sent_datetime) AS sent,
                           count(links_click_datetime) AS clicked, 0 AS followed
                      FROM mailing_trace WHERE mass_mailing_id IS NOT NULL
                     GROUP BY mass_mailing_id, trace_status
                     UNION ALL
                    SELECT trace.mass_mailing_id, NULL, 0, 0, 0, count(*)
                      FROM (SELECT DISTINCT mailing_trace_id FROM link_tracker_click
                             WHERE mailing_trace_id IS NOT NULL) AS followed
                      JOIN mailing_trace AS trace
                        ON trace.id = followed.mailing_trace_id
                     WHERE trace.mass_mailing_id IS NOT NULL
                       AND trace.trace_status <> ALL(%s)
                     GROUP BY trace.mass_mailing_id
                     UNION ALL
                    SELECT mailing_id, trace_status, -sum(traces), -sum(sent),
                           -sum(clicked), 0
                      FROM marketing_mailing_count GROUP BY mailing_id, trace_status
                     UNION ALL
                    SELECT mailing_id, NULL, 0, 0, 0, -followed
                      FROM marketing_mailing_count WHERE followed <> 0
                   ) AS lacking
             GROUP BY mailing_id, trace_status
            HAVING sum(traces) <> 0 OR sum(sent) <> 0 OR sum(clicked) <> 0
                OR sum(followed) <> 0
            """,
            [list(LOST_STATUSES)],
        )
        added = self.env.cr.rowcount
        self.invalidate_model()
        return added
