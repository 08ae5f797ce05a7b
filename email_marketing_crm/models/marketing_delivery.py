from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .many2one_without_key import Many2oneWithoutKey

#: States in which a mail has not left yet and may still be stopped.
WAITING_STATES = ("planned", "composed")
#: States a user may send again from.
RESENDABLE_STATES = ("failed", "unknown")


class MarketingDelivery(models.Model):
    """One mail to one person, and why he does not get it. Made by a plan.

    There is one row per mailing, person and visit (0 for a campaign, the participant
    for a journey), so nobody gets a mail twice however often it is planned. The
    audience of a mailing is its rows; each is in exactly one state, hence
    *sent + waiting + failed + unknown + Σ skipped by reason = audience* at any moment.

    ``planned``   waits for `due`; gated once, nothing is rendered yet    (plan)
    ``composed``  has a mail.mail; gated again                            (compose lane)
    ``sending``   claimed and committed, right before SMTP                (smtp lane)
    ``sent``      the mail server took it                                 (smtp lane)
    ``failed``    could not be composed, or the server refused; `error`   (both lanes)
    ``unknown``   the worker died between claim and answer                (smtp lane)
    ``skipped``   the person must or should not get it; `reason`          (any of them)

    The high-volume lane goes from ``planned`` to ``sending`` and writes no mail.mail;
    what it puts back is ``planned`` again.

    A row moves down this list only, but for two ways back: the lanes try again what
    has surely not left (``sending`` → ``composed``), and a user may send again what
    failed or is unknown. Never: a mail without a row, a second mail for a row that
    left ``composed``, a row without a reason that was skipped. Rows are written by SQL,
    in ``marketing_delivery_state.py`` and by the lanes only; users press buttons.
    """

    _name = "marketing.delivery"
    _description = "Mail to a Person"
    _order = "id desc"
    _rec_name = "email"
    _log_access = False

    mailing_id = fields.Many2one(
        "mailing.mailing", required=True, readonly=True, ondelete="cascade"
    )
    person_id = fields.Many2one(
        "marketing.person", required=True, readonly=True, ondelete="cascade"
    )
    visit = fields.Integer(
        readonly=True,
        required=True,
        default=0,
        aggregator=None,
        help="0 for a campaign; the participant for a journey, who may come again.",
    )
    company_id = Many2oneWithoutKey("res.company", readonly=True, ondelete="set null")
    # what is mailed
    res_id = fields.Integer("Record ID", readonly=True, aggregator=None)
    email = fields.Char(
        "Address", readonly=True, help="The address that is used, normalised."
    )
    # where it stands
    state = fields.Selection(
        [
            ("planned", "Waiting"),
            ("composed", "Ready to send"),
            ("sending", "Being sent"),
            ("sent", "Sent"),
            ("failed", "Failed"),
            ("unknown", "Outcome unknown"),
            ("skipped", "Not sent"),
        ],
        required=True,
        readonly=True,
        default="planned",
    )
    reason = fields.Selection(
        [
            ("no_address", "No usable address"),
            ("gone", "Record archived or deleted"),
            ("suppressed", "Bounced, complained or blocked"),
            ("blacklisted", "Blacklisted"),
            ("opted_out", "Opted out"),
            ("duplicate", "Address gets this mail already"),
            ("already_mailed", "Got this mailing before"),
            ("canceled", "Canceled by a user"),
            ("composer", "Left out while composing"),
        ],
        string="Why Not",
        readonly=True,
    )
    wait_reason = fields.Selection(
        [],
        string="Waits For",
        readonly=True,
        help="Why a mail that is waiting was put off the last time it was due.",
    )
    error = fields.Text(readonly=True)
    attempts = fields.Integer(readonly=True, default=0, aggregator=None)
    # dates
    due = fields.Datetime(required=True, readonly=True, help="Not before this moment.")
    planned_date = fields.Datetime("Planned", required=True, readonly=True)
    composed_date = fields.Datetime("Composed", readonly=True)
    sent_date = fields.Datetime("Sent On", readonly=True)
    # what it became; a mail that was sent is deleted, its trace stays
    mail_mail_id_int = fields.Integer("Mail ID", readonly=True, aggregator=None)
    trace_id = fields.Many2one(
        "mailing.trace", readonly=True, ondelete="set null", index="btree_not_null"
    )
    trace_status = fields.Selection(related="trace_id.trace_status", string="Reaction")
    is_high_volume = fields.Boolean(
        "High Volume",
        readonly=True,
        help="Handed over by the high-volume lane, which writes no mail.mail.",
    )

    # By person first: it finds all mails of a person as well, and each index more is
    # filled with a million rows while somebody waits for his plan.
    _mailing_person_visit_unique = models.Constraint(
        "UNIQUE(person_id, mailing_id, visit)",
        "This person is part of this mailing already.",
    )
    _skipped_has_reason = models.Constraint(
        "CHECK((state = 'skipped') = (reason IS NOT NULL))",
        "A mail that is not sent has a reason, and only such a mail.",
    )
    # The compose lane: what is due, mailing by mailing.
    _planned = models.Index("(mailing_id, due, id) WHERE state = 'planned'")
    # The smtp lane: what is ready, whatever the mailing.
    _composed = models.Index("(due, id) WHERE state IN ('composed', 'sending')")
    # Figures of a mailing without reading the table.
    _figures = models.Index("(mailing_id, state, reason)")
    # Who gets this mailing at this address already.
    _mailing_email = models.Index("(mailing_id, email)")

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def _check_may_decide(self):
        """Buttons write for their user: he must see the rows and be a marketer."""
        self.check_access("read")
        if not self.env.user.has_group("email_marketing_crm.group_marketing_user"):
            raise AccessError(self.env._("Only marketing users may do this."))
        return self.sudo()

    def action_resend(self):
        """Send again what failed or what nobody knows about; gated like any mail."""
        deliveries = self._check_may_decide().filtered(
            lambda delivery: delivery.state in RESENDABLE_STATES
        )
        if not deliveries:
            raise UserError(
                self.env._(
                    "Only mails that failed or whose outcome is unknown can be"
                    " sent again."
                )
            )
        deliveries._resend()

    def _resend(self):
        """Back to `composed` where the mail is still there, to `planned` elsewhere."""
        mails = self.env["mail.mail"].search(
            [("marketing_delivery_id", "in", self.ids)]
        )
        ready = mails.marketing_delivery_id
        mails.write(
            {"state": "outgoing", "failure_reason": False, "failure_type": False}
        )
        ready.trace_id.write({"trace_status": "outgoing", "failure_type": False})
        (self - ready).trace_id.unlink()
        self.flush_recordset()
        self.env.cr.execute(
            """
            UPDATE marketing_delivery
               SET state = CASE WHEN id = ANY(%s) THEN 'composed' ELSE 'planned' END,
                   due = %s, attempts = 0, error = NULL
             WHERE id = ANY(%s)
            """,
            [ready.ids, fields.Datetime.now(), self.ids],
        )
        self._invalidate_deliveries()
        self.mailing_id._reopen_sending()
        self._wake_lanes()

    def action_mark_sent(self):
        """Somebody found out that these mails arrived."""
        deliveries = self._check_may_decide().filtered(
            lambda delivery: delivery.state == "unknown"
        )
        if not deliveries:
            raise UserError(
                self.env._("Only mails whose outcome is unknown can be marked as sent.")
            )
        self._mark_sent(deliveries.ids)
        deliveries.trace_id.set_sent()
        mails = (
            self.env["mail.mail"]
            .sudo()
            .search([("marketing_delivery_id", "in", deliveries.ids)])
        )
        mails.write({"state": "sent", "failure_reason": False, "failure_type": False})
        mails.filtered("auto_delete").unlink()

    def action_cancel(self):
        """Stop these mails if they have not left yet."""
        deliveries = self._check_may_decide().filtered(
            lambda delivery: delivery.state in WAITING_STATES
        )
        if not deliveries:
            raise UserError(self.env._("These mails have left or were stopped before."))
        deliveries._cancel()

    def _cancel(self):
        """Stop what has not left: `skipped`, reason `canceled`."""
        self._stop(dict.fromkeys(self.ids, "canceled"))

    @api.model
    def _stop(self, reasons):
        """Skip deliveries, with their mails and traces where they have some."""
        stopped = self._skip(reasons)
        mails = (
            self.env["mail.mail"]
            .sudo()
            .search(
                [("marketing_delivery_id", "in", stopped), ("state", "=", "outgoing")]
            )
        )
        mails._cancel_refused(
            {mail.id: reasons[mail.marketing_delivery_id.id] for mail in mails}
        )

    def action_open_record(self):
        """Open the record that the mail is about."""
        self.ensure_one()
        return self.person_id._open_record(
            self.mailing_id.mailing_model_real, self.res_id
        )

    def action_open_person(self):
        self.ensure_one()
        return self.person_id.get_formview_action()

    # ------------------------------------------------------------------
    # TOOLS
    # ------------------------------------------------------------------

    @api.model
    def _wake_lanes(self, *kinds, at=None):
        """Let the lanes look now, or at a later moment, instead of at their hour."""
        self.env["marketing.lane"]._wake(*(kinds or ("compose", "smtp")), at=at)

    @api.model
    def _invalidate_deliveries(self):
        """Read deliveries anew, and what is counted from them, after SQL wrote them."""
        self.invalidate_model()
        self.env["mailing.mailing"].invalidate_model(
            [
                "marketing_audience",
                "marketing_failed",
                "marketing_sent",
                "marketing_skipped",
                "marketing_unknown",
                "marketing_waiting",
            ]
        )

    @api.model
    def _get_figures(self, mailing_ids):
        """`{mailing id: {state: number of persons}}`, read from an index alone."""
        figures = {}
        rows = self.env.execute_query(
            SQL(
                "SELECT mailing_id, state, count(*) FROM marketing_delivery"
                " WHERE mailing_id = ANY(%s) GROUP BY mailing_id, state",
                list(mailing_ids),
            )
        )
        for mailing_id, state, count in rows:
            figures.setdefault(mailing_id, {})[state] = count
        return figures
