from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..tools.reliability import CLASSES, classes_from
from ..tools.segment_sets import PersonSet

#: Types of touchpoints that segments themselves cause.
SEGMENT_TYPES = ("segment_entered", "segment_left")


class MarketingSegmentRule(models.Model):
    """One thing that members of a segment did, or did not do, often enough.

    Written by users in the form of the segment. "At most 0 times" says that it never
    happened. A rule counts touchpoints that are at least as certain as `reliability`:
    clicks of mail scanners are left out unless one asks for them.
    """

    _name = "marketing.segment.rule"
    _description = "Behavior Rule of a Segment"
    _order = "sequence, id"

    segment_id = fields.Many2one(
        "marketing.segment", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    type_id = fields.Many2one(
        "marketing.touchpoint.type",
        string="What Happened",
        required=True,
        ondelete="restrict",
    )
    operator = fields.Selection(
        [("at_least", "at least"), ("at_most", "at most")],
        required=True,
        default="at_least",
    )
    times = fields.Integer(default=1, required=True)
    days = fields.Integer(
        "In the Last Days", help="0: ever. Counted back from now, to the second."
    )
    mailing_id = fields.Many2one(
        "mailing.mailing", string="Only in This Mailing", ondelete="restrict"
    )
    reliability = fields.Selection(
        selection="_selection_reliability",
        string="At Least This Certain",
        required=True,
        default="human_likely",
        help="Events that look less human than this do not count.",
    )

    _times_positive = models.Constraint(
        "CHECK(times >= 0)", "A number of times cannot be negative."
    )
    _days_positive = models.Constraint(
        "CHECK(days >= 0)", "A number of days cannot be negative; 0 means ever."
    )

    @api.model
    def _selection_reliability(self):
        return self.env["marketing.touchpoint.type"]._selection_reliability()

    @api.depends("type_id", "operator", "times", "days", "mailing_id")
    def _compute_display_name(self):
        operators = dict(self._fields["operator"]._description_selection(self.env))
        for rule in self:
            parts = [
                self.env._(
                    "%(what)s %(operator)s %(times)s times",
                    what=rule.type_id.name or "",
                    operator=operators.get(rule.operator, ""),
                    times=rule.times,
                )
            ]
            if rule.days:
                parts.append(self.env._("in the last %s days", rule.days))
            if rule.mailing_id:
                parts.append(rule.mailing_id.display_name)
            rule.display_name = ", ".join(parts)

    @api.constrains("operator", "times")
    def _check_times(self):
        for rule in self:
            if rule.operator == "at_least" and rule.times < 1:
                raise ValidationError(
                    self.env._(
                        "“At least 0 times” is true for everybody. Say at least 1, or "
                        "“at most 0” for what must not have happened."
                    )
                )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules.segment_id._on_conditions_changed()
        return rules

    def write(self, vals):
        segments = self.segment_id
        result = super().write(vals)
        if vals.keys() - {"sequence"}:
            (segments | self.segment_id)._on_conditions_changed()
        return result

    def unlink(self):
        segments = self.segment_id
        result = super().unlink()
        segments.exists()._on_conditions_changed()
        return result

    # ------------------------------------------------------------------
    # QUERY
    # ------------------------------------------------------------------

    def _get_person_set(self, now, person_ids=None):
        """Who fulfils the rule.

        Everybody is read through the index (type_id, date) that includes person and
        reliability; some persons through (person_id, type_id, date).

        :param now: the moment that days are counted back from
        :param person_ids: look at these persons only
        :returns: a `PersonSet`
        """
        self.ensure_one()
        conditions = [SQL("type_id = %s", self.type_id.id)]
        if self.days:
            conditions.append(SQL("date >= %s", now - timedelta(days=self.days)))
        if self.reliability != CLASSES[0]:
            conditions.append(
                SQL("reliability = ANY(%s)", list(classes_from(self.reliability)))
            )
        if self.mailing_id:
            conditions.append(SQL("mailing_id = %s", self.mailing_id.id))
        if person_ids is not None:
            conditions.append(SQL("person_id = ANY(%s)", person_ids))
        if self.type_id.code in SEGMENT_TYPES:
            # A segment that counted its own entries would chase itself for ever.
            conditions.append(
                SQL(
                    "(res_model, res_id) IS DISTINCT FROM ('marketing.segment', %s)",
                    self.segment_id._origin.id or 0,
                )
            )
        is_complement = self.operator == "at_most"
        threshold = self.times + 1 if is_complement else self.times
        persons = SQL(
            "SELECT person_id FROM marketing_touchpoint WHERE %s",
            SQL(" AND ").join(conditions),
        )
        if threshold > 1:
            persons = SQL(
                "%s GROUP BY person_id HAVING count(*) >= %s", persons, threshold
            )
        return PersonSet(persons, is_complement)
