from odoo import api, fields, models

from ..tools.segment_sets import intersect_all, unite_all


class MarketingSegmentRuleGroup(models.Model):
    """Behaviour rules of a segment that count together as one.

    Written by users in the form of the segment: "clicked, and (downloaded or asked
    for a price)" is a rule and a group. The segment joins its groups with its other
    rules by its own `match`. A group without rules says nothing.
    """

    _name = "marketing.segment.rule.group"
    _description = "Group of Behavior Rules"
    _inherit = ["marketing.segment.part"]
    _order = "sequence, id"

    segment_id = fields.Many2one(
        "marketing.segment", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    match = fields.Selection(
        [("any", "any of these rules"), ("all", "all of these rules")],
        required=True,
        default="any",
    )
    rule_ids = fields.One2many(
        "marketing.segment.rule", "group_id", string="Behavior", copy=True
    )
    is_scope_shown = fields.Boolean(compute="_compute_is_scope_shown")

    @api.depends("match", "rule_ids.display_name")
    def _compute_display_name(self):
        for group in self:
            rules = "; ".join(rule.display_name or "" for rule in group.rule_ids)
            if group.match == "any":
                group.display_name = self.env._("any of: %s", rules)
            else:
                group.display_name = self.env._("all of: %s", rules)

    @api.depends("rule_ids.is_scope_shown")
    def _compute_is_scope_shown(self):
        for group in self:
            group.is_scope_shown = any(group.rule_ids.mapped("is_scope_shown"))

    def _get_person_set(self, now, person_ids=None):
        """Who fulfils the rules of the group; see the method of a rule."""
        self.ensure_one()
        combine = unite_all if self.match == "any" else intersect_all
        return combine(rule._get_person_set(now, person_ids) for rule in self.rule_ids)

    def _get_verdicts(self, now, person_ids):
        """`{person id: (whether he fulfils the group, what its rules counted)}`."""
        self.ensure_one()
        by_rule = {rule: rule._get_verdicts(now, person_ids) for rule in self.rule_ids}
        combine = any if self.match == "any" else all
        return {
            person_id: (
                combine(verdicts[person_id][0] for verdicts in by_rule.values()),
                "; ".join(
                    f"{rule.display_name}: {verdicts[person_id][1]}"
                    for rule, verdicts in by_rule.items()
                ),
            )
            for person_id in person_ids
        }
