"""How many mails left in which hour, counted while they leave."""

from odoo import api, fields, models
from odoo.tools import SQL

#: Event → what PostgreSQL is to keep of the rows that a statement changed.
TABLES_OF_EVENT = {
    "insert": "NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
}
#: What a statement did to the mails that left, added up.
_COUNT_HOURS = """
CREATE OR REPLACE FUNCTION marketing_hour_{event}() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO marketing_mail_hour (mailing_id, hour, mails)
    SELECT mass_mailing_id, date_trunc('hour', sent_datetime), sum(mails)
      FROM ({rows}) AS changed
     WHERE mass_mailing_id IS NOT NULL AND sent_datetime IS NOT NULL
       AND is_test_trace IS NOT TRUE
     GROUP BY mass_mailing_id, date_trunc('hour', sent_datetime)
    HAVING sum(mails) <> 0;
    RETURN NULL;
END $$
"""
_COLUMNS = "mass_mailing_id, sent_datetime, is_test_trace"
_NEW = f"SELECT {_COLUMNS}, 1 AS mails FROM new_rows"
_OLD = f"SELECT {_COLUMNS}, -1 AS mails FROM old_rows"
#: An update is counted with its mails (`marketing_mailing_count.py`).
_ROWS = {"insert": _NEW, "delete": _OLD}


class MarketingMailHour(models.Model):
    """A change of how many mails of a mailing left in an hour; the sum is what left.

    The calendar and the volume of mail read these few rows instead of every mail. As in
    `marketing.mailing.count`, each statement that changes traces adds what it changed,
    in its transaction and by PostgreSQL's triggers, and rows are only inserted: no lane
    waits for another. The crons of those counts add these up and correct them as well.

    Mails of every mailing are counted, Odoo's own as well as ours, and of journeys. A
    test is no mail that left. Never: an update, or a row written by anything else.
    """

    _name = "marketing.mail.hour"
    _description = "Mails of an Hour"
    _log_access = False

    # A plain number: what is deleted with the mailing is counted down afterwards.
    mailing_id = fields.Integer("Mailing ID", required=True, readonly=True)
    hour = fields.Datetime(required=True, readonly=True)
    mails = fields.Integer(required=True, readonly=True)

    # When a mailing left, and what left of journeys between two days.
    _mailing_hour = models.Index("(mailing_id, hour)")

    def init(self):
        """Let the traces count, from what there is."""
        result = super().init()
        self._drop_triggers()
        # Names and rows are constants of the code.
        # pylint: disable=sql-injection
        for event, rows in _ROWS.items():
            self.env.cr.execute(_COUNT_HOURS.format(event=event, rows=rows))
            self.env.cr.execute(
                f"CREATE TRIGGER marketing_hour_{event} AFTER {event.upper()}"
                f" ON mailing_trace REFERENCING {TABLES_OF_EVENT[event]}"
                " FOR EACH STATEMENT"
                f" EXECUTE FUNCTION marketing_hour_{event}()"
            )
        self._correct()
        return result

    @api.model
    def _drop_triggers(self):
        """Odoo removes the table with the add-on; nothing must write it any more."""
        # pylint: disable=sql-injection
        for event in TABLES_OF_EVENT:
            self.env.cr.execute(
                f"DROP FUNCTION IF EXISTS marketing_hour_{event}() CASCADE"
            )

    @api.model
    def _roll_up(self):
        """Put the rows of each mailing and hour together; their sums stay."""
        self.env.cr.execute(
            """
            WITH taken AS (
                DELETE FROM marketing_mail_hour
                 WHERE (mailing_id, hour) IN (
                       SELECT mailing_id, hour FROM marketing_mail_hour
                        GROUP BY mailing_id, hour
                       HAVING count(*) > 1 OR sum(mails) = 0)
                RETURNING *
            )
            INSERT INTO marketing_mail_hour (mailing_id, hour, mails)
            SELECT mailing_id, hour, sum(mails) FROM taken
             GROUP BY mailing_id, hour HAVING sum(mails) <> 0
            """
        )
        self.invalidate_model()

    @api.model
    def _correct(self):
        """Add what the sums lack against the traces; returns how many rows that took.

        Traces and sums are read as of one moment, and rows are only added: who counts
        at the same time is not in the way.
        """
        self.env["mailing.trace"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_mail_hour (mailing_id, hour, mails)
                SELECT mailing_id, hour, sum(mails)
                  FROM (SELECT mass_mailing_id AS mailing_id,
                               date_trunc('hour', sent_datetime) AS hour,
                               count(*) AS mails
                          FROM mailing_trace
                         WHERE mass_mailing_id IS NOT NULL
                           AND sent_datetime IS NOT NULL
                           AND is_test_trace IS NOT TRUE
                         GROUP BY mass_mailing_id, date_trunc('hour', sent_datetime)
                         UNION ALL
                        SELECT mailing_id, hour, -sum(mails)
                          FROM marketing_mail_hour GROUP BY mailing_id, hour
                       ) AS lacking
                 GROUP BY mailing_id, hour HAVING sum(mails) <> 0
                """
            )
        )
        added = self.env.cr.rowcount
        self.invalidate_model()
        return added
