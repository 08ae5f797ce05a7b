from odoo import api, fields, models
from odoo.exceptions import UserError


class MarketingProfileAnswer(models.TransientModel):
    """What a user knows about a person, typed in on the form of one of his records.

    Kept as an explicit answer of origin `hand`. Whoever may change the record may say
    what its person is like; on the person itself, every marketing user may.
    """

    _name = "marketing.profile.answer"
    _description = "What We Know About a Person"

    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Many2oneReference(
        "Record", model_field="res_model", required=True, readonly=True
    )
    attribute_id = fields.Many2one("marketing.profile.attribute", required=True)
    type = fields.Selection(related="attribute_id.type")
    help = fields.Text(related="attribute_id.help")
    text = fields.Char("Answer")
    number = fields.Float("Value")
    persona_id = fields.Many2one("marketing.persona")
    buyer_stage_id = fields.Many2one("marketing.buyer.stage")
    option_id = fields.Many2one(
        "marketing.profile.option",
        "Choice",
        domain="[('attribute_id', '=', attribute_id)]",
    )
    option_ids = fields.Many2many(
        "marketing.profile.option",
        string="Choices",
        domain="[('attribute_id', '=', attribute_id)]",
    )
    source = fields.Char("How Do You Know?")

    @api.model
    def _open_for(self, record):
        """The dialog for the person of a record that the user may change."""
        wizard = self.create(
            {
                "res_model": record._name,
                "res_id": record.id,
                "attribute_id": self.env.context.get("default_attribute_id")
                or self.env["marketing.profile.attribute"].search([], limit=1).id,
            }
        )
        wizard._get_person()
        wizard._onchange_attribute_id()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What We Know About %s", record.display_name),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    @api.onchange("attribute_id")
    def _onchange_attribute_id(self):
        """Start from what is known."""
        answers = self.env["marketing.profile.value"].sudo()
        answer = answers._get_by_person(self._get_person().ids)[
            self._get_person().id
        ].filtered(
            lambda row: row.attribute_id == self.attribute_id and row.is_in_effect
        )[:1]
        self.text = answer.value
        self.number = answer.number
        self.persona_id = answer.persona_id
        self.buyer_stage_id = answer.buyer_stage_id
        self.option_id = answer.option_ids[:1]
        self.option_ids = answer.option_ids

    def action_save(self):
        self.ensure_one()
        value = {
            "persona": self.persona_id,
            "buyer_stage": self.buyer_stage_id,
            "selection": self.option_id,
            "tags": self.option_ids,
            "number": self.number,
        }.get(self.type, self.text)
        if not value and self.type != "number":
            raise UserError(
                self.env._(
                    "Enter an answer, or choose Take Back if nobody knows any more."
                )
            )
        return self._keep(value)

    def action_take_back(self):
        """Forget what a human said; what was concluded counts again."""
        self.ensure_one()
        return self._keep(None)

    def _keep(self, value):
        self.env["marketing.profile.value"]._set_values(
            [
                {
                    "person_id": self._get_person().id,
                    "attribute": self.attribute_id.code,
                    "value": value,
                    "origin": "hand",
                    "source": self.source,
                }
            ]
        )
        return {"type": "ir.actions.act_window_close"}

    def _get_person(self):
        """The person the answer is about.

        :raises AccessError: when the user may not say anything about the person
        """
        self.ensure_one()
        record = self.env[self.res_model].browse(self.res_id)
        if self.res_model == "marketing.person":
            record.check_access("read")
        elif self.res_model in self.env["marketing.person"]._get_record_models():
            record.check_access("write")
        else:
            raise UserError(self.env._("Answers are about persons."))
        person = record._get_person()
        if not person:
            raise UserError(
                self.env._(
                    "This record has no usable e-mail address, so that nothing can be "
                    "kept about its person. Enter the address first."
                )
            )
        return person
