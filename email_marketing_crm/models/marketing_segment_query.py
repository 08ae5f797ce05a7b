"""How the conditions of a segment become one query, and who would be in it."""

import psycopg2
from psycopg2 import errors

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.conflict import CONFLICTS
from ..tools.segment_sets import intersect_all, unite_all
from .marketing_segment_domain import CONDITION_ERRORS, PREVIEW_TIMEOUT

#: Persons that a preview shows.
SAMPLE_SIZE = 10
#: Bytes of a table whose records are looked up before the query: some thousand rows.
SMALL_TABLE = 2**20
#: Operators on a linked record → the same on its id.
LOOKED_UP_OPERATORS = {
    "any": "in",
    "any!": "in",
    "not any": "not in",
    "not any!": "not in",
}
#: Memory for hashing a segment of a million persons, per node of the query.
WORK_MEMORY = "128MB"


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

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
                "tz": self._get_timezone(),
            },
        )[self.res_model]

    def _get_timezone(self):
        """Zone whose days the conditions mean."""
        self.ensure_one()
        return self.user_id.sudo().tz or "UTC"

    def _get_company_domain(self):
        """Which records the segment reaches at all."""
        self.ensure_one()
        if self.company_id and "company_id" in self.env[self.res_model]._fields:
            return Domain("company_id", "in", [self.company_id.id, False])
        return Domain.TRUE

    def _get_target_query(self, person_ids=None, now=None):
        """SELECT of who should be a member now: person_id and res_id.

        One row a person; of several records the oldest stands for the person.

        :param person_ids: look at these persons only; None for everybody
        :param now: the moment that behaviour is looked at from, if not now
        """
        self.ensure_one()
        if not self.member_limit:
            return self._get_candidate_query(person_ids, now)
        places = SQL("%s LIMIT %s", self._get_ranking_query(now), self.member_limit)
        if person_ids is None:
            return places
        return SQL(
            "SELECT * FROM (%s) AS place WHERE person_id = ANY(%s)",
            places,
            list(person_ids),
        )

    def _get_candidate_query(self, person_ids=None, now=None, columns=()):
        """SELECT of who meets the conditions: person_id, res_id and more.

        :param columns: names of columns of which the highest value is wanted
        """
        self.ensure_one()
        return self._get_records_query(
            self._get_conditions(),
            person_ids,
            self._get_behavior_set(person_ids, now),
            columns,
        )

    def _get_conditions(self):
        """The domain of the records that the segment is about."""
        domain = self._parse_domain().map_conditions(_join_blacklist)
        return domain & self._get_company_domain()

    def _get_records_query(
        self, domain, person_ids=None, person_set=None, columns=(), **kwargs
    ):
        """SELECT of the persons behind records: person_id, res_id and more.

        :param domain: which records, a `Domain`
        :param person_ids: these persons only
        :param person_set: a `PersonSet` that the persons are in
        :param columns: names of columns of which the highest value is wanted
        :param kwargs: given to `_search`
        """
        model = self._get_record_model()
        query, person = self._search_records(domain, person_ids, person_set, **kwargs)
        query.groupby = person
        return query.select(
            SQL("%s AS person_id", person),
            SQL("min(%s) AS res_id", SQL.identifier(query.table, "id")),
            *(
                SQL(
                    "max(%s) AS %s",
                    model._field_to_sql(query.table, name, query),
                    SQL.identifier(name),
                )
                for name in columns
            ),
        )

    def _search_records(
        self, domain, person_ids=None, person_set=None, has_person=True, **kwargs
    ):
        """The records themselves, as `_get_records_query` has them.

        :param has_person: leave out records without a person. The column is the last
            one of its table: who filters by it reads all of each row, of those as
            well that other conditions leave out.
        :returns: an Odoo `Query`, and the column of the person in it
        """
        model = self._get_record_model()
        try:
            domain = domain.optimize(model).map_conditions(
                lambda condition: self._look_up_linked(model, condition)
            )
            query = model._search(domain, **kwargs)
        except CONFLICTS:
            raise
        except CONDITION_ERRORS as error:
            raise self._get_condition_error(error) from error
        person = model._field_to_sql(query.table, "marketing_person_id", query)
        if has_person:
            query.add_where(SQL("%s IS NOT NULL", person))
        if person_ids is not None:
            query.add_where(SQL("%s = ANY(%s)", person, list(person_ids)))
        if person_set:
            query.add_where(person_set.get_condition(person))
        query.order = None
        return query, person

    def _look_up_linked(self, model, condition):
        """Replace a condition on records of a small table by the ids of those.

        Which of 250 countries are meant is found out once, and not for each of a
        million contacts.
        """
        field = model._fields.get(condition.field_expr)
        if (
            condition.operator not in LOOKED_UP_OPERATORS
            or not isinstance(condition.value, Domain)
            or field is None
            or field.type != "many2one"
            or not field.store
            or field.company_dependent
        ):
            return condition
        linked = model.env[field.comodel_name]
        if linked._table_query is not None or not self._is_small(linked):
            return condition
        found = linked._search(
            condition.value, active_test=False, bypass_access=True
        ).get_result_ids()
        return Domain(
            condition.field_expr, LOOKED_UP_OPERATORS[condition.operator], found
        )

    @api.model
    def _is_small(self, model):
        return (
            self.env.execute_query(SQL("SELECT pg_relation_size(%s)", model._table))[0][
                0
            ]
            <= SMALL_TABLE
        )

    def _get_rules(self):
        """All rules on behaviour, those of groups as well."""
        grouped = self.group_ids.rule_ids
        return self.rule_ids | grouped if grouped else self.rule_ids

    def _get_behavior_set(self, person_ids=None, now=None):
        """Who did what the rules say and is in the segments that are asked for.

        :returns: a `PersonSet`; None where nothing of that is asked for
        """
        self.ensure_one()
        now = now or fields.Datetime.now()
        parts = [*self.rule_ids, *self.group_ids.filtered("rule_ids")]
        sets = [part._get_person_set(now, person_ids) for part in parts]
        if sets and self.match == "any":
            sets = [unite_all(sets)]
        sets += self._get_link_sets(person_ids)
        return intersect_all(sets) if sets else None

    def _run_condition_query(self, query, timeout):
        """Run a query that holds the segment's conditions on everybody.

        What goes wrong leaves the transaction as it was.

        :param timeout: milliseconds after which the database gives up
        :raises ValidationError: with what the user can do about it
        """
        self.env.flush_query(query)
        settings = {"work_mem": WORK_MEMORY, "statement_timeout": str(timeout)}
        if self._get_rules():
            # Each process would compute the set of persons for itself.
            settings["max_parallel_workers_per_gather"] = "0"
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
        if not self.res_model or not all(rule.type_id for rule in self._get_rules()):
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


def _join_blacklist(condition):
    """Odoo's own search of this field reads the table of records a second time."""
    if (
        condition.field_expr != "is_blacklisted"
        or condition.operator not in ("=", "!=")
        or not isinstance(condition.value, bool)
    ):
        return condition
    is_blocked = condition.value == (condition.operator == "=")

    def to_sql(model, alias, query):
        blacklist = model.env["mail.blacklist"]._fields
        return SQL(
            "%s EXISTS (SELECT FROM mail_blacklist AS blocked WHERE %s AND %s = %s)",
            SQL() if is_blocked else SQL("NOT"),
            SQL.identifier("blocked", "active", to_flush=blacklist["active"]),
            SQL.identifier("blocked", "email", to_flush=blacklist["email"]),
            model._field_to_sql(alias, "email_normalized", query),
        )

    return Domain.custom(to_sql=to_sql)
