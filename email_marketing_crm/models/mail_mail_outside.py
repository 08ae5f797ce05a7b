from odoo import api, fields, models

from ..tools.sender_brake import OutsideLog


class MailMail(models.Model):
    """What leaves by Odoo's own queue counts for its sender, and waits for it.

    The queue works as Odoo made it, with two exceptions: mails of mailings stay
    `outgoing` while their sender has no room, and each batch says what became of it.
    """

    _inherit = "mail.mail"

    marketing_released_date = fields.Datetime(
        "Let Go On",
        readonly=True,
        copy=False,
        help="When the pace of the sender let the mail of a mailing without a plan go.",
    )

    # What of a mailing without a plan is still in the queue.
    _marketing_standard = models.Index(
        "(mailing_id, id) WHERE state = 'outgoing' AND marketing_delivery_id IS NULL"
        " AND mailing_id IS NOT NULL"
    )

    # ------------------------------------------------------------------
    # HELD
    # ------------------------------------------------------------------

    @api.model
    def process_email_queue(self, email_ids=(), batch_size=1000):
        """Take what may leave: a batch of what waits would keep the rest back."""
        senders = self.env["marketing.sender"].sudo().with_context(active_test=False)
        limited, braked = senders.search([])._get_limited()
        mailings = self.env["mailing.mailing"].sudo()
        filters = [*self.env.context.get("filters", [])]
        for held, may_pass in (
            (limited, [("marketing_released_date", "!=", False)]),
            (braked, []),
        ):
            if held:
                held_mailings = mailings._search(
                    [("marketing_sender_id", "in", held.ids)]
                )
                filters += ["|"] * (1 + len(may_pass)) + [
                    *may_pass,
                    ("mailing_id", "=", False),
                    ("mailing_id", "not in", held_mailings),
                ]
        queue = self.with_context(filters=filters)
        return super(MailMail, queue).process_email_queue(
            email_ids=email_ids, batch_size=batch_size
        )

    def send(self, auto_commit=False, raise_exception=False, post_send_callback=None):
        """Let mails of mailings without a plan wait for the pace of their sender."""
        mails = self
        if not self.env.context.get("marketing_handover"):
            held = self._get_held_mails()
            mails = self.filtered(lambda mail: mail.id not in held)
        return super(MailMail, mails).send(
            auto_commit=auto_commit,
            raise_exception=raise_exception,
            post_send_callback=post_send_callback,
        )

    def _get_held_mails(self):
        """Ids of mails that wait for their sender; the pace lane lets them go."""
        waiting = self.sudo().filtered(
            lambda mail: (
                mail.mailing_id
                and mail.state == "outgoing"
                and not mail.marketing_delivery_id
            )
        )
        limited, braked = waiting.mailing_id.marketing_sender_id._get_limited()
        if not limited:
            return set()
        held = waiting.filtered(
            lambda mail: (
                mail.mailing_id.marketing_sender_id
                in (braked if mail.marketing_released_date else limited)
                # A test mail has no trace, or one that says so.
                and not all(mail.mailing_trace_ids.mapped("is_test_trace"))
            )
        )
        if held:
            self.env["marketing.delivery"]._wake_lanes("pace")
        return set(held.ids)

    @api.model
    def _release_standard(self, ids):
        """Let mails of Odoo's queue go; it takes them now."""
        if not ids:
            return
        self.env.cr.execute(
            "UPDATE mail_mail SET marketing_released_date = %s WHERE id IN ("
            " SELECT id FROM mail_mail WHERE id = ANY(%s) AND state = 'outgoing'"
            " FOR UPDATE SKIP LOCKED)",
            [fields.Datetime.now(), list(ids)],
        )
        self.invalidate_model(["marketing_released_date"])
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    # ------------------------------------------------------------------
    # COUNTED
    # ------------------------------------------------------------------

    def _send(self, *args, **kwargs):
        """Tell the senders what became of a batch that no lane sends."""
        if self.env.context.get("marketing_handover"):
            return super()._send(*args, **kwargs)
        log = OutsideLog(
            {mail.message_id: mail.mailing_id.id for mail in self if mail.mailing_id}
        )
        result = super(MailMail, self.with_context(marketing_outside=log))._send(
            *args, **kwargs
        )
        if log.counts:
            self.env["marketing.sender"].sudo()._note_outside(
                log.counts, kwargs.get("mail_server") or self.env["ir.mail_server"]
            )
        return result
