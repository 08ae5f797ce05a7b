from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools.profile import fold_name, format_number, parse_number, split_names


class MarketingProfileAttribute(models.Model):
    """A question about persons whose answers are kept: budget, interests, persona …

    Data of the add-on and of companies. The code is what forms, imports and events
    call it and never changes; the kind of answer does not change while there are
    answers. Persona and buyer stage are attributes, too, so that one rule decides
    about all answers (see `marketing.profile.value`).
    """

    _name = "marketing.profile.attribute"
    _description = "Profile Attribute"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        required=True, copy=False, help="What forms, imports and events call it."
    )
    sequence = fields.Integer(default=100)
    active = fields.Boolean(default=True)
    type = fields.Selection(
        [
            ("char", "Text"),
            ("number", "A number"),
            ("selection", "One of several answers"),
            ("tags", "Any of several answers"),
            ("persona", "Persona"),
            ("buyer_stage", "Buyer stage"),
        ],
        string="Kind of Answer",
        required=True,
        default="char",
    )
    is_open = fields.Boolean(
        "New Answers Allowed",
        help="An answer that is not in the list yet is added to it; otherwise it is "
        "refused.",
    )
    help = fields.Text(translate=True, help="What the attribute means, for users.")
    option_ids = fields.One2many(
        "marketing.profile.option", "attribute_id", string="Answers", copy=True
    )
    person_count = fields.Integer("Persons", compute="_compute_person_count")

    _code_unique = models.Constraint("UNIQUE(code)", "This code is taken.")
    _special_unique = models.UniqueIndex(
        "(type) WHERE type IN ('persona', 'buyer_stage')",
        "There is one attribute for the persona and one for the buyer stage.",
    )

    def _compute_person_count(self):
        counts = dict(
            self.env["marketing.profile.value"]._read_group(
                [("attribute_id", "in", self.ids), ("is_in_effect", "=", True)],
                ["attribute_id"],
                ["person_id:count_distinct"],
            )
        )
        for attribute in self:
            attribute.person_count = counts.get(attribute, 0)

    def write(self, vals):
        if any(record.code != vals.get("code", record.code) for record in self):
            raise UserError(
                self.env._(
                    "Forms and other systems refer to an attribute by its code, so it "
                    "cannot change. Add an attribute with the other code instead."
                )
            )
        changed = self.filtered(lambda rec: rec.type != vals.get("type", rec.type))
        if changed and changed._has_answers():
            raise UserError(
                self.env._(
                    "There are answers already, so the kind of answer cannot change. "
                    "Add another attribute instead."
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_answered(self):
        if self._has_answers():
            raise UserError(
                self.env._(
                    "There are answers about this attribute. Archive it to hide it."
                )
            )

    def _has_answers(self):
        return bool(
            self.env["marketing.profile.value"]
            .sudo()
            .search_count([("attribute_id", "in", self.ids)], limit=1)
        )

    def action_open_answers(self):
        """Who gave which answer."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_profile_value_action"
        )
        return action | {
            "display_name": self.name,
            "domain": [("attribute_id", "=", self.id)],
            "context": {"search_default_in_effect": 1, "search_default_group_value": 1},
        }

    # ------------------------------------------------------------------
    # ANSWERS
    # ------------------------------------------------------------------

    @api.model
    def _get_by_code(self):
        """`{code: attribute}`, archived ones included: their answers still come in."""
        attributes = self.sudo().with_context(active_test=False).search([])
        return {attribute.code: attribute for attribute in attributes}

    @api.model
    def _parse_values(self, pairs):
        """Columns of `marketing.profile.value` for answers as they were given.

        Names are compared without case. Unknown answers of open attributes are
        added to the list of answers. None, False and empty texts say that there is
        no answer any more.

        :param pairs: list of (code of an attribute, value as given)
        :returns: a dictionary of columns for each pair, or the sentence that says
            why the pair cannot be used
        """
        attributes = self._get_by_code()
        names = self._get_names_by_attribute()
        self._add_missing_options(pairs, attributes, names)
        return [
            attributes[code]._parse_value(value, names)
            if code in attributes
            else self.env._("There is no profile attribute “%s”.", code)
            for code, value in pairs
        ]

    @api.model
    def _get_names_by_attribute(self):
        """`{attribute id: {folded name: record}}` of everything that can be chosen."""
        names = {}
        options = self.env["marketing.profile.option"].sudo().search([])
        for option in options:
            by_name = names.setdefault(option.attribute_id.id, {})
            by_name.setdefault(fold_name(option.name), option)
        for attribute in self._get_by_code().values():
            model = self._get_special_models().get(attribute.type)
            if model:
                records = self.env[model].sudo().with_context(active_test=False)
                names[attribute.id] = {
                    fold_name(record.name): record for record in records.search([])
                }
        return names

    @api.model
    def _get_special_models(self):
        return {"persona": "marketing.persona", "buyer_stage": "marketing.buyer.stage"}

    @api.model
    def _add_missing_options(self, pairs, attributes, names):
        missing = {}
        for code, value in pairs:
            attribute = attributes.get(code)
            if not attribute or not attribute.is_open or _is_empty(value):
                continue
            if attribute.type not in ("selection", "tags") or _is_record(value):
                continue
            texts = split_names(value) if attribute.type == "tags" else [str(value)]
            known = names.setdefault(attribute.id, {})
            for text in texts:
                if fold_name(text) not in known:
                    missing.setdefault((attribute.id, fold_name(text)), text.strip())
        options = self.env["marketing.profile.option"].sudo()
        options = options.create(
            [
                {"attribute_id": attribute_id, "name": text}
                for (attribute_id, _folded), text in missing.items()
            ]
        )
        for option in options:
            names[option.attribute_id.id][fold_name(option.name)] = option

    def _parse_value(self, value, names):
        """Columns of one answer, or what is wrong with it; see `_parse_values`."""
        self.ensure_one()
        columns = {
            "attribute_id": self.id,
            "value": None,
            "number": None,
            "persona_id": None,
            "buyer_stage_id": None,
            "option_ids": frozenset(),
        }
        if _is_empty(value):
            return columns
        if self.type == "char":
            return columns | {"value": str(value).strip()}
        if self.type == "number":
            try:
                number = parse_number(value)
            except ValueError:
                return self.env._(
                    "%(name)s: “%(value)s” is not a number.",
                    name=self.name,
                    value=value,
                )
            return columns | {"value": format_number(number), "number": number}
        known = names.get(self.id, {})
        if _is_record(value):
            records = value.sudo().exists()
        else:
            texts = split_names(value) if self.type == "tags" else [value]
            unknown = [text for text in texts if fold_name(text) not in known]
            if unknown:
                return self.env._(
                    "%(name)s: “%(value)s” is none of the known answers.",
                    name=self.name,
                    value=unknown[0],
                )
            records = [known[fold_name(text)] for text in texts]
        columns["value"] = ", ".join(record.name for record in records) or None
        if self.type in self._get_special_models():
            return columns | {f"{self.type}_id": records[0].id if records else None}
        return columns | {"option_ids": frozenset(record.id for record in records)}


class MarketingProfileOption(models.Model):
    """One answer that can be chosen for an attribute of kind selection or tags.

    Written by users, and by `_parse_values` for attributes that are open.
    """

    _name = "marketing.profile.option"
    _description = "Profile Answer to Choose From"
    _order = "attribute_id, sequence, id"
    _rec_names_search = ["name", "attribute_id.name"]

    attribute_id = fields.Many2one(
        "marketing.profile.attribute", required=True, ondelete="cascade"
    )
    name = fields.Char(required=True)
    sequence = fields.Integer(default=100)
    color = fields.Integer()

    _attribute_name_unique = models.UniqueIndex(
        "(attribute_id, lower(name))", "This answer is in the list already."
    )

    @api.depends("name", "attribute_id.name")
    @api.depends_context("hide_attribute")
    def _compute_display_name(self):
        for option in self:
            option.display_name = (
                option.name
                if self.env.context.get("hide_attribute")
                else f"{option.attribute_id.name}: {option.name}"
            )

    @api.constrains("attribute_id")
    def _check_type(self):
        for option in self:
            if option.attribute_id.type not in ("selection", "tags"):
                raise ValidationError(
                    self.env._(
                        "“%s” has no list of answers to choose from.",
                        option.attribute_id.name,
                    )
                )


def _is_record(value):
    return isinstance(value, models.BaseModel)


def _is_empty(value):
    if value is None or value is False:
        return True
    if _is_record(value) or isinstance(value, list | tuple | set | frozenset):
        return not value
    return isinstance(value, str) and not value.strip()
