from odoo import fields, models
from odoo.exceptions import UserError


class MarketingSenderRelease(models.TransientModel):
    """Going on after a brake: who does it says what was done about the cause."""

    _name = "marketing.sender.release"
    _description = "Let a Sender Go On"

    sender_id = fields.Many2one("marketing.sender", required=True, readonly=True)
    brake_text = fields.Text(related="sender_id.brake_text")
    waiting_count = fields.Integer(related="sender_id.waiting_count")
    note = fields.Char("What was done about it?", required=True)
    is_acknowledged = fields.Boolean(
        "I know that more mails like these can get the sender onto block lists."
    )

    def action_go_on(self):
        """Release the brakes; the note stays with them."""
        self.ensure_one()
        self.sender_id._check_may_go_on()
        if not self.is_acknowledged:
            raise UserError(
                self.env._("Confirm that you know what going on can lead to.")
            )
        self.sender_id._go_on(self.note)
        return {"type": "ir.actions.act_window_close"}
