from odoo import api, fields, models


class MarketingMailingReschedule(models.TransientModel):
    """A new hour for what has not left of a campaign."""

    _name = "marketing.mailing.reschedule"
    _description = "Change the Hour of a Mailing"

    mailing_id = fields.Many2one(
        "mailing.mailing", required=True, readonly=True, ondelete="cascade"
    )
    waiting_count = fields.Integer(related="mailing_id.marketing_waiting")
    sent_count = fields.Integer(related="mailing_id.marketing_sent")
    schedule_date = fields.Datetime(
        "New Hour",
        compute="_compute_schedule_date",
        store=True,
        readonly=False,
        required=True,
    )

    @api.depends("mailing_id")
    def _compute_schedule_date(self):
        now = fields.Datetime.now()
        for wizard in self:
            wizard.schedule_date = max(wizard.mailing_id.schedule_date or now, now)

    def action_reschedule(self):
        self.ensure_one()
        self.mailing_id._check_reschedulable()
        self.mailing_id.write(
            {"schedule_type": "scheduled", "schedule_date": self.schedule_date}
        )
        return {"type": "ir.actions.act_window_close"}
