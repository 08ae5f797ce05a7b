from odoo import api, fields, models, tools
from odoo.exceptions import UserError


class MarketingLifecycleStage(models.Model):
    """A stage of the life cycle of a person, from the first mail to the customer.

    The order is the meaning: events move a person forward only, and back only for
    a reason (see `marketing.lifecycle.move`). The code is what the add-on refers to;
    it never changes, while names, order and stages of their own are the company's.
    """

    _name = "marketing.lifecycle.stage"
    _description = "Life-cycle Stage"
    _inherit = ["marketing.person.group"]
    _order = "sequence, id"
    _person_field = "lifecycle_stage_id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True, copy=False, help="What rules and imports call this stage."
    )
    sequence = fields.Integer(default=100)
    description = fields.Text(
        translate=True, help="What is true of somebody who stands here."
    )
    is_lasting = fields.Boolean(
        "Reached for Good",
        help="A lost lead or a rejected hand-off does not take anybody back from here.",
    )

    _code_unique = models.Constraint("UNIQUE(code)", "This code is taken.")

    @api.model
    @tools.ormcache()
    def _get_ids_by_code(self):
        """`{code: id}` of all stages in their order, cached: events ask for it."""
        return {stage.code: stage.id for stage in self.sudo().search([])}

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        if "code" in vals and any(stage.code != vals["code"] for stage in self):
            raise UserError(
                self.env._(
                    "The code of a stage cannot be changed, because events refer to "
                    "it. Rename the stage instead."
                )
            )
        if "sequence" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()
