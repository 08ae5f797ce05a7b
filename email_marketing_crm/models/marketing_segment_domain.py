"""What a segment asks of its records: the domain, and what follows from it."""

import re
from ast import literal_eval
from collections import defaultdict
from dataclasses import dataclass, field

import psycopg2

from odoo import api, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

#: What a domain that cannot be computed raises, besides UserError.
CONDITION_ERRORS = (
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    psycopg2.Error,
)
#: A constraint or a preview gives up after this time, in milliseconds.
PREVIEW_TIMEOUT = 5000

_ABSOLUTE_DATE = re.compile(r"\d+-")


@dataclass(slots=True)
class DomainFacts:
    """What a domain depends on.

    :param fields: names of the fields it looks at, by model
    :param is_time_dependent: its result changes without a write to a watched field
    :param is_volatile: it looks at what the log says about a person
    :param segment_ids: segments it refers to by their ids
    :param has_named_segments: it refers to segments in other ways
    """

    fields: dict = field(default_factory=lambda: defaultdict(set))
    is_time_dependent: bool = False
    is_volatile: bool = False
    segment_ids: set = field(default_factory=set)
    has_named_segments: bool = False


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

    # ------------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------------

    @api.constrains("company_id", "domain", "kind", "res_model", "active")
    def _check_conditions(self):
        """Refuse at once what could never be computed."""
        for segment in self:
            if segment.kind == "dynamic":
                segment._check_computable()
        self._check_cycles()

    def _check_readable(self):
        """Refuse a domain on what its author may not read.

        Members are computed without access rules: they are persons, whoever asks.
        Without this check, a domain could find out what a field holds. No constraint:
        those are checked as superuser.
        """
        self.ensure_one()
        if self.env.su or self.kind != "dynamic":
            return
        model = self.env[self.res_model]
        model.check_access("read")
        domain = self._parse_domain()
        try:
            model._search(domain, bypass_access=True)
        except CONDITION_ERRORS as error:
            raise self._get_condition_error(error) from error

    def _check_computable(self):
        """Let the database read the query once, without computing it."""
        self.ensure_one()
        self._run_condition_query(
            SQL("SELECT 1 FROM (%s) AS target LIMIT 0", self._get_target_query()),
            timeout=PREVIEW_TIMEOUT,
        )

    def _check_cycles(self):
        """Refuse a segment that looks at itself, directly or through others."""
        facts = [segment._get_domain_facts() for segment in self]
        if any(fact.has_named_segments for fact in facts):
            raise ValidationError(
                self.env._("Choose the segments themselves, not a part of their name.")
            )
        if not self.link_ids and not any(fact.segment_ids for fact in facts):
            return
        segments = self.sudo().search([("kind", "=", "dynamic")]) | self
        referred = {
            segment.id: segment._get_domain_facts().segment_ids
            | set(segment.link_ids.other_id.ids)
            for segment in segments
        }
        names = {segment.id: segment.name for segment in segments}
        for segment in self:
            path = _find_path_back(segment.id, referred)
            if path:
                raise ValidationError(
                    self.env._(
                        "A segment cannot depend on itself: %s.",
                        " → ".join(f"“{names[segment_id]}”" for segment_id in path),
                    )
                )

    # ------------------------------------------------------------------
    # DOMAIN
    # ------------------------------------------------------------------

    def _parse_domain(self):
        """The domain as a `Domain`.

        :raises ValidationError: for anything but literals that form a domain
        """
        self.ensure_one()
        try:
            return Domain(literal_eval(self.domain or "[]"))
        except CONDITION_ERRORS as error:
            raise self._get_condition_error(error) from error

    def _get_condition_error(self, error):
        detail = getattr(error, "pgerror", None) or str(error)
        return ValidationError(
            self.env._(
                "The attributes of the segment “%(name)s” cannot be used. Check each "
                "of them: a field may have been removed, or a value may not be of its "
                "type. (%(detail)s)",
                name=self.name or "",
                detail=" ".join(detail.split())[:500],
            )
        )

    def _get_domain_facts(self):
        """What the domain depends on; a broken one depends on nothing."""
        self.ensure_one()
        if self.kind != "dynamic":
            return DomainFacts()
        return self._find_domain_facts(self.res_model, self.domain or "[]")

    @api.model
    @tools.ormcache("res_model", "domain")
    def _find_domain_facts(self, res_model, domain):
        """The same for any domain; cached by its text, so that it is never stale."""
        facts = DomainFacts()
        try:
            self._collect_facts(
                facts, self.env[res_model], Domain(literal_eval(domain)), True
            )
        except (UserError, *CONDITION_ERRORS):
            return DomainFacts(is_time_dependent=True)
        return facts

    @api.model
    def _collect_facts(self, facts, model, domain, is_root):
        """Add to `facts` what a domain on `model` depends on.

        :param is_root: the model is the segment's own, whose writes are watched
        """
        for condition in domain.iter_conditions():
            target, field_, value = model, None, condition.value
            for depth, name in enumerate(condition.field_expr.split(".")):
                field_ = target._fields.get(name)
                if field_ is None:  # inside of properties
                    break
                self._collect_field(facts, target, field_)
                if depth or not is_root:
                    facts.is_time_dependent = True
                if not field_.relational:
                    break
                target = self.env[field_.comodel_name]
            if target._name == self._name:
                self._collect_segments(facts, condition)
            elif condition.operator in ("any", "not any"):
                self._collect_facts(facts, target, Domain(value), False)
            elif condition.operator in ("child_of", "parent_of") or (
                target is not model and isinstance(value, str)
            ):
                facts.is_time_dependent = True  # names and trees of other records
            elif _is_relative_date(field_, value):
                facts.is_time_dependent = True

    @api.model
    def _collect_field(self, facts, model, field_):
        """Add a field, and those it is computed from where it is not stored."""
        if field_.name in facts.fields[model._name]:
            return
        facts.fields[model._name].add(field_.name)
        if model._name == "marketing.person":
            facts.is_volatile = True
        if field_.store or field_.inherited:
            return
        facts.is_volatile = facts.is_time_dependent = True
        for path in self.env.registry.field_depends.get(field_, ()):
            target = model
            for name in path.split("."):
                dependency = target._fields.get(name)
                if dependency is None:
                    break
                self._collect_field(facts, target, dependency)
                if not dependency.relational:
                    break
                target = self.env[dependency.comodel_name]

    @api.model
    def _collect_segments(self, facts, condition):
        """Add the segments that a condition refers to."""
        value = condition.value
        values = value if isinstance(value, list | tuple | set | frozenset) else [value]
        if condition.operator in ("in", "not in", "=", "!=") and all(
            isinstance(item, int) and not isinstance(item, bool) for item in values
        ):
            facts.segment_ids.update(values)
        else:
            facts.has_named_segments = True


def _is_relative_date(field_, value):
    """Whether a condition compares a date with one that moves, as 'today -30d'."""
    if field_ is None or field_.type not in ("date", "datetime"):
        return False
    values = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return any(
        isinstance(item, str) and not _ABSOLUTE_DATE.match(item) for item in values
    )


def _find_path_back(start, referred):
    """Path from `start` along `referred` back to it, or None."""
    stack, seen = [(start, (start,))], set()
    while stack:
        node, path = stack.pop()
        for following in referred.get(node, ()):
            if following == start:
                return (*path, start)
            if following not in seen:
                seen.add(following)
                stack.append((following, (*path, following)))
    return None
