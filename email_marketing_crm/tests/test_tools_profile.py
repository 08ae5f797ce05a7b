import unittest

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import tagged

from ..tools.profile import (
    EXPLICIT_ORIGINS,
    IMPLICIT_ORIGINS,
    fold_name,
    format_number,
    kind_of,
    parse_number,
    split_names,
)


@tagged("post_install", "-at_install")
class TestToolsProfile(unittest.TestCase):
    def test_origins_are_explicit_or_implicit(self):
        for origin in EXPLICIT_ORIGINS:
            self.assertEqual(kind_of(origin), "explicit")
        for origin in IMPLICIT_ORIGINS:
            self.assertEqual(kind_of(origin), "implicit")
        with self.assertRaises(ValueError):
            kind_of("rumour")

    def test_numbers_as_people_type_them(self):
        cases = {
            "10 000": 10000,
            "12,500.50": 12500.5,
            "1.234,5": 1234.5,
            "€ 10k": 10000,
            "1.5m": 1500000,
            "5万": 50000,
            "10.000": 10000,
            "1,000,000": 1000000,
            "0.125": 0.125,
            "3,5": 3.5,
            "-7": -7,
            "about 20'000 CHF": 20000,
            42: 42,
        }
        for text, number in cases.items():
            with self.subTest(text=text):
                self.assertEqual(parse_number(text), number)

    def test_what_is_no_number_is_refused(self):
        for text in ("", "a lot", "10 to 20", "1000-2000", True):
            with self.subTest(text=text), self.assertRaises(ValueError):
                parse_number(text)

    @given(st.integers(min_value=-(10**9), max_value=10**9))
    def test_whole_numbers_survive_being_shown_and_read(self, number):
        self.assertEqual(parse_number(format_number(number)), number)

    @given(st.lists(st.text(alphabet="abcDE ", min_size=1), max_size=8))
    def test_lists_of_names_have_each_name_once(self, names):
        parts = split_names(names)
        folded = [fold_name(part) for part in parts]
        self.assertEqual(len(folded), len(set(folded)))
        self.assertEqual(
            set(folded), {fold_name(name) for name in names if name.strip()}
        )
        self.assertEqual(split_names(", ".join(parts)), parts)
