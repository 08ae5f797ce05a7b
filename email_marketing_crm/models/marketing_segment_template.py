"""Segments that are ready but for some numbers: the gallery of templates."""

from ast import literal_eval

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..tools.segment_template import fill_blanks, find_blanks
from .marketing_segment_domain import CONDITION_ERRORS

#: Fields of a behaviour rule that a template may give; `type` is a code of a type.
RULE_FIELDS = frozenset(
    {
        "amount",
        "days",
        "measure",
        "operator",
        "page",
        "reliability",
        "times",
        "topic",
    }
)


class MarketingSegmentTemplate(models.Model):
    """A way to build a segment, with blanks that are asked for when it is used.

    Those of the add-on are data; marketing managers write more. `domain` and `rules`
    are literals with blanks (`tools/segment_template.py`): each blank is a parameter
    of the template. Using one makes an ordinary segment, which has nothing to do with
    the template afterwards.
    """

    _name = "marketing.segment.template"
    _description = "Segment Template"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=100)
    summary = fields.Text(translate=True, help="Whom it finds, in a sentence.")
    icon = fields.Char(default="fa-users", help="Font Awesome class.")
    dimension = fields.Selection(
        [
            ("company", "Company"),
            ("role", "Role"),
            ("behavior", "Behavior"),
            ("source", "Market Source"),
            ("score", "Score"),
            ("value", "Spending"),
            ("lifecycle", "Life Cycle"),
        ],
        string="About",
        required=True,
        default="behavior",
    )
    # what it is made of
    res_model = fields.Selection(
        selection=lambda self: self.env["marketing.segment"]._selection_res_model(),
        string="Records",
        required=True,
        default="res.partner",
    )
    domain = fields.Text(
        string="Attributes",
        required=True,
        default="[]",
        help="A domain; {days} stands for the parameter with the code days.",
    )
    rules = fields.Text(
        string="Behavior",
        required=True,
        default="[]",
        help="A list of dictionaries with the type of an event and the fields of a "
        "behavior rule.",
    )
    match = fields.Selection(
        [("all", "all of these rules"), ("any", "any of these rules")],
        required=True,
        default="all",
    )
    member_limit = fields.Char(
        "Members at Most", help="A number, or a blank; empty: everybody."
    )
    sort_order = fields.Selection(
        selection=lambda self: (
            self.env["marketing.segment"]
            ._fields["sort_order"]
            ._description_selection(self.env)
        ),
        string="The Persons",
        required=True,
        default="created",
    )
    parameter_ids = fields.One2many(
        "marketing.segment.template.parameter", "template_id", copy=True
    )

    @api.constrains("domain", "rules", "member_limit", "parameter_ids")
    def _check_content(self):
        """Refuse a template that could not be used, or asks for what it ignores."""
        if self.env.context.get("install_mode"):
            return  # the parameters of data come after their template
        for template in self:
            content = template._parse_content()
            blanks = find_blanks(list(content.values()))
            codes = set(template.parameter_ids.mapped("code"))
            if blanks - codes:
                raise ValidationError(
                    self.env._(
                        "The template “%(name)s” has blanks without a parameter: "
                        "%(blanks)s.",
                        name=template.name,
                        blanks=", ".join(sorted(blanks - codes)),
                    )
                )
            if codes - blanks:
                raise ValidationError(
                    self.env._(
                        "The template “%(name)s” asks for what it does not use: "
                        "%(codes)s.",
                        name=template.name,
                        codes=", ".join(sorted(codes - blanks)),
                    )
                )

    def _parse_content(self):
        """What the segment is made of, with blanks.

        :raises ValidationError: when it cannot be read
        """
        self.ensure_one()
        try:
            rules = literal_eval(self.rules or "[]")
            for rule in rules:
                self.env["marketing.touchpoint.type"]._get_id(rule["type"])
                if rule.keys() - RULE_FIELDS - {"type"}:
                    raise ValueError(", ".join(sorted(rule.keys() - RULE_FIELDS)))
            return {
                "domain": literal_eval(self.domain or "[]"),
                "rules": rules,
                "member_limit": self.member_limit or 0,
            }
        except CONDITION_ERRORS as error:
            raise ValidationError(
                self.env._(
                    "The template “%(name)s” cannot be read: %(detail)s",
                    name=self.name or "",
                    detail=str(error),
                )
            ) from error

    def _prepare_segment_values(self, name, values):
        """Values of a segment.

        :param name: of the segment
        :param values: of the blanks, by code
        """
        self.ensure_one()
        content = fill_blanks(self._parse_content(), values)
        types = self.env["marketing.touchpoint.type"]
        return {
            "name": name,
            "description": self.summary,
            "res_model": self.res_model,
            "kind": "dynamic",
            "domain": repr(content["domain"]),
            "match": self.match,
            "rule_ids": [
                Command.create(
                    {key: value for key, value in rule.items() if key != "type"}
                    | {"type_id": types._get_id(rule["type"])}
                )
                for rule in content["rules"]
            ],
            "member_limit": int(content["member_limit"]),
            "sort_order": self.sort_order,
        }

    def action_use(self):
        """Ask for the parameters; without any, make the segment at once."""
        self.ensure_one()
        wizard = self.env["marketing.segment.template.use"].create(
            {
                "template_id": self.id,
                "name": self.name,
                "line_ids": [
                    Command.create(parameter._prepare_line_values())
                    for parameter in self.parameter_ids
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Segment"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }


class MarketingSegmentTemplateParameter(models.Model):
    """A blank of a template: what is asked for, and what is proposed.

    Data or written by marketing managers with the template. The code is the name of
    the blank; the default of an industry is the external id of one.
    """

    _name = "marketing.segment.template.parameter"
    _description = "Parameter of a Segment Template"
    _order = "sequence, id"

    template_id = fields.Many2one(
        "marketing.segment.template", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=100)
    code = fields.Char(required=True)
    name = fields.Char("Question", required=True, translate=True)
    kind = fields.Selection(
        [
            ("number", "Whole number"),
            ("amount", "Amount"),
            ("text", "Text"),
            ("industry", "Industry"),
            ("country", "Country"),
            ("relationship", "Relationship"),
        ],
        required=True,
        default="number",
    )
    default_value = fields.Char("Proposed")

    _code_unique = models.Constraint(
        "UNIQUE(template_id, code)", "A template asks for each of its blanks once."
    )

    @api.constrains("code", "template_id")
    def _check_template(self):
        self.template_id._check_content()

    def _prepare_line_values(self):
        self.ensure_one()
        proposed = self.default_value or False
        if self.kind == "relationship":
            return {"parameter_id": self.id, "relationship": proposed}
        if self.kind not in ("industry", "country"):
            return {"parameter_id": self.id, "value": proposed}
        record = proposed and self.env.ref(proposed, raise_if_not_found=False)
        return {"parameter_id": self.id, f"{self.kind}_id": record and record.id}


class MarketingSegmentTemplateUse(models.TransientModel):
    """A template being used: its questions with their answers."""

    _name = "marketing.segment.template.use"
    _description = "New Segment From a Template"

    template_id = fields.Many2one(
        "marketing.segment.template", required=True, readonly=True, ondelete="cascade"
    )
    summary = fields.Text(related="template_id.summary")
    name = fields.Char("Name of the Segment", required=True)
    line_ids = fields.One2many("marketing.segment.template.use.line", "use_id")
    asks_industry = fields.Boolean(compute="_compute_asks")
    asks_country = fields.Boolean(compute="_compute_asks")
    asks_relationship = fields.Boolean(compute="_compute_asks")

    @api.depends("line_ids.kind")
    def _compute_asks(self):
        for use in self:
            kinds = use.line_ids.mapped("kind")
            use.asks_industry = "industry" in kinds
            use.asks_country = "country" in kinds
            use.asks_relationship = "relationship" in kinds

    def action_create(self):
        """Make the segment and open it, to be looked at and changed."""
        self.ensure_one()
        values = {line.parameter_id.code: line._get_value() for line in self.line_ids}
        try:
            segment = self.env["marketing.segment"].create(
                self.template_id._prepare_segment_values(self.name, values)
            )
        except AccessError as error:
            raise UserError(
                self.env._(
                    "“%(name)s” looks at records that you may not read. Ask somebody "
                    "who may to make this segment. (%(detail)s)",
                    name=self.template_id.name,
                    detail=error.args[0],
                )
            ) from error
        segment.action_refresh()
        return {
            "type": "ir.actions.act_window",
            "res_model": "marketing.segment",
            "res_id": segment.id,
            "view_mode": "form",
        }


class MarketingSegmentTemplateUseLine(models.TransientModel):
    """A question of a template and its answer."""

    _name = "marketing.segment.template.use.line"
    _description = "Answer to a Question of a Segment Template"
    _order = "id"

    use_id = fields.Many2one(
        "marketing.segment.template.use", required=True, ondelete="cascade"
    )
    parameter_id = fields.Many2one(
        "marketing.segment.template.parameter", required=True, ondelete="cascade"
    )
    name = fields.Char(related="parameter_id.name")
    kind = fields.Selection(related="parameter_id.kind")
    value = fields.Char("Answer")
    industry_id = fields.Many2one("res.partner.industry")
    country_id = fields.Many2one("res.country")
    relationship = fields.Selection(selection="_selection_relationship")

    @api.model
    def _selection_relationship(self):
        return self.env["marketing.segment.action"]._selection_relationship()

    def _get_value(self):
        """The answer as it is filled in.

        :raises UserError: when it is missing or is no number
        """
        self.ensure_one()
        if self.kind in ("industry", "country"):
            answer = self[f"{self.kind}_id"].id
        elif self.kind == "relationship":
            answer = self.relationship
        else:
            answer = (self.value or "").strip()
        if not answer:
            raise UserError(self.env._("Answer “%s” first.", self.name))
        if self.kind not in ("number", "amount"):
            return answer
        try:
            number = int(answer) if self.kind == "number" else float(answer)
        except ValueError as error:
            raise UserError(
                self.env._(
                    "“%(question)s” needs a number, such as 30; “%(answer)s” is none.",
                    question=self.name,
                    answer=answer,
                )
            ) from error
        if number < 0:
            raise UserError(
                self.env._("“%s” needs a number that is not negative.", self.name)
            )
        return number
