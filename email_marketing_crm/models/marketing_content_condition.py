from itertools import product

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.mail_blocks import CONDITION
from ..tools.wording import split_list

GRADES = ("A", "B", "C", "D", "F")
#: Pairs of opposite conditions of one mail that are gone through in every combination.
MAX_OPPOSITES = 5


class MarketingContentCondition(models.Model):
    """Who sees a block of a mail: a condition on persons, with a name.

    Written by marketers, chosen for a block in the editor of mailings, which keeps the
    id in the block. Somebody meets it when every criterion that is set holds for him;
    of several values of a criterion one is enough. Nothing is stored about who meets
    it: `_get_met_conditions` asks when mails are composed, for a batch at a time.

    A condition that a mailing uses is never deleted, only archived: its block would
    be shown to nobody. An archived one still decides.
    """

    _name = "marketing.content.condition"
    _description = "Condition for Blocks of Mails"
    _order = "name, id"

    name = fields.Char(
        required=True, help="As marketers see it on the block, “German customers”."
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", help="Only this company uses the condition; empty: all of them."
    )
    is_inverted = fields.Boolean(
        "Everybody Else",
        help="The block is for those who do not meet what is set below.",
    )
    # criteria
    segment_ids = fields.Many2many(
        "marketing.segment",
        "marketing_content_condition_segment_rel",
        "condition_id",
        "segment_id",
        string="In a Segment",
    )
    lang_ids = fields.Many2many(
        "res.lang",
        "marketing_content_condition_lang_rel",
        "condition_id",
        "lang_id",
        string="Language",
        help="The language the person chose, else the one of his contact.",
    )
    lifecycle_stage_ids = fields.Many2many(
        "marketing.lifecycle.stage",
        "marketing_content_condition_stage_rel",
        "condition_id",
        "stage_id",
        string="Life Cycle",
    )
    grades = fields.Char(help="Letters, as “A, B”.")
    persona_ids = fields.Many2many(
        "marketing.persona",
        "marketing_content_condition_persona_rel",
        "condition_id",
        "persona_id",
    )
    buyer_stage_ids = fields.Many2many(
        "marketing.buyer.stage",
        "marketing_content_condition_buyer_stage_rel",
        "condition_id",
        "buyer_stage_id",
    )
    # what it comes to
    summary = fields.Char("Shown To", compute="_compute_summary")
    mailing_count = fields.Integer("Mailings", compute="_compute_mailing_count")

    @api.depends(lambda self: ("is_inverted", *self._get_criteria()))
    @api.depends_context("lang")
    def _compute_summary(self):
        for condition in self:
            criteria = []
            for name in condition._get_criteria():
                field = condition._fields[name]
                value = condition[name]
                if not value:
                    continue
                names = value if field.type == "char" else value.mapped("display_name")
                label = field._description_string(self.env)
                text = names if isinstance(names, str) else ", ".join(names)
                criteria.append(f"{label}: {text}")
            summary = " · ".join(criteria)
            if condition.is_inverted and summary:
                summary = self.env._("all but %s", summary)
            condition.summary = summary

    def _compute_mailing_count(self):
        for condition in self:  # shown on the form
            condition.mailing_count = self.env["mailing.mailing"].search_count(
                condition._get_mailing_domain()
            )

    @api.constrains("grades")
    def _check_grades(self):
        for condition in self:
            unknown = set(condition._get_grades()) - set(GRADES)
            if unknown:
                raise ValidationError(
                    self.env._(
                        "“%(grade)s” is no grade. Grades are %(grades)s.",
                        grade=", ".join(sorted(unknown)),
                        grades=", ".join(GRADES),
                    )
                )

    @api.constrains(lambda self: ("name", *self._get_criteria()))
    def _check_criteria(self):
        for condition in self.sudo():
            if not any(condition[name] for name in self._get_criteria()):
                raise ValidationError(
                    self.env._(
                        "“%s” says nothing about who sees the block. Choose a segment, "
                        "a language, a stage, a grade or a persona.",
                        condition.name,
                    )
                )

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {*self._get_criteria(), "is_inverted"}:
            self._withdraw_approvals()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for condition in self.with_context(active_test=False):
            mailing = (
                self.env["mailing.mailing"]
                .sudo()
                .search(condition._get_mailing_domain(), limit=1)
            )
            if mailing:
                raise UserError(
                    self.env._(
                        "“%(condition)s” decides about a block of “%(mailing)s”. "
                        "Archive it instead.",
                        condition=condition.name,
                        mailing=mailing.subject,
                    )
                )

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_open_mailings(self):
        """The mailings with a block for this condition."""
        self.ensure_one()
        return self.env["mailing.mailing"]._open_with(self._get_marker(), self.name)

    def _get_mailing_domain(self):
        return self.env["mailing.mailing"]._get_domain_with(self._get_marker())

    def _withdraw_approvals(self):
        """Others see the block than those the approver was told of."""
        approved = Domain("marketing_approval_state", "in", ("requested", "approved"))
        approved &= Domain("state", "!=", "done")
        used = Domain.OR(condition._get_mailing_domain() for condition in self)
        mailings = self.env["mailing.mailing"].sudo().search(approved & used)
        mailings._withdraw_changed_approvals()

    def _get_marker(self):
        """What stands in the HTML of a block for this condition."""
        self.ensure_one()
        return f'{CONDITION}="{self._origin.id}"'

    # ------------------------------------------------------------------
    # WHO MEETS IT
    # ------------------------------------------------------------------

    @api.model
    def _get_criteria(self):
        """Names of the fields that are conditions; all of them hold at once."""
        return (
            "segment_ids",
            "lang_ids",
            "lifecycle_stage_ids",
            "grades",
            "persona_ids",
            "buyer_stage_ids",
        )

    def _get_grades(self):
        self.ensure_one()
        return [grade.upper() for grade in split_list(self.grades)]

    def _get_condition(self):
        """SQL that is true for a `person` who sees the block."""
        self.ensure_one()
        members = self.env["marketing.segment.member"]
        criteria = []
        if self.segment_ids:
            criteria.append(
                SQL(
                    "EXISTS (SELECT FROM marketing_segment_member"
                    " WHERE marketing_segment_member.person_id = person.id"
                    " AND marketing_segment_member.segment_id = ANY(%s) AND %s)",
                    self.segment_ids.ids,
                    members._get_member_condition(),
                )
            )
        if self.lang_ids:
            criteria.append(
                SQL(
                    "COALESCE(person.preferred_lang, person.lang) = ANY(%s)",
                    self.lang_ids.mapped("code"),
                )
            )
        if self._get_grades():
            criteria.append(
                SQL(
                    "(SELECT score.grade FROM marketing_score score"
                    " WHERE score.id = person.score_id) = ANY(%s)",
                    self._get_grades(),
                )
            )
        criteria += [
            SQL(
                "%s = ANY(%s)",
                SQL.identifier("person", self._get_person_column(name)),
                self[name].ids,
            )
            for name in ("lifecycle_stage_ids", "persona_ids", "buyer_stage_ids")
            if self[name]
        ]
        met = SQL(" AND ").join(SQL("COALESCE(%s, FALSE)", one) for one in criteria)
        return SQL("NOT (%s)", met) if self.is_inverted else met

    def _get_definition(self):
        """What decides, whatever the condition is called."""
        self.ensure_one()
        return self._get_criteria_values(), self.is_inverted

    def _get_criteria_values(self):
        """What is set; two with the same values are the same or opposite."""
        self.ensure_one()
        return (
            *(
                tuple(sorted(self[name].ids))
                for name in self._get_criteria()
                if name != "grades"
            ),
            tuple(sorted(self._get_grades())),
        )

    def _get_sides(self):
        """`(conditions that may be missed, [(conditions, their opposites)])`, as ids.

        Of two opposite conditions everybody meets one. Beyond `MAX_OPPOSITES` pairs
        they are taken for such as may be missed, which asks for more than is needed.
        """
        groups = {}
        for condition in self.sudo():
            sides = groups.setdefault(condition._get_criteria_values(), (set(), set()))
            sides[condition.is_inverted].add(condition.id)
        pairs = [sides for sides in groups.values() if all(sides)][:MAX_OPPOSITES]
        free = set(self.ids).difference(*(one | other for one, other in pairs))
        return free, pairs

    def _get_least_met(self):
        """The fewest of these conditions that somebody may meet: `[ids]`."""
        _free, pairs = self._get_sides()
        return [frozenset().union(*chosen) for chosen in product(*pairs)]

    def _get_most_met(self):
        """The most of these conditions that somebody may meet: `[ids]`."""
        free, pairs = self._get_sides()
        return [frozenset(free).union(*chosen) for chosen in product(*pairs)]

    @api.model
    def _get_person_column(self, name):
        return name.removesuffix("s")

    def _get_met_conditions(self, person_ids):
        """`{person id: frozenset(ids of the conditions he meets)}`, in one query.

        Conditions are read as they are, whoever may see them: they decide about mails.
        """
        conditions = self.sudo().with_context(active_test=False).exists()
        if not conditions or not person_ids:
            return dict.fromkeys(person_ids, frozenset())
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                "SELECT person.id, array_remove(ARRAY[%s], NULL)"
                " FROM marketing_person person WHERE person.id = ANY(%s)",
                SQL(", ").join(
                    SQL(
                        "CASE WHEN %s THEN %s::int END",
                        condition._get_condition(),
                        condition.id,
                    )
                    for condition in conditions
                ),
                list(person_ids),
            )
        )
        met = {person_id: frozenset(ids) for person_id, ids in rows}
        return {person_id: met.get(person_id, frozenset()) for person_id in person_ids}
