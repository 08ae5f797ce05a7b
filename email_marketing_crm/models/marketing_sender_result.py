from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.sender_brake import OUTCOMES
from .marketing_sender_provider import PROVIDER_SELECTION

#: Touchpoints that tell what became of a mail after it left.
TOUCHPOINT_OUTCOMES = {
    "hard_bounce": "bounced_hard",
    "soft_bounce": "bounced_soft",
    "policy_bounce": "refused_policy",
    "complaint": "complained",
}
#: Rows of this many minutes become one; younger ones are left alone.
COMPACT_MINUTES = 5
#: Days after which only the figures of the days are left.
KEEP_DAYS = 40


class MarketingSenderResult(models.Model):
    """What became of some mails of a sender: insert-only, added up when it is read.

    The sending lanes insert a row per batch, provider and outcome; bounces and
    complaints come from the inbox. No row is ever changed, so that lanes never meet;
    the pace lane makes one row of those of five minutes. What Odoo's own mail queue
    sends `is_outside`: no delivery counts it, so the quota counts it here.
    """

    _name = "marketing.sender.result"
    _description = "Result of a Sender's Mails"
    _order = "id desc"
    _log_access = False

    sender_id = fields.Many2one("marketing.sender", required=True, ondelete="cascade")
    provider = fields.Selection(PROVIDER_SELECTION, required=True, default="other")
    outcome = fields.Selection(
        [
            ("sent", "Sent"),
            ("deferred", "Put off by the server"),
            ("refused_policy", "Sender or content refused"),
            ("refused_address", "Address refused"),
            ("unknown", "Server broke off"),
            ("bounced_hard", "Bounced for good"),
            ("bounced_soft", "Bounced for now"),
            ("complained", "Reported as spam"),
            ("other", "Sent, but no mailing"),
        ],
        required=True,
    )
    is_outside = fields.Boolean(
        "By Odoo's Mail Queue", help="Sent past the workers, so no delivery counts it."
    )
    count = fields.Integer(required=True)
    date = fields.Datetime(required=True)
    mail_date = fields.Datetime(
        help="When mails left that came back or were reported; empty for the tries."
    )

    # What became of a sender's mails since a moment.
    _sender_date = models.Index("(sender_id, date)")

    @api.model
    def _compact(self, sender_ids):
        """Make one row of those of five minutes; only the pace lane does this."""
        before = fields.Datetime.now() - timedelta(minutes=COMPACT_MINUTES)
        self.env.cr.execute(
            SQL(
                """
                WITH old AS (
                    DELETE FROM marketing_sender_result
                     WHERE sender_id = ANY(%(senders)s) AND date < %(before)s
                       AND date >= %(from)s
                    RETURNING sender_id, provider, outcome, is_outside, count, date,
                              mail_date
                )
                INSERT INTO marketing_sender_result (
                    sender_id, provider, outcome, is_outside, count, date, mail_date)
                SELECT sender_id, provider, outcome, is_outside, sum(count), max(date),
                       min(mail_date)
                  FROM old
                 GROUP BY sender_id, provider, outcome, is_outside,
                          floor(extract(epoch FROM date) / %(seconds)s),
                          floor(extract(epoch FROM mail_date) / %(seconds)s)
                """,
                **{
                    "senders": list(sender_ids),
                    "before": before,
                    # What is older was compacted by the runs before.
                    "from": before - timedelta(minutes=3 * COMPACT_MINUTES),
                    "seconds": 60 * COMPACT_MINUTES,
                },
            )
        )

    @api.autovacuum
    def _gc_results(self):
        self.env.cr.execute(
            "DELETE FROM marketing_sender_result WHERE date < %s",
            [fields.Datetime.now() - timedelta(days=KEEP_DAYS)],
        )


class MarketingSender(models.Model):
    """How a sender learns what became of its mails."""

    _inherit = "marketing.sender"

    @api.model
    def _note_result(self, rows, is_outside=False):
        """Write down what became of mails, and brake what must not go on.

        Called by whoever hands mails over, once a batch. Nothing but inserts: it can
        neither wait for another lane nor fail because of one.

        :param rows: `[(sender id, provider, outcome, number of mails)]`; outcomes are
            those of `marketing.sender.result`; those of `TRIES` are what a try came to
        :param is_outside: no delivery counts these mails
        """
        self._insert_results([(*row, None) for row in rows], is_outside)

    @api.model
    def _insert_results(self, rows, is_outside=False):
        """The same, with the moment at which the mails of each row left.

        :param rows: `[(sender id, provider, outcome, number of mails, mail date)]`; no
            date where the row is what a try came to
        """
        rows = [row for row in rows if row[0] and row[3]]
        if not rows:
            return
        unknown = {row[2] for row in rows} - set(OUTCOMES)
        if unknown:
            raise ValueError(f"Outcomes of mails that nobody knows: {unknown}")
        senders, providers, outcomes, counts, dates = map(list, zip(*rows, strict=True))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_sender_result (
                    sender_id, provider, outcome, is_outside, mail_date, count, date)
                SELECT sender, COALESCE(provider, 'other'), outcome, %s, mail_date,
                       sum(count), %s
                  FROM unnest(%s::int[], %s::varchar[], %s::varchar[], %s::int[],
                              %s::timestamp[])
                           news (sender, provider, outcome, count, mail_date)
                 GROUP BY sender, 2, outcome, mail_date
                """,
                is_outside,
                fields.Datetime.now(),
                senders,
                providers,
                outcomes,
                counts,
                dates,
            )
        )
        harmless = ("sent", "other", "bounced_soft")
        bad = {row[0] for row in rows if row[2] not in harmless}
        self.browse(sorted(bad))._brake_if_needed()

    @api.model
    def _note_deliveries(self, outcomes):
        """The same, by delivery: `{delivery id: outcome}`."""
        if not outcomes:
            return
        self._note_result(
            self.env.execute_query(
                SQL(
                    """
                    SELECT delivery.sender_id, delivery.provider, news.outcome, count(*)
                      FROM unnest(%s::int[], %s::varchar[]) news (id, outcome)
                      JOIN marketing_delivery delivery ON delivery.id = news.id
                     WHERE delivery.sender_id IS NOT NULL
                     GROUP BY 1, 2, 3
                    """,
                    list(outcomes),
                    list(outcomes.values()),
                )
            )
        )

    @api.model
    def _consume_inbox(self, batch):
        """Bounces and complaints that came back for mails of ours.

        They are kept with the minute at which their mails left: what comes back late
        is about the mails of that day, not about those of today.
        """
        news = [
            (row.mailing_id, row.person_id, TOUCHPOINT_OUTCOMES[row.type_code])
            for row in batch.touchpoints
            if row.type_code in TOUCHPOINT_OUTCOMES
            and row.mailing_id
            # What was refused at once is noted by who handed it over.
            and row.res_model != "marketing.delivery"
        ]
        if not news:
            return
        mailings, persons, outcomes = map(list, zip(*news, strict=True))
        self._insert_results(
            self.env.execute_query(
                SQL(
                    """
                    SELECT delivery.sender_id, delivery.provider, news.outcome,
                           count(*), date_trunc('minute', delivery.left_date)
                      FROM unnest(%s::int[], %s::int[], %s::varchar[])
                               news (mailing, person, outcome)
                     CROSS JOIN LATERAL (
                           SELECT sender_id, provider,
                                  COALESCE(sent_date, composed_date) AS left_date
                             FROM marketing_delivery
                            WHERE mailing_id = news.mailing AND person_id = news.person
                              AND sender_id IS NOT NULL
                            ORDER BY visit DESC LIMIT 1) delivery
                     GROUP BY 1, 2, 3, 5
                    UNION ALL
                    SELECT mailing.marketing_sender_id, 'other', news.outcome, count(*),
                           date_trunc('minute', sent.date)
                      FROM unnest(%s::int[], %s::int[], %s::varchar[])
                               news (mailing, person, outcome)
                      JOIN mailing_mailing mailing ON mailing.id = news.mailing
                      LEFT JOIN LATERAL (
                           SELECT date FROM marketing_touchpoint
                            WHERE person_id = news.person AND type_id = %s
                              AND mailing_id = news.mailing
                            ORDER BY date DESC LIMIT 1) sent ON TRUE
                     WHERE mailing.marketing_kind IS NULL
                     GROUP BY 1, 2, 3, 5
                    """,
                    mailings,
                    persons,
                    outcomes,
                    mailings,
                    persons,
                    outcomes,
                    self.env["marketing.touchpoint.type"]._get_id("sent"),
                )
            )
        )

    def _get_results(self, since, until=None, by_mail=False):
        """`{provider: {outcome: mails}}` of one sender.

        :param by_mail: only what became of mails that left since then; else also what
            came back since then of mails that left before
        """
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT provider, outcome, sum(count)
                  FROM marketing_sender_result
                 WHERE sender_id = %(sender)s
                   AND date >= %(since)s AND date < %(until)s
                   AND (NOT %(by_mail)s OR COALESCE(mail_date, date) >= %(since)s)
                 GROUP BY provider, outcome
                """,
                sender=self.id,
                since=since,
                until=until or fields.Datetime.now() + timedelta(seconds=1),
                by_mail=by_mail,
            )
        )
        results = {}
        for provider, outcome, count in rows:
            results.setdefault(provider, {})[outcome] = int(count)
        return results

    def _get_totals(self, since, until=None):
        """`{outcome: mails}` of one sender, all providers together."""
        totals = {}
        for counts in self._get_results(since, until).values():
            for outcome, count in counts.items():
                totals[outcome] = totals.get(outcome, 0) + count
        return totals
