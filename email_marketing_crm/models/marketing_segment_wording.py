"""The attributes of a segment in words, and what records hold in them."""

from collections.abc import Iterable

from odoo import models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.orm.domains import DomainAnd, DomainCondition, DomainNot, DomainOr
from odoo.tools import format_datetime

from .number_format import format_short

#: Values of an attribute that a verdict shows.
SHOWN_VALUES = 3


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

    def _describe_domain(self, model, domain):
        """A domain in words."""
        if isinstance(domain, DomainCondition):
            return self._describe_condition(model, domain)
        if isinstance(domain, DomainNot):
            return self.env._("not: %s", self._describe_domain(model, domain.child))
        if isinstance(domain, DomainAnd | DomainOr):
            parts = "; ".join(
                self._describe_domain(model, child) for child in domain.children
            )
            if isinstance(domain, DomainOr):
                return self.env._("any of: %s", parts)
            return self.env._("all of: %s", parts)
        return self.env._("nobody") if domain.is_false() else self.env._("everybody")

    def _describe_condition(self, model, condition):
        labels, target, field = [], model, None
        for name in condition.field_expr.split("."):
            field = target is not None and target._fields.get(name)
            if not field:
                labels.append(name)
                continue
            labels.append(field._description_string(self.env))
            target = self.env[field.comodel_name] if field.relational else None
        label = " → ".join(labels)
        if condition.operator in ("any", "not any"):
            inner = self._describe_domain(target, Domain(condition.value))
            if condition.operator == "any":
                return f"{label}: {inner}"
            return self.env._(
                "%(label)s: none with %(inner)s", label=label, inner=inner
            )
        values = condition.value
        if isinstance(values, str) or not isinstance(values, Iterable):
            values = [values]
        shown = ", ".join(self._describe_value(field, target, item) for item in values)
        return f"{label} {self._describe_operator(condition.operator)} {shown}"

    def _describe_operator(self, operator):
        return {
            "in": self.env._("is"),
            "=": self.env._("is"),
            "not in": self.env._("is not"),
            "!=": self.env._("is not"),
            "ilike": self.env._("contains"),
            "like": self.env._("contains"),
            "not ilike": self.env._("does not contain"),
            "not like": self.env._("does not contain"),
            "=ilike": self.env._("is like"),
            "=like": self.env._("is like"),
            "child_of": self.env._("is or is below"),
            "parent_of": self.env._("is or is above"),
            ">": ">",
            "<": "<",
            ">=": "≥",
            "<=": "≤",
        }.get(operator, operator)

    def _describe_value(self, field, comodel, value):
        """A value of a condition as the user knows it."""
        if value is False or value is None:
            if field and field.type == "boolean":
                return self.env._("no")
            return self.env._("not set")
        if value is True:
            return self.env._("yes")
        if comodel is not None and isinstance(value, int):
            record = comodel.browse(value).exists()
            if record.has_access("read"):
                return record.display_name or str(value)
        if isinstance(value, float):
            return format_short(self.env, value)
        if field and field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, str(value))
        return str(value)

    def _describe_values(self, records, domain):
        """What the records of a person hold in the fields of a domain."""
        if not records:
            return ""
        described = {}
        for condition in domain.iter_conditions():
            values = self._read_values(records, condition.field_expr)
            if values is not None:
                described[condition.field_expr] = values
        if not described:
            return ""
        if len(described) == 1:
            return next(iter(described.values()))
        model = self.env[self.res_model]
        return "; ".join(
            f"{model._fields[path.split('.')[0]]._description_string(self.env)}: {text}"
            for path, text in described.items()
        )

    def _read_values(self, records, path):
        """The different values at the end of a path, or None where there is none."""
        *steps, last = path.split(".")
        try:
            target = records
            for step in steps:
                if not target._fields[step].relational:
                    return None
                target = target[step]
            field = target._fields[last]
            texts = []
            for record in target:
                value = record[last]
                if field.relational:
                    texts += [item.display_name or "" for item in value]
                elif field.type == "datetime" and value:
                    texts.append(format_datetime(self.env, value))
                else:
                    texts.append(self._describe_value(field, None, value))
        except (AccessError, KeyError):
            return None
        texts = list(dict.fromkeys(texts)) or [self.env._("not set")]
        more = ["…"] if len(texts) > SHOWN_VALUES else []
        return ", ".join(texts[:SHOWN_VALUES] + more)
