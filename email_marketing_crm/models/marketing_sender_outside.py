from collections import Counter, defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.sender_pace import hour_limit

#: Written mails of Odoo's queue that the pace lane looks at in one run.
LOOK_BATCH = 20000
#: What is over before any mail that waits by its own order.
FIRST = float("-inf")


class MarketingSender(models.Model):
    """Mails that leave by Odoo's own mail queue, over the server of a sender.

    Providers do not ask who sent them, so all of them count in its quotas. Those of
    mailings without a plan are held, too: the queue leaves them alone until the pace
    lane has let them go (`mail.mail.marketing_released_date`), after mailings of higher
    priority and before those of the same one, since they are written already. Any other
    mail, such as an invoice, leaves at once.
    """

    _inherit = "marketing.sender"

    # ------------------------------------------------------------------
    # COUNTED
    # ------------------------------------------------------------------

    @api.model
    def _note_outside(self, counts, server):
        """Write down what Odoo's queue has sent; a few statements for a batch.

        :param counts: `{OutsideMail: number of mails}`
        :param server: the mail server it went over
        """
        mailings = self.env["mailing.mailing"].sudo()
        mailings = mailings.browse({mail.mailing_id for mail in counts} - {None})
        senders = {
            mailing.id: mailing.marketing_sender_id for mailing in mailings.exists()
        }
        known = self._find_outside({mail.from_domain for mail in counts}, server)
        providers = self.env["marketing.email.domain"]._get_providers(
            {mail.to_domain for mail in counts}
        )
        rows = Counter()
        for mail, number in counts.items():
            if sender := senders.get(mail.mailing_id):
                outcome = mail.outcome
            else:
                sender = known.get(mail.from_domain)
                # Nobody would hear of the bounces of these: they prove nothing.
                outcome = "other" if mail.outcome == "sent" else None
            if sender and outcome:
                rows[sender.id, providers[mail.to_domain], outcome] += number
        self._note_result([(*key, count) for key, count in rows.items()], True)

    @api.model
    def _find_outside(self, domains, server):
        """`{From domain: sender}` that mails of no mailing count for.

        The one of this very mail server, else the one of whichever server; of several
        the one that companies share, else that of the company that sends.
        """
        senders = self.sudo().search(
            [
                ("domain", "in", list(domains)),
                ("mail_server_id", "in", [False, server.id]),
                ("company_id", "in", [False, self.env.company.id]),
            ]
        )
        ranked = senders.sorted(
            lambda sender: (bool(sender.mail_server_id), not sender.company_id)
        )
        return {sender.domain: sender for sender in ranked}

    def _count_used(self):
        """Add what left past the lanes, and what the queue was let to send."""
        used = super()._count_used()
        hour, day = self._get_used_since()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT provider,
                       COALESCE(sum(count) FILTER (WHERE date >= %(hour)s), 0),
                       COALESCE(sum(count) FILTER (WHERE date >= %(day)s), 0)
                  FROM marketing_sender_result
                 WHERE sender_id = %(sender)s AND date >= LEAST(%(hour)s, %(day)s)
                   AND is_outside AND outcome IN ('sent', 'other')
                 GROUP BY provider
                """,
                hour=hour,
                day=day,
                sender=self.id,
            )
        )
        on_the_way = self._count_standard(
            SQL("mail.marketing_released_date IS NOT NULL")
        )
        rows += [(provider, *[count] * 2) for provider, count in on_the_way.items()]
        for provider, in_hour, in_day in rows:
            before = used[provider]
            used[provider] = before._replace(
                hour=before.hour + in_hour, day=before.day + in_day
            )
        return used

    def _get_waiting(self, but=None):
        """What Odoo's queue has waits for the same room."""
        waiting = super()._get_waiting(but)
        held = SQL(
            "mail.marketing_released_date IS NULL AND mailing.id <> %s",
            but and but._origin.id or 0,
        )
        return waiting + self._count_standard(held)

    # ------------------------------------------------------------------
    # HELD
    # ------------------------------------------------------------------

    def _get_limited(self):
        """Those of these senders whose mails wait for something, and of them the
        braked ones: what was let go before waits as well.
        """
        paces = {sender: sender._get_pace() for sender in self}
        limited = self.filtered(lambda sender: not paces[sender].is_free)
        return limited, limited.filtered(lambda sender: paces[sender].is_braked)

    def _release_waiting(self):
        """What was let go and not sent before a brake waits again."""
        pace = self._get_pace()
        if pace.is_braked or pace.braked:
            self._recall_standard()
        return super()._release_waiting()

    def _recall_surplus(self, pace):
        released = self._count_standard(SQL("mail.marketing_released_date IS NOT NULL"))
        if sum(released.values()) > hour_limit(pace.quota):
            self._recall_standard()
        return super()._recall_surplus(pace)

    def _recall_standard(self):
        """Let mails of Odoo's queue wait again, unless they are being sent."""
        self.env.cr.execute(
            SQL(
                "UPDATE mail_mail SET marketing_released_date = NULL WHERE id IN ("
                " SELECT mail.id %s AND mail.marketing_released_date IS NOT NULL"
                " FOR UPDATE OF mail SKIP LOCKED)",
                self._get_standard(),
            )
        )
        self.env["mail.mail"].invalidate_model(["marketing_released_date"])

    def _get_standard(self):
        """SQL: FROM and WHERE of what Odoo's queue has of a sender; alias: mail."""
        self.ensure_one()
        return SQL(
            """
            FROM mailing_mailing mailing
            JOIN mail_mail mail ON mail.mailing_id = mailing.id
             AND mail.state = 'outgoing' AND mail.marketing_delivery_id IS NULL
             AND mail.mailing_id IS NOT NULL
            JOIN mailing_trace trace ON trace.mail_mail_id = mail.id
             AND trace.is_test_trace IS NOT TRUE
           WHERE mailing.marketing_sender_id = %s
             AND (mail.scheduled_date IS NULL OR mail.scheduled_date <= %s)
            """,
            self.id,
            fields.Datetime.now(),
        )

    def _count_standard(self, condition):
        """`{provider: mails}` of what Odoo's queue has of a sender."""
        rows = self.env.execute_query(
            SQL(
                "SELECT split_part(trace.email, '@', 2), count(*) %s AND %s GROUP BY 1",
                self._get_standard(),
                condition,
            )
        )
        providers = self.env["marketing.email.domain"]._get_providers(
            [domain for domain, _count in rows]
        )
        counts = Counter()
        for domain, count in rows:
            counts[providers[domain]] += count
        return counts

    def _pick_standard(self):
        """The next mails of Odoo's queue: `{provider: [(rank, FIRST, mail id, True)]}`.

        In the form of what `_pick_waiting` returns, to be sorted with it.
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT %s AS rank, mail.id, split_part(trace.email, '@', 2) %s"
                " AND mail.marketing_released_date IS NULL ORDER BY rank, mail.id"
                " LIMIT %s",
                self._get_rank(),
                self._get_standard(),
                LOOK_BATCH,
            )
        )
        providers = self.env["marketing.email.domain"]._get_providers(
            {domain for _rank, _mail, domain in rows}
        )
        picked = defaultdict(list)
        for rank, mail_id, domain in rows:
            picked[providers[domain]].append((rank, FIRST, mail_id, True))
        return picked
