from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import TransactionCase, tagged

from ..tools.segment_template import fill_blanks, find_blanks

LITERALS = st.recursive(
    st.one_of(
        st.integers(),
        st.booleans(),
        st.sampled_from(["{days}", "today -{days}d", "plain", "{words}", "", "{", "}"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    ),
    max_leaves=10,
)


@tagged("post_install", "-at_install")
class TestSegmentTemplateTools(TransactionCase):
    def test_a_blank_alone_keeps_the_type_of_its_value(self):
        self.assertEqual(
            fill_blanks([("score", ">=", "{score}")], {"score": 50}),
            [("score", ">=", 50)],
        )

    def test_a_blank_in_a_text_becomes_part_of_it(self):
        self.assertEqual(
            fill_blanks({"a": ["today -{days}d"]}, {"days": 30}), {"a": ["today -30d"]}
        )

    def test_values_are_not_filled_in_again(self):
        self.assertEqual(fill_blanks("{words}", {"words": "{days}"}), "{days}")
        self.assertEqual(fill_blanks("a{words}", {"words": "{days}"}), "a{days}")

    def test_a_blank_needs_a_value(self):
        with self.assertRaises(KeyError):
            fill_blanks("{days}", {})

    @given(LITERALS)
    def test_every_blank_is_found_and_filled(self, template):
        blanks = find_blanks(template)
        self.assertLessEqual(blanks, {"days", "words"})
        filled = fill_blanks(template, dict.fromkeys(blanks, 7))
        self.assertFalse(find_blanks(filled))
        if not blanks:
            self.assertEqual(filled, template)
