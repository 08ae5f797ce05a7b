from odoo import api, fields, models


class MarketingScoreGroup(models.Model):
    """A limit that several rules of one score model share.

    So that a person who only reads mails does not look like a buyer, or a fact that
    stands on both contact and lead is not counted twice. Written by the marketing
    manager only.
    """

    _name = "marketing.score.group"
    _description = "Shared Limit of a Score Model"
    _order = "sequence, id"

    model_id = fields.Many2one(
        "marketing.score.model", required=True, index=True, ondelete="cascade"
    )
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    maximum = fields.Integer(
        "Points at Most",
        required=True,
        default=30,
        help="All rules of the group together bring no more points. 0: no limit.",
    )
    rule_ids = fields.One2many("marketing.score.rule", "group_id", readonly=True)

    _maximum_positive = models.Constraint(
        "CHECK(maximum >= 0)", "A limit must not be negative; 0 is no limit."
    )

    def write(self, vals):
        if "maximum" in vals:
            self.model_id.is_stale = True
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_outdates_scores(self):
        self.filtered("rule_ids").model_id.is_stale = True
