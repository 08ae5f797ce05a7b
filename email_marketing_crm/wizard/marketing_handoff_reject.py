from odoo import fields, models

from ..models.marketing_handoff import OPEN_STATES


class MarketingHandoffReject(models.TransientModel):
    _name = "marketing.handoff.reject"
    _description = "Give Leads Back to Marketing"

    handoff_ids = fields.Many2many("marketing.handoff", readonly=True, required=True)
    reason_id = fields.Many2one("marketing.handoff.reason", required=True)
    is_recycled = fields.Boolean(related="reason_id.is_recycled")
    note = fields.Text()

    def action_reject(self):
        """Give the leads back, with the reason."""
        self.ensure_one()
        self.handoff_ids._check_answer(OPEN_STATES)
        self.handoff_ids.sudo()._reject(self.reason_id, self.note)
        return {"type": "ir.actions.act_window_close"}
