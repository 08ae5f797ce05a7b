from odoo import api, fields, models


class MarketingJourneyRemove(models.TransientModel):
    """Asks why somebody is taken out of a journey; the answer goes to the story."""

    _name = "marketing.journey.remove"
    _description = "Remove Participants from a Journey"

    participant_ids = fields.Many2many(
        "marketing.journey.participant", string="Participants", readonly=True
    )
    live_count = fields.Integer("Under Way", compute="_compute_live_count")
    reason = fields.Char(required=True)

    @api.depends("participant_ids")
    def _compute_live_count(self):
        for wizard in self:
            wizard.live_count = len(wizard.participant_ids.filtered("is_live"))

    def action_remove(self):
        self.ensure_one()
        self.participant_ids.check_access("read")
        self.env["marketing.journey.participant"].sudo()._leave(
            dict.fromkeys(self.participant_ids.ids, "removed"), detail=self.reason
        )
        return {"type": "ir.actions.act_window_close"}
