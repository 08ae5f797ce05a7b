"""Places of links: the same button twice in a mail is two places."""

import unittest

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.link_places import (
    PLACE,
    drop_places,
    number_places,
)

LINKS = st.lists(
    st.tuples(
        st.sampled_from(["https://a.example", "https://b.example"]),
        st.sampled_from(["", "Buy", "Buy (2)", "Buy (3)", "[media] pump.png"]),
    ),
    max_size=8,
)


class TestPlaces(unittest.TestCase):
    def test_the_second_one_gets_its_number(self):
        buy = ("https://a.example", "Buy")
        other = ("https://b.example", "Buy")
        self.assertEqual(
            number_places([buy, other, buy, buy]), ["Buy", "Buy", "Buy (2)", "Buy (3)"]
        )

    def test_a_label_that_looks_like_a_number_is_left_alone(self):
        url = "https://a.example"
        self.assertEqual(
            number_places([(url, "Buy"), (url, "Buy (2)"), (url, "Buy")]),
            ["Buy", "Buy (2)", "Buy (3)"],
        )

    def test_a_part_of_a_mail_keeps_its_places(self):
        """Who does not get the first button has the second one all the same."""
        buy = ("https://a.example", "Buy")
        other = ("https://b.example", "Look")
        self.assertEqual(
            number_places([other, buy, buy], [None, 2, 3]),
            ["Look", "Buy (2)", "Buy (3)"],
        )
        self.assertEqual(number_places([buy, other], [1, None]), ["Buy", "Look"])

    def test_numbers_are_no_part_of_the_mail(self):
        self.assertEqual(
            drop_places(f'<a href="/x" {PLACE}="12" class="b">Buy</a>'),
            '<a href="/x" class="b">Buy</a>',
        )

    @given(LINKS)
    def test_each_place_is_one_of_its_own(self, links):
        labels = number_places(links)
        self.assertEqual(len(labels), len(links))
        places = {(link[0], label) for link, label in zip(links, labels, strict=True)}
        self.assertEqual(len(places), len(links))

    @given(LINKS)
    def test_a_mail_without_repeats_stays_as_it_is(self, links):
        links = list(dict.fromkeys(links))
        self.assertEqual(number_places(links), [label for _url, label in links])
