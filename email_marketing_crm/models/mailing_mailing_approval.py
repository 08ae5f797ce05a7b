import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .mailing_mailing import SENDING_STATES

#: What an approval is about, besides the conditions of the segments: a change of any
#: of these withdraws it.
APPROVED_FIELDS = (
    # what is said, and by whom
    "subject",
    "preview",
    "body_html",
    "marketing_translation_ids",
    "marketing_ab_test_ids",
    "email_from",
    "marketing_sender_kind",
    "reply_to",
    "reply_to_mode",
    "attachment_ids",
    "mail_server_id",
    # to whom
    "mailing_model_id",
    "mailing_domain",
    "contact_list_ids",
    "marketing_segment_ids",
    "marketing_excluded_segment_ids",
    "marketing_topic_id",
    "marketing_renews_consent",
    "marketing_is_transactional",
    "marketing_holdout_percent",
    "marketing_is_once_per_campaign",
    "marketing_skips_opportunities",
    "marketing_opportunity_stage_ids",
    "use_exclusion_list",
    "ab_testing_enabled",
    "ab_testing_pc",
    "campaign_id",
)
#: Written by the buttons of an approval and by nothing else.
APPROVAL_FIELDS = frozenset(
    {
        "marketing_approval_state",
        "marketing_approval_requester_id",
        "marketing_approval_user_id",
        "marketing_approval_date",
        "marketing_approval_note",
        "marketing_approval_fingerprint",
    }
)
ACTIVITY_TYPE = "email_marketing_crm.activity_type_approval"


class MailingMailing(models.Model):
    """Where the company wants it, a second person approves a mailing before it leaves.

    ``none``       nobody was asked, or the mailing changed since       → request
    ``requested``  marketing managers have an activity for it           → decide
    ``approved``   it may be sent as it was seen
    ``refused``    it may not; the note says why                         → request again

    Who made, owns or requested it does not decide. The fingerprint is that of the
    content and the audience that were asked about: any change takes the approval back,
    and a mailing that is on its way then waits. The mails of journeys are published
    with their journey, and are not asked about.
    """

    _inherit = "mailing.mailing"

    marketing_approval_needed = fields.Boolean(
        "Needs an Approval", compute="_compute_marketing_approval_needed"
    )
    marketing_approval_state = fields.Selection(
        [
            ("none", "Not requested"),
            ("requested", "Requested"),
            ("approved", "Approved"),
            ("refused", "Refused"),
        ],
        string="Approval",
        default="none",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    marketing_approval_requester_id = fields.Many2one(
        "res.users", "Requested By", readonly=True, copy=False
    )
    marketing_approval_user_id = fields.Many2one(
        "res.users", "Decided By", readonly=True, copy=False
    )
    marketing_approval_date = fields.Datetime("Decided On", readonly=True, copy=False)
    marketing_approval_note = fields.Text("Note", readonly=True, copy=False)
    marketing_approval_fingerprint = fields.Char(readonly=True, copy=False)
    marketing_approval_is_outdated = fields.Boolean(
        compute="_compute_marketing_approval_is_outdated"
    )

    @api.depends("mailing_type", "marketing_kind")
    @api.depends_context("company")
    def _compute_marketing_approval_needed(self):
        for mailing in self:
            mailing.marketing_approval_needed = (
                mailing.mailing_type == "mail"
                and mailing.marketing_kind != "journey"
                and mailing._get_compliance_company().sudo().marketing_needs_approval
            )

    def _compute_marketing_approval_is_outdated(self):
        """Something else than the mailing changed what was asked about: a segment."""
        for mailing in self:
            mailing.marketing_approval_is_outdated = (
                mailing.marketing_approval_state in ("requested", "approved")
                and mailing.sudo().marketing_approval_fingerprint
                != mailing._get_approval_fingerprint()
            )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        mailings = super().create(vals_list)
        # Defaults of the context count as well.
        if not self.env.su and any(
            mailing.marketing_approval_state != "none" for mailing in mailings
        ):
            self._refuse_approval_values()
        return mailings

    def write(self, vals):
        if APPROVAL_FIELDS & vals.keys() and not self.env.su:
            self._refuse_approval_values()
        result = super().write(vals)
        if vals.keys() & set(self._get_approved_fields()):
            self._withdraw_changed_approvals()
        return result

    @api.model
    def _refuse_approval_values(self):
        raise AccessError(
            self.env._("An approval is requested and given by its buttons only.")
        )

    # ------------------------------------------------------------------
    # FINGERPRINT
    # ------------------------------------------------------------------

    @api.model
    def _get_approved_fields(self):
        """What an approval is about; modules that add content add their fields."""
        return list(APPROVED_FIELDS)

    def _get_approval_fingerprint(self, **others):
        """Hash of what an approver sees: content, audience, conditions of segments.

        :param others: values that the mailing is thought to have
        """
        self.ensure_one()
        mailing = self.sudo()
        values = {}
        for name in mailing._get_approved_fields():
            value = mailing[name]
            if mailing._fields[name].type == "one2many":
                value = value.copy_data()
            values[name] = value.ids if isinstance(value, models.BaseModel) else value
        conditions = mailing._get_used_conditions()
        values["conditions"] = {
            condition.id: condition._get_definition() for condition in conditions
        }
        segments = (
            mailing.marketing_segment_ids
            | mailing.marketing_excluded_segment_ids
            | conditions.segment_ids
        )
        values["segments"] = {
            segment.id: segment._get_definition() for segment in segments
        }
        values["texts"] = mailing._get_approved_texts()
        values |= others
        text = json.dumps(values, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def _get_approved_texts(self):
        """Texts that some get instead of the mailing's own; parts of it add theirs."""
        return []

    def _withdraw_changed_approvals(self):
        """Take back what was approved, or asked for, where it is not that any more."""
        for mailing in self.sudo():
            if mailing.marketing_approval_state not in ("requested", "approved"):
                continue
            fingerprint = mailing._get_approval_fingerprint()
            if fingerprint != mailing.marketing_approval_fingerprint:
                mailing._withdraw_approval()

    def _withdraw_approval(self):
        """The mailing changed: it must be asked for again, and waits until then."""
        self.ensure_one()
        is_needed = self.marketing_approval_needed
        self._write_approval("none")
        self.message_post(
            body=self.env._(
                "Content or audience changed: the mailing needs a new approval."
            )
        )
        if not is_needed or self.state not in SENDING_STATES:
            return
        if self.marketing_kind:
            self.action_marketing_pause()
        elif self.state == "in_queue":
            self.action_cancel()

    def _write_approval(self, state, **values):
        self.ensure_one()
        self.sudo().write(
            {
                "marketing_approval_state": state,
                "marketing_approval_user_id": False,
                "marketing_approval_date": False,
                "marketing_approval_note": False,
                **values,
            }
        )
        if state != "requested":
            self.sudo().activity_unlink([ACTIVITY_TYPE])

    # ------------------------------------------------------------------
    # SENDING
    # ------------------------------------------------------------------

    def _is_approved(self):
        """Whether exactly this was approved."""
        self.ensure_one()
        mailing = self.sudo()
        return (
            mailing.marketing_approval_state == "approved"
            and mailing.marketing_approval_fingerprint
            == mailing._get_approval_fingerprint()
        )

    def _is_approved_winner(self):
        """The winner of Odoo's A/B test: the very mail that was approved, to the rest.

        Odoo makes a copy of it that differs in nothing but the share.
        """
        self.ensure_one()
        mailing = self.sudo()
        if mailing.campaign_id.ab_testing_winner_mailing_id != mailing:
            return False
        tests = mailing._get_ab_testing_siblings_mailings() - mailing
        return any(
            test._is_approved()
            and test.marketing_approval_fingerprint
            == mailing._get_approval_fingerprint(ab_testing_pc=test.ab_testing_pc)
            for test in tests
        )

    def _check_approved(self):
        """Refuse to send what a second person has not approved as it is."""
        for mailing in self.filtered("marketing_approval_needed"):
            if mailing._is_approved() or mailing._is_approved_winner():
                continue
            state = mailing.marketing_approval_state
            if state == "approved":
                message = self.env._(
                    "“%s” changed after it was approved, or one of its segments did. "
                    "Request the approval again.",
                    mailing.subject,
                )
            elif state == "requested":
                message = self.env._(
                    "“%s” waits for its approval by a marketing manager.",
                    mailing.subject,
                )
            elif state == "refused":
                message = self.env._(
                    "“%(mailing)s” was refused by %(user)s: %(note)s\n"
                    "Change it and request the approval again.",
                    mailing=mailing.subject,
                    user=mailing.sudo().marketing_approval_user_id.name,
                    note=mailing.marketing_approval_note or "-",
                )
            else:
                message = self.env._(
                    "“%s” must be approved by a second person before it is sent. Press "
                    "“Request Approval”.",
                    mailing.subject,
                )
            raise UserError(message)

    def action_put_in_queue(self):
        self._check_approved()
        return super().action_put_in_queue()

    def _action_send_mail(self, res_ids=None):
        """What Odoo's own queue sends is asked about once more.

        There it goes back to draft instead: an error would stop the whole queue.
        """
        if not self.env.context.get("marketing_stock_queue"):
            self._check_approved()
            return super()._action_send_mail(res_ids)
        refused = self.filtered(
            lambda mailing: (
                mailing.marketing_approval_needed
                and not mailing._is_approved()
                and not mailing._is_approved_winner()
            )
        )
        for mailing in refused:
            mailing.action_cancel()
            mailing.message_post(
                body=self.env._("Not sent: the mailing needs an approval.")
            )
        if self - refused:
            return super(MailingMailing, self - refused)._action_send_mail(res_ids)
        return True

    def _reopen_sending(self):
        """Mails that failed leave again only as they were approved.

        What is still on its way was approved; the rest of an A/B test is part of it.
        """
        self.filtered(
            lambda mailing: mailing.state not in SENDING_STATES
        )._check_approved()
        return super()._reopen_sending()

    def action_marketing_resume(self):
        self._check_approved()
        return super().action_marketing_resume()
