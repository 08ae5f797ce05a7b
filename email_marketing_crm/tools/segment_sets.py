"""Sets of persons as SQL: what behaviour rules are put together from.

"Clicked at least once" is the set of persons a SELECT returns. "Never clicked" is
everybody else, which no SELECT over the log can list. A `PersonSet` is therefore a
SELECT and whether its complement is meant; intersection, union and complement stay
within that form by the laws of De Morgan:

    not A and not B = not (A or B)          A or not B = not (B except A)

So a condition is always one semi-join or one anti-join over set operations, which
PostgreSQL hashes. `x IN (…) OR x NOT IN (…)` would instead become a sub-plan per row
as soon as a set outgrows the memory for hashing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from odoo.tools import SQL


@dataclass(frozen=True, slots=True)
class PersonSet:
    """Some persons, or everybody but them.

    :param sql: SELECT of one column named person_id that is never NULL; the same
        person may be there several times
    :param is_complement: everybody but the selected persons is meant
    """

    sql: SQL
    is_complement: bool = False

    def __invert__(self) -> PersonSet:
        return PersonSet(self.sql, not self.is_complement)

    def __and__(self, other: PersonSet) -> PersonSet:
        return ~(~self | ~other)

    def __or__(self, other: PersonSet) -> PersonSet:
        if self.is_complement and other.is_complement:
            return PersonSet(_combine("INTERSECT", self.sql, other.sql), True)
        if self.is_complement:
            return PersonSet(_combine("EXCEPT", self.sql, other.sql), True)
        if other.is_complement:
            return other | self
        return PersonSet(_combine("UNION ALL", self.sql, other.sql))

    def get_condition(self, column: SQL) -> SQL:
        """Condition that is true where `column`, an id, is in the set.

        Anti-joins are written with NOT EXISTS: NOT IN cannot be joined.
        """
        if self.is_complement:
            return SQL(
                "NOT EXISTS (SELECT 1 FROM (%s) AS person_set"
                " WHERE person_set.person_id = %s)",
                self.sql,
                column,
            )
        return SQL("%s IN (%s)", column, self.sql)


def intersect_all(sets: Iterable[PersonSet]) -> PersonSet:
    """Who is in each of the sets, of which there is at least one."""
    return reduce(and_, sets)


def unite_all(sets: Iterable[PersonSet]) -> PersonSet:
    """Who is in any of the sets, of which there is at least one."""
    return reduce(or_, sets)


_OPERATIONS = {
    "INTERSECT": SQL("INTERSECT"),
    "EXCEPT": SQL("EXCEPT"),
    "UNION ALL": SQL("UNION ALL"),
}


def _combine(operation: str, left: SQL, right: SQL) -> SQL:
    return SQL(
        "SELECT person_id FROM (%s) AS a %s SELECT person_id FROM (%s) AS b",
        left,
        _OPERATIONS[operation],
        right,
    )
