"""Comparisons of numbers in searches."""

import operator
import unittest

from hypothesis import given
from hypothesis import strategies as st

from odoo.tools import SQL

from odoo.addons.email_marketing_crm.tools.comparison import compare, is_comparison

#: What PostgreSQL does by the sign that stands between the numbers.
MEANINGS = {
    "=": operator.eq,
    "<>": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
#: What a domain means.
OPERATORS = {**MEANINGS, "!=": operator.ne}


class TestComparison(unittest.TestCase):
    @given(
        st.sampled_from(["=", "!=", ">", ">=", "<", "<="]),
        st.integers(-5, 5),
        st.integers(-5, 5),
    )
    def test_sql_means_what_the_domain_means(self, sign, number, value):
        condition = compare(SQL("%s", number), sign, value)
        _left, written, _right = condition.code.split()
        self.assertEqual(list(condition.params), [number, value])
        self.assertEqual(
            MEANINGS[written](*condition.params), OPERATORS[sign](number, value)
        )

    @given(st.text(max_size=4))
    def test_nothing_else_is_compared(self, sign):
        if is_comparison(sign):
            self.assertIn(sign, OPERATORS)
        else:
            with self.assertRaises(KeyError):
                compare(SQL("1"), sign, 1)

    def test_nothing_is_zero(self):
        for value in (False, None, 0, "0"):
            self.assertEqual(compare(SQL("n"), ">", value).params, [0])
