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
                    RETURNING sender_id, provider, outcome, is_outside, count, date
                )
                INSERT INTO marketing_sender_result (
                    sender_id, provider, outcome, is_outside, count, date)
                SELECT sender_id, provider, outcome, is_outside, sum(count), max(date)
                  FROM old
                 GROUP BY sender_id, provider, outcome, is_outside,
                          floor(extract(epoch FROM date) / %(seconds)s)
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
        rows = [row for row in rows if row[0] and row[3]]
        if not rows:
            return
        unknown = {row[2] for row in rows} - set(OUTCOMES)
        if unknown:
            raise ValueError(f"Outcomes of mails that nobody knows: {unknown}")
        senders, providers, outcomes, counts = map(list, zip(*rows, strict=True))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_sender_result (
                    sender_id, provider, outcome, is_outside, count, date)
                SELECT sender, COALESCE(provider, 'other'), outcome, %s, sum(count), %s
                  FROM unnest(%s::int[], %s::varchar[], %s::varchar[], %s::int[])
                           news (sender, provider, outcome, count)
                 GROUP BY 1, 2, 3
                """,
                is_outside,
                fields.Datetime.now(),
                senders,
                providers,
                outcomes,
                counts,
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
        """Bounces and complaints that came back for mails of ours."""
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
        self._note_result(
            self.env.execute_query(
                SQL(
                    """
                    SELECT delivery.sender_id, delivery.provider, news.outcome, count(*)
                      FROM unnest(%s::int[], %s::int[], %s::varchar[])
                               news (mailing, person, outcome)
                     CROSS JOIN LATERAL (
                           SELECT sender_id, provider FROM marketing_delivery
                            WHERE mailing_id = news.mailing AND person_id = news.person
                              AND sender_id IS NOT NULL
                            ORDER BY visit DESC LIMIT 1) delivery
                     GROUP BY 1, 2, 3
                    UNION ALL
                    SELECT mailing.marketing_sender_id, 'other', news.outcome, count(*)
                      FROM unnest(%s::int[], %s::varchar[]) news (mailing, outcome)
                      JOIN mailing_mailing mailing ON mailing.id = news.mailing
                     WHERE mailing.marketing_kind IS NULL
                     GROUP BY 1, 2, 3
                    """,
                    mailings,
                    persons,
                    outcomes,
                    mailings,
                    outcomes,
                )
            )
        )

    def _get_results(self, since, until=None):
        """`{provider: {outcome: mails}}` of one sender."""
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT provider, outcome, sum(count)
                  FROM marketing_sender_result
                 WHERE sender_id = %s AND date >= %s AND date < %s
                 GROUP BY provider, outcome
                """,
                self.id,
                since,
                until or fields.Datetime.now() + timedelta(seconds=1),
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
