"""How the conditions of a segment become one query."""

import re
from ast import literal_eval
from collections import defaultdict
from dataclasses import dataclass, field

import psycopg2
from psycopg2 import errors

from odoo import SUPERUSER_ID, api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.segment_sets import intersect_all, unite_all

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
#: Another transaction was in the way; says nothing about the conditions.
CONFLICTS = (errors.SerializationFailure, errors.DeadlockDetected)
#: Persons that a preview shows.
SAMPLE_SIZE = 10
#: A preview gives up after this time, in milliseconds.
PREVIEW_TIMEOUT = 5000
#: Memory for hashing a segment of a million persons, per node of the query.
WORK_MEMORY = "128MB"

_ABSOLUTE_DATE = re.compile(r"\d+-")


@dataclass(slots=True)
class DomainFacts:
    """What a domain depends on.

    :param fields: names of the fields it looks at, by model
    :param is_time_dependent: its result changes without a write to a watched field
    :param is_volatile: it looks at what the log says about a person
    :param segment_ids: segments it refers to
    """

    fields: dict = field(default_factory=lambda: defaultdict(set))
    is_time_dependent: bool = False
    is_volatile: bool = False
    segment_ids: set = field(default_factory=set)


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
        if not any(segment._get_domain_facts().segment_ids for segment in self):
            return
        segments = self.sudo().search([("kind", "=", "dynamic")]) | self
        referred = {
            segment.id: segment._get_domain_facts().segment_ids for segment in segments
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
                facts.segment_ids |= self._get_referred_ids(condition)
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
    def _get_referred_ids(self, condition):
        """Segments that a condition of a domain refers to, by their ids."""
        value = condition.value
        values = value if isinstance(value, list | tuple | set | frozenset) else [value]
        if condition.operator not in ("in", "not in", "=", "!=") or not all(
            isinstance(item, int) and not isinstance(item, bool) for item in values
        ):
            raise ValidationError(
                self.env._("Choose the segments themselves, not a part of their name.")
            )
        return set(values)

    # ------------------------------------------------------------------
    # QUERY
    # ------------------------------------------------------------------

    def _get_record_model(self):
        """The model as the machines see it: all records, always the same language.

        The conditions give the same members whoever looks, so texts and relative
        dates follow the segment's responsible and not the current user.
        """
        self.ensure_one()
        user = self.user_id.sudo()
        company = self.company_id or user.company_id
        return self.env(
            user=user.id or SUPERUSER_ID,
            su=True,
            context={
                "active_test": True,
                "allowed_company_ids": company.ids,
                "lang": user.lang or "en_US",
                "tz": user.tz or "UTC",
            },
        )[self.res_model]

    def _get_company_domain(self):
        """Which records the segment reaches at all."""
        self.ensure_one()
        if self.company_id and "company_id" in self.env[self.res_model]._fields:
            return Domain("company_id", "in", [self.company_id.id, False])
        return Domain.TRUE

    def _get_target_query(self, person_ids=None):
        """SELECT of who meets the conditions now: person_id and res_id.

        One row a person; of several records the oldest stands for the person.

        :param person_ids: look at these persons only; None for everybody
        """
        self.ensure_one()
        return self._get_records_query(
            self._parse_domain() & self._get_company_domain(),
            person_ids,
            self._get_behavior_set(person_ids),
        )

    def _get_records_query(self, domain, person_ids=None, person_set=None, **kwargs):
        """SELECT of the persons behind records: person_id and res_id.

        :param domain: which records, a `Domain`
        :param person_ids: these persons only
        :param person_set: a `PersonSet` that the persons are in
        :param kwargs: given to `_search`
        """
        model = self._get_record_model()
        try:
            query = model._search(domain, **kwargs)
        except CONFLICTS:
            raise
        except CONDITION_ERRORS as error:
            raise self._get_condition_error(error) from error
        person = model._field_to_sql(query.table, "marketing_person_id", query)
        query.add_where(SQL("%s IS NOT NULL", person))
        if person_ids is not None:
            query.add_where(SQL("%s = ANY(%s)", person, list(person_ids)))
        if person_set:
            query.add_where(person_set.get_condition(person))
        query.order = None
        query.groupby = person
        return query.select(
            SQL("%s AS person_id", person),
            SQL("min(%s) AS res_id", SQL.identifier(query.table, "id")),
        )

    def _get_behavior_set(self, person_ids=None):
        """Who did what the rules say, as a `PersonSet`; None without rules."""
        self.ensure_one()
        if not self.rule_ids:
            return None
        now = fields.Datetime.now()
        combine = unite_all if self.match == "any" else intersect_all
        return combine(rule._get_person_set(now, person_ids) for rule in self.rule_ids)

    def _run_condition_query(self, query, timeout):
        """Run a query that holds the segment's conditions on everybody.

        What goes wrong leaves the transaction as it was.

        :param timeout: milliseconds after which the database gives up
        :raises ValidationError: with what the user can do about it
        """
        self.env.flush_query(query)
        settings = {"work_mem": WORK_MEMORY, "statement_timeout": str(timeout)}
        try:
            with self.env.cr.savepoint(flush=False):
                former = {
                    name: self._set_database_setting(name, value)
                    for name, value in settings.items()
                }
                rows = self.env.execute_query(query)
                for name, value in former.items():
                    self._set_database_setting(name, value)
                return rows
        except CONFLICTS:
            raise
        except errors.QueryCanceled as error:
            raise ValidationError(
                self.env._(
                    "This takes too long to compute. Make the conditions simpler: for "
                    "example fewer attributes of linked records."
                )
            ) from error
        except psycopg2.Error as error:
            raise self._get_condition_error(error) from error

    @api.model
    def _set_database_setting(self, name, value):
        """Set a setting until the transaction ends; returns what it was."""
        return self.env.execute_query(
            SQL(
                "SELECT current_setting(%(name)s),"
                " set_config(%(name)s, %(value)s, true)",
                name=name,
                value=value,
            )
        )[0][0]

    # ------------------------------------------------------------------
    # PREVIEW
    # ------------------------------------------------------------------

    def _get_preview(self):
        """Who would be a member of a segment as it stands in a form, saved or not.

        :returns: number of persons, ten of them, and what is wrong or False
        """
        self.ensure_one()
        persons = self.env["marketing.person"]
        if not self.res_model or any(not rule.type_id for rule in self.rule_ids):
            return 0, persons, False
        try:
            with self.env.cr.savepoint(flush=False):
                self._check_readable()
                count, person_ids = self._run_condition_query(
                    self._get_preview_query(), timeout=PREVIEW_TIMEOUT
                )[0]
        except UserError as error:
            return 0, persons, error.args[0]
        return count, persons.browse(person_ids)._filtered_access("read"), False

    def _get_preview_query(self):
        """One row: number of members and the ids of some, those by hand included."""
        members = self._get_target_query()
        if self._origin:
            members = SQL(
                """
                SELECT person_id FROM (%(target)s) AS target
                UNION
                SELECT person_id FROM marketing_segment_member
                 WHERE segment_id = %(segment)s AND origin = 'manual'
                EXCEPT
                SELECT person_id FROM marketing_segment_member
                 WHERE segment_id = %(segment)s AND state = 'excluded'
                """,
                target=members,
                segment=self._origin.id,
            )
        return SQL(
            """
            WITH chosen AS MATERIALIZED (%s)
            SELECT (SELECT count(*) FROM chosen),
                   ARRAY(SELECT person_id FROM chosen LIMIT %s)
            """,
            members,
            SAMPLE_SIZE,
        )


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
