from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from .marketing_job import EXCLUSIVE_KINDS

#: Stored states a mailing's mails may leave in.
SENDING_STATES = ("in_queue", "sending")
#: Why nothing of a mailing leaves for now; what is stopped is canceled instead.
WAITING_HOLDS = ("paused", "check")


class MailingMailing(models.Model):
    """A mailing to segments, or of a journey, is *driven* by `marketing.delivery`.

    Its audience is planned when a user confirms it, its mails are composed and sent by
    the lanes, and it is done when none of its deliveries waits. Every other mailing
    goes through Odoo's own queue, untouched.
    """

    _inherit = "mailing.mailing"

    marketing_kind = fields.Selection(
        [("campaign", "Campaign"), ("journey", "Journey")],
        string="Sent As",
        compute="_compute_marketing_kind",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        help="Campaign: once, to the persons of segments. Journey: to each person who "
        "reaches the step. Empty: by the standard mail queue.",
    )
    marketing_segment_ids = fields.Many2many(
        "marketing.segment",
        "mailing_mailing_marketing_segment_rel",
        "mailing_id",
        "segment_id",
        string="Segments",
        copy=False,
        groups="email_marketing_crm.group_marketing_user",
        help="The mailing goes to the persons who are in one of these segments when "
        "it is confirmed, each of them once.",
    )
    marketing_hold = fields.Selection(
        [
            ("paused", "Paused"),
            ("check", "Waits for its check"),
            ("stopped", "Stopped"),
        ],
        string="Held",
        readonly=True,
        copy=False,
        help="Paused: what has not left waits. Waits for its check: until that is done "
        "and finds nothing that stops it. Stopped: it is canceled.",
    )
    marketing_has_persons = fields.Boolean(compute="_compute_marketing_has_persons")
    # figures: audience = sent + waiting + failed + unknown + skipped
    marketing_audience = fields.Integer(
        "Audience",
        compute="_compute_marketing_figures",
        compute_sudo=True,
        help="Persons the mailing is for: sent, waiting, failed, unknown and not sent "
        "add up to it at any moment.",
    )
    marketing_waiting = fields.Integer(
        "Waiting",
        compute="_compute_marketing_figures",
        compute_sudo=True,
        help="Mails that have not left yet and still may.",
    )
    marketing_sent = fields.Integer(
        "Mails Sent",
        compute="_compute_marketing_figures",
        compute_sudo=True,
        help="Mails that a mail server took.",
    )
    marketing_failed = fields.Integer(
        "Mails Failed",
        compute="_compute_marketing_figures",
        compute_sudo=True,
        help="Mails that could not be written, or that the mail server refused; each "
        "says why.",
    )
    marketing_unknown = fields.Integer(
        "Outcome Unknown",
        compute="_compute_marketing_figures",
        compute_sudo=True,
        help="Mails that were being handed to the mail server when the worker stopped. "
        "Nothing is sent twice by itself: you decide.",
    )
    marketing_skipped = fields.Integer(
        "Not Sent",
        compute="_compute_marketing_figures",
        compute_sudo=True,
        help="Persons of the audience who do not get the mail, each with the reason.",
    )

    @api.depends(
        "marketing_segment_ids",
        "marketing_excluded_segment_ids",
        "mailing_type",
        "ab_testing_enabled",
    )
    def _compute_marketing_kind(self):
        """A/B tests draw their samples in Odoo's queue, so they stay there."""
        for mailing in self.sudo():
            if mailing.marketing_kind == "journey":
                continue
            is_campaign = (
                (mailing.marketing_segment_ids | mailing.marketing_excluded_segment_ids)
                and mailing.mailing_type == "mail"
                and not mailing.ab_testing_enabled
            )
            mailing.marketing_kind = "campaign" if is_campaign else False

    @api.depends("mailing_model_id")
    def _compute_marketing_has_persons(self):
        for mailing in self:
            model = mailing.mailing_model_real
            mailing.marketing_has_persons = (
                model in self.env and "marketing_person_id" in self.env[model]._fields
            )

    @api.depends(
        "mailing_model_id",
        "contact_list_ids",
        "mailing_type",
        "mailing_filter_id",
        "marketing_segment_ids",
    )
    def _compute_mailing_domain(self):
        """Members of the segments, within the mailing lists where there are some."""
        result = super()._compute_mailing_domain()
        for mailing in self:
            segments = mailing.sudo().marketing_segment_ids._origin
            if not segments or not mailing.marketing_has_persons:
                continue
            domain = Domain("marketing_segment_ids", "in", segments.ids)
            if mailing.mailing_on_mailing_list and mailing.contact_list_ids:
                domain &= Domain(mailing._get_default_mailing_domain())
            mailing.mailing_domain = repr(list(domain))
        return result

    def _compute_marketing_figures(self):
        figures = self.env["marketing.delivery"]._get_figures(self.ids)
        for mailing in self:
            counts = figures.get(mailing.id, {})
            mailing.marketing_audience = sum(counts.values())
            mailing.marketing_waiting = sum(
                counts.get(state, 0) for state in ("planned", "composed", "sending")
            )
            mailing.marketing_sent = counts.get("sent", 0)
            mailing.marketing_failed = counts.get("failed", 0)
            mailing.marketing_unknown = counts.get("unknown", 0)
            mailing.marketing_skipped = counts.get("skipped", 0)

    @api.constrains("marketing_segment_ids", "mailing_model_id")
    def _check_marketing_segments(self):
        for mailing in self:
            segments = mailing.sudo().marketing_segment_ids
            if segments and not mailing.marketing_has_persons:
                raise ValidationError(
                    self.env._(
                        "Segments are groups of contacts, leads and mailing contacts. "
                        "“%s” cannot be mailed by segment: choose other recipients or "
                        "take the segments out.",
                        mailing.mailing_model_id.name,
                    )
                )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model
    def _begin(self, vals_list):
        """Create mailings for a button, which names no sender: Odoo takes the user."""
        if not self.new(self.default_get(["mail_server_id"])).email_from:
            raise UserError(
                self.env._(
                    "Mails need a sender. Enter your e-mail address in your "
                    "preferences first."
                )
            )
        return self.create(vals_list)

    def copy(self, default=None):
        """Copy the segments too, for users who do not see them as well."""
        copies = super().copy(default)
        self._copy_hidden_choices(copies, default or {})
        return copies

    def unlink(self):
        """Mails of a deleted mailing must not leave: they go with their deliveries."""
        self.env["mail.mail"].sudo().search(
            [
                ("mailing_id", "in", self.filtered("marketing_kind").ids),
                ("marketing_delivery_id", "!=", False),
                ("state", "=", "outgoing"),
            ]
        ).unlink()
        return super().unlink()

    def write(self, vals):
        """What a check or a missing approval holds back is let go by buttons only."""
        if "marketing_hold" in vals and not self.env.su:
            raise AccessError(
                self.env._(
                    "A mailing is held, resumed and stopped by its buttons only."
                )
            )
        return super().write(vals)

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Keep Odoo's queue away from mailings that the lanes send."""
        if self.env.context.get("marketing_stock_queue"):
            domain = Domain(domain) & (
                Domain("marketing_kind", "=", False)
                | Domain("state", "not in", SENDING_STATES)
            )
        return super()._search(domain, *args, **kwargs)

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_check_audience(self):
        """Show who would get the mailing now and who would not; plans nothing."""
        self.ensure_one()
        self.check_access("read")
        self.env["marketing.delivery"].check_access("read")
        return self.env["marketing.delivery.preview"]._open_for(self)

    def action_marketing_pause(self):
        """Hold everything that has not left; what is in hand this second still goes.

        What was stopped stays stopped: its mails are being canceled.
        """
        self.check_access("write")
        self.sudo().filtered(
            lambda mailing: (
                mailing.state in SENDING_STATES and mailing.marketing_hold != "stopped"
            )
        ).marketing_hold = "paused"

    def action_marketing_resume(self):
        """Let go what was paused; what was stopped never leaves."""
        self.check_access("write")
        self.sudo().filtered(
            lambda mailing: mailing.marketing_hold == "paused"
        ).marketing_hold = False
        self.env["marketing.delivery"]._wake_lanes()

    def action_marketing_stop(self):
        """Cancel everything that has not left; what was sent stays sent.

        The lanes do it, batch by batch: a user would wait for them on each row.
        """
        self.check_access("write")
        self.sudo().filtered(
            lambda mailing: mailing.state in SENDING_STATES
        ).marketing_hold = "stopped"
        self.env["marketing.delivery"]._wake_lanes()

    def action_cancel(self):
        """Back to draft forgets the plan, as long as nothing was composed from it."""
        self.check_access("write")
        for mailing in self.filtered(lambda mailing: mailing.marketing_kind):
            begun = (
                mailing.env["marketing.delivery"]
                .sudo()
                .search_count(
                    [
                        ("mailing_id", "=", mailing.id),
                        ("state", "not in", ("planned", "skipped")),
                    ],
                    limit=1,
                )
            )
            if begun:
                raise UserError(
                    self.env._(
                        "“%s” is being sent already. Use “Stop” to cancel what has "
                        "not left.",
                        mailing.subject,
                    )
                )
            jobs = self.env["marketing.job"]
            jobs._stop_kinds(mailing, [*EXCLUSIVE_KINDS, "history"])
            if jobs._is_for_worker(mailing):
                jobs._add("forget", mailing)
            else:
                mailing._forget_plan()
            mailing.sudo().marketing_hold = False
        self.env["marketing.delivery"]._invalidate_deliveries()
        return super().action_cancel()

    def action_retry_failed(self):
        """Send again what failed: our mails keep their delivery and are gated again."""
        self.check_access("write")
        driven = self.filtered("marketing_kind")
        failed = (
            self.env["marketing.delivery"]
            .sudo()
            .search([("mailing_id", "in", driven.ids), ("state", "=", "failed")])
        )
        if failed:
            failed._resend()
        if self - driven:
            return super(MailingMailing, self - driven).action_retry_failed()
        return None

    def action_view_deliveries(self):
        """The audience; the context may choose a filter or a grouping."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_delivery_action"
        )
        shown = {
            key: value
            for key, value in self.env.context.items()
            if key.startswith("search_default_")
        }
        return action | {
            "display_name": self.env._("Audience of %s", self.subject),
            "domain": [("mailing_id", "=", self.id)],
            "context": shown | {"hide_mailing": True},
        }
