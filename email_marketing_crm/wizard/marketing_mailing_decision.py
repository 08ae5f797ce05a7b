from odoo import fields, models
from odoo.exceptions import UserError


class MarketingMailingDecision(models.TransientModel):
    """What a marketing manager decides about a mailing that waits for an approval."""

    _name = "marketing.mailing.decision"
    _description = "Approve or Refuse a Mailing"

    mailing_id = fields.Many2one(
        "mailing.mailing", required=True, readonly=True, ondelete="cascade"
    )
    requester_id = fields.Many2one(
        related="mailing_id.marketing_approval_requester_id", string="Requested By"
    )
    decision = fields.Selection(
        [("approved", "Approve"), ("refused", "Refuse")],
        required=True,
        default="approved",
    )
    note = fields.Text(help="Who asked for the approval reads it.")

    def action_decide(self):
        self.ensure_one()
        if self.decision == "refused" and not (self.note or "").strip():
            raise UserError(self.env._("Say why: whoever asked has to know."))
        self.mailing_id._decide_approval(self.decision, self.note)
        return {"type": "ir.actions.act_window_close"}
