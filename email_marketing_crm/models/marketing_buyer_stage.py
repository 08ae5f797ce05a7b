from odoo import fields, models


class MarketingBuyerStage(models.Model):
    """How far a buyer has come on the way to a purchase, as he sees it himself.

    Not the life cycle, which says what we and sales made of him. The order is the
    meaning: rules move a person forward only, unless they are told otherwise.
    """

    _name = "marketing.buyer.stage"
    _description = "Stage of the Buyer's Journey"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=100)
    active = fields.Boolean(default=True)
    description = fields.Text(
        translate=True, help="What a buyer asks himself here, and what helps him."
    )
    person_count = fields.Integer("Persons", compute="_compute_person_count")

    def _compute_person_count(self):
        counts = dict(
            self.env["marketing.person"]._read_group(
                [("buyer_stage_id", "in", self.ids), ("merged_into_id", "=", False)],
                ["buyer_stage_id"],
                ["__count"],
            )
        )
        for stage in self:
            stage.person_count = counts.get(stage, 0)

    def action_open_persons(self):
        """The persons who stand here."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "marketing.person",
            "view_mode": "list,kanban,form",
            "domain": [
                ("buyer_stage_id", "=", self.id),
                ("merged_into_id", "=", False),
            ],
        }
