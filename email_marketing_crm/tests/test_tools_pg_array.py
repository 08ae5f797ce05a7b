"""Rows as arrays: what PostgreSQL reads is what was given."""

from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import TransactionCase, tagged

from odoo.addons.email_marketing_crm.tools.pg_array import to_array, to_columns

#: A busy machine draws slowly; that is no finding.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@tagged("post_install", "-at_install")
class TestArrays(TransactionCase):
    def read_back(self, values, type_name):
        self.env.cr.execute(f"SELECT unnest(%s::{type_name}[])", [to_array(values)])
        return [row[0] for row in self.env.cr.fetchall()]

    def test_values_come_back_as_they_were(self):
        for type_name, values in (
            ("int", [1, -2, None, 0]),
            ("float8", [0.1, 1e-150, -2.5, None, 1e150]),
            ("timestamp", [datetime(2026, 3, 4, 10, 0, 1), None]),
            ("text", ["A", None, 'a "b" \\ {c}, d', "", "NULL", "泵"]),
            ("int", []),
        ):
            with self.subTest(type_name=type_name):
                self.assertEqual(self.read_back(values, type_name), values)

    @patient
    @given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20))
    def test_doubles_keep_every_bit(self, values):
        self.assertEqual(self.read_back(values, "float8"), values)

    @patient
    @given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"))))
    def test_any_text(self, values):
        self.assertEqual(self.read_back(values, "text"), values)

    def test_columns(self):
        self.assertEqual(to_columns([(1, "a"), (2, None)]), ['{"1","2"}', '{"a",NULL}'])
