from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.holdout import PLACES, get_limit, get_place, is_held_out

SHARES = st.floats(min_value=0, max_value=100)


@tagged("post_install", "-at_install")
class TestHoldout(BaseCase):
    @given(st.text(max_size=40), st.text(max_size=40))
    def test_the_place_is_always_the_same(self, scope, address):
        place = get_place(scope, address)
        self.assertEqual(place, get_place(scope, address))
        self.assertTrue(0 <= place < PLACES)

    @given(st.text(max_size=40), SHARES, SHARES)
    def test_a_larger_share_holds_out_the_same_and_more(self, address, one, other):
        small, large = sorted((one, other))
        if is_held_out("campaign:1", address, small):
            self.assertTrue(is_held_out("campaign:1", address, large))

    @given(st.text(max_size=40))
    def test_nobody_and_everybody(self, address):
        self.assertFalse(is_held_out("mailing:1", address, 0))
        self.assertTrue(is_held_out("mailing:1", address, 100))

    def test_the_share_is_about_what_was_asked_for(self):
        addresses = [f"person{number}@example.com" for number in range(20_000)]
        held_out = sum(is_held_out("campaign:3", one, 10) for one in addresses)
        # Six standard deviations of a binomial distribution: 2000 ± 255.
        self.assertAlmostEqual(held_out, 2000, delta=255)

    def test_campaigns_are_independent(self):
        addresses = [f"person{number}@example.com" for number in range(20_000)]
        both = sum(
            is_held_out("campaign:1", one, 10) and is_held_out("campaign:2", one, 10)
            for one in addresses
        )
        self.assertAlmostEqual(both, 200, delta=85)

    def test_a_share_beyond_everybody_is_refused(self):
        for percent in (-1, 100.5, float("nan")):
            with self.assertRaises(ValueError):
                get_limit(percent)
