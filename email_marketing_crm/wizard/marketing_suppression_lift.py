from odoo import api, fields, models


class MarketingSuppressionLift(models.TransientModel):
    """Why persons whose mail was stopped may be mailed again."""

    _name = "marketing.suppression.lift"
    _description = "Mail Again"

    person_ids = fields.Many2many("marketing.person", readonly=True, required=True)
    reason = fields.Text(required=True)
    has_complaint = fields.Boolean(compute="_compute_has_complaint")
    still_refused_ids = fields.Many2many(
        "marketing.person",
        compute="_compute_still_refused_ids",
        string="Get no mail all the same",
        help="They opted out, are blacklisted or are on the suppression list. Only they"
        " themselves can change that.",
    )

    @api.depends("person_ids")
    def _compute_has_complaint(self):
        for wizard in self:
            wizard.has_complaint = "complaint" in wizard.person_ids.mapped(
                "suppression"
            )

    @api.depends("person_ids")
    def _compute_still_refused_ids(self):
        for wizard in self:
            wizard.still_refused_ids = wizard.person_ids.filtered(
                lambda person: (
                    person.is_blacklisted or person.is_suppressed or person.is_opted_out
                )
            )

    def action_lift(self):
        self.ensure_one()
        self.person_ids._lift_suppression(self.reason)
        return {"type": "ir.actions.act_window_close"}
