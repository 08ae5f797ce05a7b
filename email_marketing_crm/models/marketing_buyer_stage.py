from odoo import fields, models


class MarketingBuyerStage(models.Model):
    """How far a buyer has come on the way to a purchase, as he sees it himself.

    Not the life cycle, which says what we and sales made of him. The order is the
    meaning: rules move a person forward only, unless they are told otherwise.
    """

    _name = "marketing.buyer.stage"
    _description = "Stage of the Buyer's Journey"
    _inherit = ["marketing.person.group"]
    _order = "sequence, id"
    _person_field = "buyer_stage_id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=100)
    active = fields.Boolean(default=True)
    description = fields.Text(
        translate=True, help="What a buyer asks himself here, and what helps him."
    )
