import time
from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.delivery_handover import Turn
from .marketing_delivery_plan import SEND_GATES

#: Mails a lane hands over in one run, over one connection per server and sender.
SEND_BATCH = 100
#: Our reasons → Odoo's, which its statistics show.
FAILURE_TYPES = {
    "blacklisted": "mail_bl",
    "opted_out": "mail_optout",
    "suppressed": "mail_bl",
    "suppression_list": "mail_bl",
    "stopped": "mail_bl",
    "consent_out": "mail_optout",
    "consent_pending": "mail_optout",
    "consent_expired": "mail_optout",
    "no_consent": "mail_optout",
    "consent_unconfirmed": "mail_optout",
    "consent_no_basis": "mail_optout",
    "paused": "mail_optout",
    "frequency": "mail_optout",
    "campaign_mailed": "mail_dup",
}


class MailMail(models.Model):
    """Mails of deliveries are sent by the smtp lane, and by nothing else.

    Every mail of a mailing, Odoo's own ones too, is looked at once more right before
    it is handed to SMTP: who unsubscribed since it was composed does not get it.
    While a slow server takes a batch, what is left of it is looked at again.
    """

    _inherit = "mail.mail"

    # The database removes the mail with its delivery: without one it must not leave.
    marketing_delivery_id = fields.Many2one(
        "marketing.delivery",
        string="Delivery",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="cascade",
    )

    # What a lane sent and has still to delete.
    _marketing_sent = models.Index(
        "(id) WHERE state = 'sent' AND auto_delete"
        " AND marketing_delivery_id IS NOT NULL"
    )

    # ------------------------------------------------------------------
    # LANE
    # ------------------------------------------------------------------

    @api.model
    def _get_lane_backlog(self, number, count):
        return self.env.execute_query(
            SQL(
                "SELECT count(*), min(delivery.due) FROM marketing_delivery delivery"
                " JOIN mailing_mailing mailing ON mailing.id = delivery.mailing_id"
                " WHERE delivery.state = 'composed' AND delivery.due <= %s"
                " AND delivery.person_id %% %s = %s AND %s",
                fields.Datetime.now(),
                count,
                number,
                self.env["marketing.delivery"]._get_active_mailings(),
            )
        )[0]

    @api.model
    def _run_lane(self, number, count):
        """Hand the mails of a shard that are ready to SMTP, each at most once.

        All are claimed and committed at once; a journal says which one is in hand
        (`marketing.handover`). What a run that died had in hand is unknown: one mail.
        """
        self.env.flush_all()
        self._settle_abandoned(number, count)
        if number == 0:
            self.env["mailing.mailing"]._update_campaign_states()
        rows = self._get_ready(number, count)
        deliveries = self.env["marketing.delivery"]
        lost = [delivery_id for delivery_id, mail_id in rows if not mail_id]
        deliveries._skip(dict.fromkeys(lost, "canceled"))
        mails = self.browse([mail_id for _delivery, mail_id in rows if mail_id])
        turn = Turn(time.monotonic())
        is_reachable = mails._hand_over(turn)
        self._delete_sent(number, count)
        if number == 0:
            self.env["mailing.mailing"]._update_campaign_states()
        is_more = len(rows) == SEND_BATCH or turn.is_over(time.monotonic())
        return len(rows), int(is_more and is_reachable)

    @api.model
    def _get_ready(self, number, count):
        """The deliveries of a shard whose mails may leave: [(delivery, mail)].

        The mail is None where somebody deleted or canceled it behind our back.
        """
        return self.env.execute_query(
            SQL(
                """
                SELECT delivery.id, mail.id
                  FROM marketing_delivery delivery
                  JOIN mailing_mailing mailing ON mailing.id = delivery.mailing_id
                  LEFT JOIN mail_mail mail ON mail.marketing_delivery_id = delivery.id
                                          AND mail.state = 'outgoing'
                 WHERE delivery.state = 'composed'
                   AND (delivery.due <= %(now)s OR mailing.marketing_hold = 'stopped')
                   AND delivery.person_id %% %(count)s = %(number)s
                   AND (mail.scheduled_date IS NULL OR mail.scheduled_date <= %(now)s)
                   AND %(active)s AND %(free)s
                 ORDER BY delivery.due, delivery.id
                 LIMIT %(limit)s
                """,
                now=fields.Datetime.now(),
                count=count,
                number=number,
                active=self.env["marketing.delivery"]._get_active_mailings(),
                free=self.env["marketing.sender.brake"]._get_free(),
                limit=SEND_BATCH,
            )
        )

    @api.model
    def _delete_sent(self, number, count):
        """Delete the mails that were sent, at once and not one by one."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT mail.id
                  FROM mail_mail mail
                  JOIN marketing_delivery delivery
                    ON delivery.id = mail.marketing_delivery_id
                 WHERE mail.marketing_delivery_id IS NOT NULL AND mail.state = 'sent'
                   AND mail.auto_delete AND delivery.person_id %% %s = %s
                 LIMIT 1000
                """,
                count,
                number,
            )
        )
        self.browse([mail_id for (mail_id,) in rows]).unlink()

    def unlink(self):
        """While a lane sends, what was sent is deleted at its end."""
        mails = self
        if self.env.context.get("marketing_handover"):
            mails = self.filtered(lambda mail: not mail.marketing_delivery_id)
        return super(MailMail, mails).unlink()

    # ------------------------------------------------------------------
    # SEND
    # ------------------------------------------------------------------

    @api.model
    def process_email_queue(self, email_ids=(), batch_size=1000):
        """Two senders on one mail would send it twice: ours are not the queue's."""
        filters = [
            *self.env.context.get("filters", []),
            ("marketing_delivery_id", "=", False),
        ]
        return super(MailMail, self.with_context(filters=filters)).process_email_queue(
            email_ids=email_ids, batch_size=batch_size
        )

    def send(self, auto_commit=False, raise_exception=False, post_send_callback=None):
        """Look once more who may get these mails; ours wait for their lane.

        :meth:`_run_lane` has looked already, and comes with its handover.
        """
        mails = self
        if not self.env.context.get("marketing_handover"):
            mailed = self.sudo().filtered("mailing_id")
            refused = mailed._get_refused_mails()
            mailed._cancel_refused(refused, skip=True)
            ours = mailed.filtered("marketing_delivery_id")
            if ours:
                self.env["marketing.delivery"]._wake_lanes("smtp")
            kept_back = {*ours.ids, *refused}
            mails = self.filtered(lambda mail: mail.id not in kept_back)
        return super(MailMail, mails).send(
            auto_commit=auto_commit,
            raise_exception=raise_exception,
            post_send_callback=post_send_callback,
        )

    def _get_refused_mails(self):
        """`{mail id: reason}` of mails whose recipients must not get them any more."""
        if not self:
            return {}
        self.env.flush_all()
        by_mailing = defaultdict(list)
        for mail in self:
            by_mailing[mail.mailing_id].append(mail.id)
        refused = {}
        for mailing, ids in by_mailing.items():
            refused |= self.env["marketing.delivery"]._get_refused(
                mailing, self._get_mail_candidates(ids), SEND_GATES
            )
        return refused

    @api.model
    def _get_mail_candidates(self, ids):
        """Mails as `candidate` of the gates: the address is the one of the trace."""
        return SQL(
            """
            SELECT mail.id, delivery.person_id, trace.res_id, trace.email,
                   0 AS visit, 1 AS rank
              FROM mail_mail mail
              JOIN mailing_trace trace ON trace.mail_mail_id = mail.id
              LEFT JOIN marketing_delivery delivery
                ON delivery.id = mail.marketing_delivery_id
             WHERE mail.id = ANY(%s) AND mail.state = 'outgoing'
               AND trace.is_test_trace IS NOT TRUE
            """,
            list(ids),
        )

    def _cancel_refused(self, reasons, skip=False):
        """Cancel mails with their traces, as Odoo's composer would have.

        :param reasons: `{mail id: reason}`, of mails among these
        :param skip: say so in their deliveries too
        """
        by_type = defaultdict(list)
        for mail_id, reason in reasons.items():
            by_type[FAILURE_TYPES.get(reason, False)].append(mail_id)
        for failure_type, ids in by_type.items():
            mails = self.browse(ids)
            mails.write({"state": "cancel", "failure_type": failure_type})
            mails.mailing_trace_ids.write(
                {"trace_status": "cancel", "failure_type": failure_type}
            )
        if skip and reasons:
            self.env["marketing.delivery"]._skip(
                {
                    mail.marketing_delivery_id.id: reasons[mail.id]
                    for mail in self.browse(list(reasons))
                    if mail.marketing_delivery_id
                }
            )

    # ------------------------------------------------------------------
    # BUTTONS OF ODOO
    # ------------------------------------------------------------------

    def mark_outgoing(self):
        """A mail that is tried again waits for its lane, which looks at it anew."""
        result = super().mark_outgoing()
        deliveries = self.sudo().marketing_delivery_id.filtered(
            lambda delivery: delivery.state in ("failed", "unknown")
        )
        deliveries._resend()
        return result

    def cancel(self):
        """A canceled mail is not sent, and its delivery says so."""
        result = super().cancel()
        ours = self.sudo().filtered("marketing_delivery_id")
        ours._cancel_refused(dict.fromkeys(ours.ids, "canceled"), skip=True)
        return result
