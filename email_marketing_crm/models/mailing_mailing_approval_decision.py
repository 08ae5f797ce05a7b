from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .mailing_mailing import SENDING_STATES
from .mailing_mailing_approval import ACTIVITY_TYPE


class MailingMailing(models.Model):
    """Who is asked for the approval of a mailing, and what he decides."""

    _inherit = "mailing.mailing"

    marketing_may_decide = fields.Boolean(compute="_compute_marketing_may_decide")

    @api.depends("marketing_approval_state", "user_id")
    @api.depends_context("uid")
    def _compute_marketing_may_decide(self):
        for mailing in self:
            mailing.marketing_may_decide = (
                mailing.marketing_approval_state == "requested"
                and self.env.user in mailing._get_approvers()
            )

    def _get_approvers(self):
        """Marketing managers of its company who have no part in the mailing."""
        self.ensure_one()
        mailing = self.sudo()
        managers = self.env.ref("email_marketing_crm.group_marketing_manager").sudo()
        authors = (
            mailing.create_uid
            | mailing.user_id
            | mailing.marketing_approval_requester_id
        )
        return (
            managers.all_user_ids.filtered(
                lambda user: (
                    not user.share
                    and user != self.env.ref("base.user_root")
                    and mailing._get_compliance_company() in user.company_ids
                )
            )
            - authors
        )

    def action_request_approval(self):
        """Ask the marketing managers to look at these mailings."""
        self.check_access("write")
        for mailing in self:
            if mailing.state in SENDING_STATES and mailing.marketing_hold != "paused":
                raise UserError(
                    self.env._("“%s” is on its way already.", mailing.subject)
                )
            if (
                mailing.marketing_approval_state == "requested"
                and not mailing.marketing_approval_is_outdated
            ):
                raise UserError(
                    self.env._("“%s” waits for its approval already.", mailing.subject)
                )
            mailing.sudo().activity_unlink([ACTIVITY_TYPE])
            mailing._write_approval(
                "requested",
                marketing_approval_requester_id=self.env.uid,
                marketing_approval_fingerprint=mailing._get_approval_fingerprint(),
            )
            approvers = mailing._get_approvers()
            if not approvers:
                raise UserError(
                    self.env._(
                        "Nobody can approve “%s”: it takes a marketing manager who did "
                        "not make it, is not responsible for it and does not ask for "
                        "the approval. Make somebody else a marketing manager, or "
                        "switch approvals off in the settings.",
                        mailing.subject,
                    )
                )
            for approver in approvers:
                mailing.sudo().activity_schedule(
                    ACTIVITY_TYPE,
                    user_id=approver.id,
                    summary=self.env._("Approve “%s”", mailing.subject),
                )
        return True

    def action_decide_approval(self):
        """Open the decision; the context says whether to approve or to refuse."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Approval of “%s”", self.subject),
            "res_model": "marketing.mailing.decision",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_mailing_id": self.id,
                "default_decision": self.env.context.get(
                    "default_decision", "approved"
                ),
            },
        }

    def _decide_approval(self, decision, note):
        """Write down what a manager decided about what was asked for.

        :param decision: `approved` or `refused`
        """
        self.ensure_one()
        if self.marketing_approval_state != "requested":
            raise UserError(
                self.env._(
                    "Nobody asks for an approval of “%s” any more: it was decided, or "
                    "it changed.",
                    self.subject,
                )
            )
        if self.env.user not in self._get_approvers():
            raise AccessError(
                self.env._(
                    "“%s” is approved by a marketing manager who did not make it, is "
                    "not responsible for it and did not ask for the approval.",
                    self.subject,
                )
            )
        mailing = self.sudo()
        if mailing._get_approval_fingerprint() != (
            mailing.marketing_approval_fingerprint
        ):
            raise UserError(
                self.env._(
                    "“%s” is not what was asked about any more, for example because a "
                    "segment was changed. Ask for the approval again.",
                    self.subject,
                )
            )
        self._write_approval(
            decision,
            marketing_approval_user_id=self.env.uid,
            marketing_approval_date=fields.Datetime.now(),
            marketing_approval_note=note,
        )
        labels = dict(
            self._fields["marketing_approval_state"]._description_selection(self.env)
        )
        body = f"{labels[decision]}: {note}" if note else labels[decision]
        mailing.message_post(
            body=body,
            partner_ids=mailing.marketing_approval_requester_id.partner_id.ids,
        )
