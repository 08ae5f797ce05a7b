from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.number_format import format_number


class MarketingProfileAnswer(models.TransientModel):
    """What a user knows about persons, typed in on a record or on a list of persons.

    Kept as an explicit answer of origin `hand`. Whoever may change a record may say
    what its person is like; on the person itself, every marketing user may.
    """

    _name = "marketing.profile.answer"
    _description = "What We Know About a Person"

    res_model = fields.Char(required=True, readonly=True)
    res_ids = fields.Json("Records", required=True, readonly=True)
    person_count = fields.Integer("Persons", readonly=True)
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
    def _open_for(self, records):
        """The dialog for the persons of records that the user may change."""
        wizard = self.create(
            {
                "res_model": records._name,
                "res_ids": records.ids,
                "attribute_id": self.env.context.get("default_attribute_id")
                or self.env["marketing.profile.attribute"].search([], limit=1).id,
            }
        )
        wizard.person_count = len(wizard._get_persons())
        wizard._onchange_attribute_id()
        name = (
            self.env._("What We Know About %s", records.display_name)
            if len(records) == 1
            else self.env._(
                "What We Know About %s Persons",
                format_number(self.env, wizard.person_count, 0),
            )
        )
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    @api.onchange("attribute_id")
    def _onchange_attribute_id(self):
        """Start from what is known."""
        answer = self.env["marketing.profile.value"].sudo()
        persons = self._get_persons()
        if len(persons) == 1:
            answer = answer._get_by_person(persons.ids)[persons.id].filtered(
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
                    "person_id": person.id,
                    "attribute": self.attribute_id.code,
                    "value": value,
                    "origin": "hand",
                    "source": self.source,
                }
                for person in self._get_persons()
            ]
        )
        return {"type": "ir.actions.act_window_close"}

    def _get_persons(self):
        """The persons the answer is about.

        :raises AccessError: when the user may not say anything about one of them
        """
        self.ensure_one()
        if self.res_model == "marketing.person":
            records = self.env[self.res_model].browse(self.res_ids)
            records.check_access("read")
            return records.sudo().mapped(lambda person: person._get_person())
        if self.res_model not in self.env["marketing.person"]._get_record_models():
            raise UserError(self.env._("Answers are about persons."))
        records = self.env[self.res_model].browse(self.res_ids)
        # Marketers answer for persons they see, whichever record they look at.
        is_marketer = self.env["marketing.person"].has_access("read")
        records.check_access("read" if is_marketer else "write")
        persons = records.sudo().marketing_person_id
        if not persons:
            raise UserError(
                self.env._(
                    "This record has no usable e-mail address, so that nothing can be "
                    "kept about its person. Enter the address first."
                )
            )
        return persons
