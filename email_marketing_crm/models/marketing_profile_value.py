from collections import defaultdict

from odoo import api, fields, models

#: Fields of a person that follow the answers.
PERSON_COLUMNS = {"persona": "persona_id", "buyer_stage": "buyer_stage_id"}


class MarketingProfileValue(models.Model):
    """One answer to a profile attribute of one person. Append-only.

    Written by `_set_values` alone; nobody edits or deletes a row. The origin says who
    knows it: `form`, `import` and `hand` are *explicit*, a human said so; `behavior`
    and `rule` are *implicit*, somebody concluded it. An answer without a value takes
    back the answers of its kind.

    Two flags follow from the rows, in whatever order they come in: `is_current` is the
    newest answer of a person, attribute and kind; `is_in_effect` is the answer that
    counts: the explicit one, or else the implicit one (both where several answers may
    be true at once). So a guess never hides what a human said, and both stay visible.
    """

    _name = "marketing.profile.value"
    _description = "Profile Answer"
    _order = "date desc, id desc"
    _rec_name = "value"
    _log_access = False

    person_id = fields.Many2one(
        "marketing.person", required=True, readonly=True, ondelete="cascade"
    )
    attribute_id = fields.Many2one(
        "marketing.profile.attribute", required=True, readonly=True, ondelete="restrict"
    )
    # the answer
    value = fields.Char("Answer", readonly=True)
    number = fields.Float("Numeric Answer", readonly=True, aggregator="avg")
    option_ids = fields.Many2many(
        "marketing.profile.option",
        "marketing_profile_value_option_rel",
        "value_id",
        "option_id",
        readonly=True,
    )
    persona_id = fields.Many2one(
        "marketing.persona", readonly=True, ondelete="set null", index="btree_not_null"
    )
    buyer_stage_id = fields.Many2one(
        "marketing.buyer.stage",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    # who says so
    kind = fields.Selection(
        [("explicit", "Said"), ("implicit", "Concluded")], required=True, readonly=True
    )
    origin = fields.Selection(
        [
            ("form", "Form"),
            ("import", "Import"),
            ("hand", "By hand"),
            ("behavior", "Behavior"),
            ("rule", "Rule"),
        ],
        required=True,
        readonly=True,
    )
    date = fields.Datetime(required=True, readonly=True)
    source = fields.Char(readonly=True, help="Which form, import, page or rule.")
    user_id = fields.Many2one(
        "res.users", "By", readonly=True, ondelete="set null", index="btree_not_null"
    )
    rule_id = fields.Many2one(
        "marketing.profile.rule",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    # what follows
    is_current = fields.Boolean("Newest", readonly=True)
    is_in_effect = fields.Boolean("In Effect", readonly=True)

    # What is known about a person now; also keeps it unambiguous.
    _current_unique = models.UniqueIndex(
        "(person_id, attribute_id, kind) WHERE is_current",
        "This answer was given at the same moment by somebody else. Try again.",
    )
    # History of an answer, and finding the newest one.
    _history = models.Index("(person_id, attribute_id, kind, date DESC, id DESC)")
    # Who answered what: the list behind an attribute, completeness.
    _in_effect = models.Index("(attribute_id, person_id) WHERE is_in_effect")

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_open_person(self):
        self.ensure_one()
        return self.person_id.get_formview_action()

    def action_make_segment(self):
        """A segment of everybody who gives the answers chosen in a list."""
        domain, names = [], []
        for attribute, answers in self.grouped("attribute_id").items():
            condition = answers._get_answer_domain()
            domain.append(
                (
                    "marketing_person_id.profile_value_ids",
                    "any",
                    [
                        ("attribute_id", "=", attribute.id),
                        ("is_in_effect", "=", True),
                        *condition,
                    ],
                )
            )
            names.append(
                f"{attribute.name}: {', '.join(sorted(set(answers.mapped('value'))))}"
            )
        segment = self.env["marketing.segment"].create(
            {"name": "; ".join(names)[:200], "domain": repr(domain)}
        )
        return segment.get_formview_action()

    def _get_answer_domain(self):
        """The answers of one attribute as conditions on answers."""
        kind = self.attribute_id.type
        if kind in ("selection", "tags"):
            return [("option_ids", "in", self.option_ids.ids)]
        if kind in PERSON_COLUMNS:
            column = PERSON_COLUMNS[kind]
            return [(column, "in", self.mapped(column).ids)]
        if kind == "number":
            numbers = self.mapped("number")
            return [("number", ">=", min(numbers)), ("number", "<=", max(numbers))]
        return [("value", "in", sorted(set(self.mapped("value"))))]

    @api.model
    def _get_by_person(self, person_ids):
        """`{person id: newest answers}`, in the order of the attributes."""
        answers = self.search(
            [
                ("person_id", "in", list(person_ids)),
                ("is_current", "=", True),
                ("value", "!=", False),
            ],
            order="attribute_id, kind, id",
        )
        found = defaultdict(self.browse)
        for answer in answers:
            found[answer.person_id.id] |= answer
        return found
