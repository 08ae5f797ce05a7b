from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.mailing_mailing_check import ASKS


class MarketingMailingCheckLaunch(models.TransientModel):
    """The question what to do about findings, between pressing “Send” and sending.

    Made by the buttons that send, schedule and publish, and by the one that lets a
    mailing go that is held. Warnings are accepted by going on; what stops a mailing, or
    a check that is not done, only by a manager, with a reason that is kept with the
    check and written into the history of the mailing. The law is accepted by nobody.
    """

    _name = "marketing.mailing.check.launch"
    _description = "Question Before Sending"

    check_ids = fields.Many2many("marketing.mailing.check", readonly=True)
    mailing_id = fields.Many2one("mailing.mailing", readonly=True, ondelete="cascade")
    journey_id = fields.Many2one("marketing.journey", readonly=True, ondelete="cascade")
    finding_ids = fields.Many2many(
        "marketing.mailing.check.finding", compute="_compute_findings"
    )
    block_count = fields.Integer(compute="_compute_findings")
    legal_count = fields.Integer(compute="_compute_findings")
    is_running = fields.Boolean(compute="_compute_findings")
    is_held = fields.Boolean(compute="_compute_is_held")
    is_manager = fields.Boolean(compute="_compute_is_manager")
    reason = fields.Text()

    @api.depends("check_ids")
    def _compute_findings(self):
        for question in self:
            blocking = question.check_ids._get_open_blocks()
            findings = question.check_ids.finding_ids.filtered(
                lambda finding: finding.severity == "warn"
            )
            findings = (blocking | findings).sorted()
            question.finding_ids = findings
            question.block_count = len(blocking)
            question.legal_count = len(blocking.filtered("is_legal"))
            question.is_running = "running" in question.check_ids.mapped("state")

    @api.depends("mailing_id.marketing_hold")
    def _compute_is_held(self):
        for question in self:
            question.is_held = question.mailing_id.marketing_hold == "check"

    @api.depends_context("uid")
    def _compute_is_manager(self):
        self.is_manager = self.env.user.has_group(
            "email_marketing_crm.group_marketing_manager"
        )

    @api.model
    def _open_for(self, checks, mailing=None, journey=None):
        if not checks.with_env(self.env).has_access("read"):
            companies = checks.sudo().company_id.mapped("name")
            raise UserError(
                self.env._(
                    "This is sent by %s. Switch to that company, or ask somebody who "
                    "works there.",
                    ", ".join(companies),
                )
            )
        question = self.create(
            {
                "check_ids": [fields.Command.set(checks.ids)],
                "mailing_id": mailing and mailing.id,
                "journey_id": journey and journey.id,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Before It Is Sent"),
            "res_model": self._name,
            "res_id": question.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {ASKS: False},
        }

    def action_go_on(self):
        """Send, schedule or publish all the same."""
        self.ensure_one()
        record = self.mailing_id or self.journey_id
        record.check_access("write")
        if self.legal_count:
            raise UserError(
                self.env._(
                    "What the law asks for has to be put right first; nobody can "
                    "decide otherwise."
                )
            )
        if self.block_count or self.is_held:
            self._decide()
        record = record.with_context(**{ASKS: False})
        if self.is_held:
            record._release_decided()
        elif self.journey_id:
            record.action_publish()
        else:
            record.action_put_in_queue()
        return {"type": "ir.actions.act_window_close"}

    def _decide(self):
        """Keep the manager's decision with the check and with the mailing."""
        if not self.is_manager:
            raise AccessError(
                self.env._(
                    "Only a manager of marketing can send a mailing all the same. Put "
                    "right what stops it, or ask one."
                )
            )
        if not (self.reason or "").strip():
            raise UserError(
                self.env._("Say why it is to be sent all the same: it is kept.")
            )
        checks = self.check_ids.sudo()
        if not self.is_held:
            checks = checks.filtered(lambda check: check._get_open_blocks())
        checks.write({"override_reason": self.reason, "override_user_id": self.env.uid})
        for check in checks:
            blocking = check._get_open_blocks()
            blocking.is_accepted = True
            if self.is_held and check.state == "running":
                check.state = "stopped"
            found = "; ".join(blocking.mapped("message")) or self.env._("nothing")
            check.mailing_id.message_post(
                body=self.env._(
                    "Sent all the same because: %(reason)s. Found before: %(findings)s",
                    reason=self.reason,
                    findings=found,
                ),
                author_id=self.env.user.partner_id.id,
            )

    def action_open_check(self):
        """Look at the findings at leisure; nothing is sent."""
        self.ensure_one()
        if len(self.check_ids) == 1:
            return self.check_ids._get_action()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_mailing_check_finding_action"
        )
        return action | {"domain": [("id", "in", self.finding_ids.ids)]}
