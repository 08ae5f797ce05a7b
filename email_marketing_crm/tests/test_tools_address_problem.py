import unittest

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.address_problem import find_address_problem


class TestAddressProblem(unittest.TestCase):
    def test_what_a_human_would_correct(self):
        for address, problem in (
            (None, None),
            ("  ", None),
            ("ana.example.com", "no_at"),
            ("ana@@example.com", "several_at"),
            ("@example.com", "no_name"),
            ("ana@", "no_domain"),
            ("ana pereira@example.com", "space"),
            ("ana@exa,mple", "other"),
        ):
            with self.subTest(address=address):
                self.assertEqual(find_address_problem(address), problem)

    @given(st.text(alphabet='ab@. ,<>"\n', max_size=30))
    def test_every_text_has_an_answer(self, text):
        self.assertEqual(find_address_problem(text) is None, not text.strip())
