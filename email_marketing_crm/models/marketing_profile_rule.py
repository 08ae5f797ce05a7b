from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .number_format import format_short

#: What decides about answers: after a change of these the rule is applied anew.
DECIDING_FIELDS = frozenset(
    {
        "active",
        "allows_backward",
        "attribute_id",
        "buyer_stage_id",
        "number",
        "option_id",
        "persona_id",
        "segment_id",
        "sequence",
        "text",
    }
)


class MarketingProfileRule(models.Model):
    """Who enters a segment is like this: persona, buyer stage, an interest.

    Written by marketing managers. The first rule of an attribute, by sequence, whose
    segment a person is in decides; an attribute with several answers takes all of them.
    A buyer stage moves forward only, unless the rule says otherwise. Leaving the
    segment changes nothing: what was concluded stays until something else is.

    Rules write answers of origin `rule`, which never hide what a human said. They are
    applied by the inbox when somebody enters, and to all members by the cron after a
    change (`apply_from` is the person it goes on with; empty when it is done). A rule
    may not look at what it writes, so that no two rules chase each other.
    """

    _name = "marketing.profile.rule"
    _description = "Profile Rule"
    _order = "sequence, id"
    _rec_name = "answer"
    _check_company_auto = True

    sequence = fields.Integer(default=100)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    segment_id = fields.Many2one(
        "marketing.segment",
        "Who Is in Segment",
        required=True,
        ondelete="cascade",
        index=True,
        check_company=True,
    )
    attribute_id = fields.Many2one(
        "marketing.profile.attribute",
        "Gets",
        required=True,
        ondelete="cascade",
    )
    type = fields.Selection(related="attribute_id.type")
    persona_id = fields.Many2one(
        "marketing.persona", ondelete="restrict", check_company=True
    )
    buyer_stage_id = fields.Many2one("marketing.buyer.stage", ondelete="restrict")
    option_id = fields.Many2one(
        "marketing.profile.option",
        "Answer From the List",
        ondelete="restrict",
        domain="[('attribute_id', '=', attribute_id)]",
    )
    text = fields.Char()
    number = fields.Float("Numeric Answer")
    allows_backward = fields.Boolean(
        "Also Backward", help="Move persons back to this stage, too."
    )
    answer = fields.Char(compute="_compute_answer")
    person_count = fields.Integer("Persons", compute="_compute_person_count")
    apply_from = fields.Integer(
        readonly=True, copy=False, help="Members from this person on still wait."
    )
    is_waiting = fields.Boolean(
        readonly=True, copy=False, help="Is about to be applied to all members."
    )

    @api.depends(
        "attribute_id", "persona_id", "buyer_stage_id", "option_id", "text", "number"
    )
    @api.depends_context("lang")
    def _compute_answer(self):
        for rule in self:
            value = rule._get_value()
            name = value.name if isinstance(value, models.BaseModel) else value
            if rule.type == "number":
                name = format_short(self.env, value)
            rule.answer = f"{rule.attribute_id.name or ''}: {name or ''}"

    def _get_value(self):
        """What the rule answers: a record, a text or a number."""
        self.ensure_one()
        return {
            "persona": self.persona_id,
            "buyer_stage": self.buyer_stage_id,
            "selection": self.option_id,
            "tags": self.option_id,
            "number": self.number,
        }.get(self.type, self.text)

    def _compute_person_count(self):
        counts = dict(
            self.env["marketing.profile.value"]._read_group(
                [("rule_id", "in", self.ids), ("is_in_effect", "=", True)],
                ["rule_id"],
                ["person_id:count_distinct"],
            )
        )
        for rule in self:
            rule.person_count = counts.get(rule, 0)

    # ------------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------------

    @api.constrains(
        "attribute_id", "persona_id", "buyer_stage_id", "option_id", "text", "number"
    )
    def _check_answer(self):
        for rule in self:
            value = rule._get_value()
            if rule.type != "number" and not value:
                raise ValidationError(
                    self.env._(
                        "Say which “%s” the members of the segment get.",
                        rule.attribute_id.name,
                    )
                )
            if rule.option_id and rule.option_id.attribute_id != rule.attribute_id:
                raise ValidationError(
                    self.env._(
                        "“%(option)s” is no answer about “%(attribute)s”.",
                        option=rule.option_id.name,
                        attribute=rule.attribute_id.name,
                    )
                )

    @api.constrains("attribute_id", "segment_id")
    def _check_no_loop(self):
        """Refuse a segment that looks at the answer which the rule gives."""
        for rule in self:
            if not rule.segment_id._looks_at_answers(rule.attribute_id.type):
                continue
            raise ValidationError(
                self.env._(
                    "The segment “%(segment)s” depends on “%(attribute)s” itself. A "
                    "rule that sets it by this segment could change it for ever; "
                    "choose a segment with other conditions.",
                    segment=rule.segment_id.name,
                    attribute=rule.attribute_id.name,
                )
            )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._request_apply()
        return rules

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & DECIDING_FIELDS:
            self._request_apply()
        return result

    def _request_apply(self):
        """Apply the rules to all members as soon as a worker can."""
        self.sudo().write({"is_waiting": True, "apply_from": 0})
        self.env.ref("email_marketing_crm.ir_cron_marketing_profile_rule")._trigger()

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_apply(self):
        """Apply the rules to all members, in the background."""
        self.check_access("write")
        self._request_apply()

    def action_open_persons(self):
        """The persons for whom this rule decided."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.answer,
            "res_model": "marketing.person",
            "view_mode": "list,kanban,form",
            "domain": [
                (
                    "profile_value_ids",
                    "any",
                    [("rule_id", "=", self.id), ("is_in_effect", "=", True)],
                )
            ],
        }


class MarketingSegment(models.Model):
    """Segments that profile rules are made of."""

    _inherit = "marketing.segment"

    @api.constrains("domain", "kind", "active", "link_ids")
    def _check_profile_rules(self):
        """A segment that a rule starts from must not come to look at its answer."""
        rules = self.env["marketing.profile.rule"].sudo().search([])
        rules.filtered("segment_id")._check_no_loop()

    def _looks_at_answers(self, attribute_type, seen=()):
        """Whether the members depend on answers of a kind, also through others."""
        self.ensure_one()
        facts = self.sudo()._get_domain_facts()
        own = {"persona": "persona_id", "buyer_stage": "buyer_stage_id"}
        fields_ = facts.fields.get("marketing.person", set())
        if fields_ & {own.get(attribute_type), "profile_value_ids"}:
            return True
        return any(
            segment._looks_at_answers(attribute_type, (*seen, self.id))
            for segment in self.browse(facts.segment_ids).exists()
            | self.link_ids.other_id
            if segment.id not in seen
        )
