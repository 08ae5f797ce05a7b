"""Settings of a segment, which must not decide who is in it."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .marketing_segment_action import EFFECTS
from .marketing_segment_domain import _find_path_back


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

    action_ids = fields.One2many(
        "marketing.segment.action", "segment_id", string="Set on Members", copy=True
    )
    is_setting = fields.Boolean(
        compute="_compute_is_setting",
        help="What the segment sets has not reached all of its members yet.",
    )

    @api.depends("action_ids.waiting_from")
    def _compute_is_setting(self):
        for segment in self:
            segment.is_setting = any(
                action.waiting_from for action in segment.action_ids
            )

    @api.constrains("domain", "kind", "res_model", "action_ids")
    def _check_action_loops(self):
        """Refuse a segment whose settings decide who is in it, and take it back.

        Somebody would enter, get the tag, leave because of it, lose it and enter
        again, for ever. Settings that are kept come to an end by themselves.
        """
        actions = (
            self.env["marketing.segment.action"]
            .sudo()
            .search([("remove_on_leave", "=", True)])
        )
        if not actions:
            return
        segments = self.sudo().search([("kind", "=", "dynamic")]) | self
        referred = {}
        for action in actions:
            for segment in segments:
                if segment._looks_at(action):
                    referred.setdefault(action.segment_id.id, set()).add(segment.id)
        for segment in segments:
            for segment_id in segment._get_domain_facts().segment_ids:
                referred.setdefault(segment_id, set()).add(segment.id)
        names = {segment.id: segment.name for segment in segments | actions.segment_id}
        for segment in self & actions.segment_id:
            path = _find_path_back(segment.id, referred)
            if path:
                raise ValidationError(
                    self.env._(
                        "What this segment sets would decide who is in it: %s. Choose "
                        "another value, or let who leaves keep it.",
                        " → ".join(f"“{names[item]}”" for item in path),
                    )
                )

    def _looks_at(self, action):
        """Whether the conditions look at the value that a setting writes."""
        self.ensure_one()
        effect = EFFECTS[action.kind]
        if (
            self.kind != "dynamic"
            or effect.field not in self._get_domain_facts().fields.get(effect.model, ())
        ):
            return False
        if self.env[effect.model]._fields[effect.field].type != "many2many":
            return True  # a field that holds one thing at a time
        return _mentions(
            self.env[self.res_model],
            self._parse_domain(),
            effect,
            action._get_value_key(),
        )


def _mentions(model, domain, effect, value):
    """Whether a domain on `model` asks for a value, or may do so in other words."""
    for condition in domain.iter_conditions():
        target, field = model, None
        for name in condition.field_expr.split("."):
            owner, field = target, target._fields.get(name)
            if field is None or not field.relational:
                break
            target = target.env[field.comodel_name]
        if field is None:
            continue
        if (owner._name, field.name) == (effect.model, effect.field):
            values = condition.value
            if isinstance(values, str) or not isinstance(
                values, list | tuple | set | frozenset
            ):
                values = [values]
            if condition.operator not in ("in", "not in", "=", "!=") or any(
                item == value or isinstance(item, str | bool) for item in values
            ):
                return True
        elif condition.operator in ("any", "not any") and _mentions(
            target, Domain(condition.value), effect, value
        ):
            return True
    return False
