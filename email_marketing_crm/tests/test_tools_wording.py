import unittest

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.wording import (
    MAX_NAME_LENGTH,
    say,
    say_value,
    shorten,
    split_list,
)

TEXT = st.text(alphabet="ab %()s“”…\n\t", max_size=400)
NAMES = st.dictionaries(
    st.sampled_from(["mailing", "link", "reason"]), st.none() | TEXT, max_size=3
)


class TestWording(unittest.TestCase):
    SENTENCES = ("“%(link)s” in “%(mailing)s”", "Something in “%(mailing)s”", "A click")

    def test_most_telling_sentence_that_can_be_filled(self):
        self.assertEqual(
            say(self.SENTENCES, {"link": "Prices", "mailing": "Spring"}),
            "“Prices” in “Spring”",
        )
        self.assertEqual(
            say(self.SENTENCES, {"link": "", "mailing": "Spring"}),
            "Something in “Spring”",
        )
        self.assertEqual(say(self.SENTENCES, {}), "A click")
        self.assertIsNone(say(self.SENTENCES[:2], {"link": "Prices"}))

    def test_names_are_no_templates(self):
        self.assertEqual(
            say(["Got %(mailing)s"], {"mailing": "100% of %(link)s"}),
            "Got 100% of %(link)s",
        )

    @given(NAMES)
    def test_says_something_and_leaves_no_gap_of_its_own(self, names):
        said = say(self.SENTENCES, names)
        self.assertIsNotNone(said)
        self.assertLessEqual(len(said), 2 * MAX_NAME_LENGTH + 30)

    @given(TEXT, st.integers(min_value=2, max_value=300))
    def test_shortened_is_one_line_and_not_longer(self, text, length):
        short = shorten(text, length)
        self.assertLessEqual(len(short), length)
        self.assertEqual(short, " ".join(short.split()))

    def test_values_are_said_without_brackets(self):
        self.assertEqual(say_value(["Pumps", 3]), "Pumps, 3")
        self.assertEqual(
            say_value([{"How likely?": 9}, {"Why?": ["Price", "Service"]}]),
            "How likely?: 9; Why?: Price, Service",
        )
        self.assertEqual(say_value("one"), "one")

    @given(st.lists(st.text("ab 国", min_size=1).map(str.strip).filter(bool)))
    def test_a_list_is_read_with_commas_of_any_width(self, items):
        for comma in (",", "，", " , "):
            self.assertEqual(split_list(comma.join(items)), items)
        self.assertEqual(split_list(None), [])
