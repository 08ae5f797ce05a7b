from odoo import fields, models


class MarketingHandoffReason(models.Model):
    """Why sales gives a hand-off back, and what follows from it.

    With `is_recycled` the person goes back to nurturing and may be offered again
    after the policy's pause; without it he is not offered again. Reasons are the
    feedback marketing learns from: they are grouped by in the analysis.
    """

    _name = "marketing.handoff.reason"
    _description = "Reason to Reject a Hand-off"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    is_recycled = fields.Boolean(
        "Back to Nurturing",
        default=True,
        help="The person is nurtured on and may be offered again later. Without it, "
        "the person is never offered again.",
    )
    lost_reason_id = fields.Many2one(
        "crm.lost.reason",
        ondelete="set null",
        help="Lost reason of the lead, when the policy closes leads that are rejected.",
    )
