"""Comparisons that a search may ask of a number which is computed in SQL."""

from odoo.tools import SQL

_OPERATORS = {
    "=": SQL("="),
    "!=": SQL("<>"),
    ">": SQL(">"),
    ">=": SQL(">="),
    "<": SQL("<"),
    "<=": SQL("<="),
}


def is_comparison(operator: str) -> bool:
    """Whether a number may be compared by this operator of a domain."""
    return operator in _OPERATORS


def compare(number: SQL, operator: str, value: object) -> SQL:
    """SQL: the condition that a number stands so to a value.

    :param number: an expression of PostgreSQL
    :param operator: one that `is_comparison`, else KeyError is raised
    :param value: what users write; nothing is 0
    """
    return SQL("%s %s %s", number, _OPERATORS[operator], int(value or 0))
