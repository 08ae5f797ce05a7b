import unittest

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import tagged

from ..tools.duplicates import (
    MINIMUM_SCORE,
    Facts,
    compare,
    get_address_key,
    get_company_key,
    get_keys,
    get_name_key,
    get_phone_key,
    get_score,
    is_original,
)

NAMES = st.sampled_from([None, "Ana Pereira", "Pereira, Ana", "Bo Ek", "王小明"])
COMPANIES = st.sampled_from(
    [None, "Acme GmbH", "ACME Inc.", "Beta", "北京软件有限公司"]
)
EMAILS = st.sampled_from(
    [None, "ana@gmail.com", "a.na@gmail.com", "ana+x@gmail.com", "ana@gmial.com"]
)
PHONES = st.sampled_from([None, "+49 170 1234567", "0170/1234567", "12"])


def make(email=None, name=None, company=None, phone=None, **values):
    return Facts(
        **{
            "res_model": "res.partner",
            "res_id": 1,
            "person_id": None,
            "email": email,
            "name": name,
            "company": company,
            "phone": phone,
            "is_company": False,
            "company_id": None,
        }
        | values
    )


FACTS = st.builds(make, EMAILS, NAMES, COMPANIES, PHONES)


@tagged("post_install", "-at_install")
class TestToolsDuplicates(unittest.TestCase):
    def test_names_are_alike_whatever_their_order_and_accents(self):
        self.assertEqual(get_name_key("Müller, José"), get_name_key("jose MULLER"))
        self.assertNotEqual(get_name_key("Ana Pereira"), get_name_key("Ana Perez"))
        self.assertEqual(get_name_key(None), "")

    def test_companies_are_alike_whatever_their_legal_form(self):
        for one, other in (
            ("Acme GmbH", "ACME Inc."),
            ("北京软件有限公司", "北京软件"),
            ("Beta Software", "Beta-Software Ltd"),
        ):
            self.assertEqual(get_company_key(one), get_company_key(other))
        self.assertEqual(get_company_key("SAS"), "sas", "a name of nothing else")

    def test_telephones_are_alike_whatever_their_prefix(self):
        self.assertEqual(
            get_phone_key("+49 (170) 123-4567"), get_phone_key("0170 1234567")
        )
        self.assertEqual(get_phone_key("ext. 12"), "")

    def test_addresses_of_one_mailbox(self):
        for one, other in (
            ("ana+news@example.com", "ana@example.com"),
            ("a.n.a@gmail.com", "ana@googlemail.com"),
            ("ana@gmial.com", "ana@gmail.com"),
        ):
            self.assertEqual(get_address_key(one), get_address_key(other))
        self.assertNotEqual(
            get_address_key("a.na@example.com"), get_address_key("ana@example.com")
        )
        self.assertEqual(get_address_key("+1@example.com"), "+1@example.com")

    def test_each_reason_is_named(self):
        ana = make("ana@gmail.com", "Ana Pereira", "Acme", "0170 1234567")
        cases = {
            "plus_address": make("ana+shop@gmail.com"),
            "dots": make("a.na@gmail.com"),
            "typo_domain": make("ana@gmial.com"),
            "same_address": make("ana@gmail.com", "Pereira Ana"),
            "name_company": make("ana@acme.com", "Ana Pereira", "Acme Ltd"),
            "phone": make("ana@acme.com", "Ana P.", None, "+491701234567"),
        }
        for reason, other in cases.items():
            with self.subTest(reason=reason):
                self.assertEqual(list(compare(ana, other)), [reason])

    def test_what_says_nothing(self):
        ana = make("ana@acme.com", "Ana Pereira", "Acme", "0170 1234567")
        for other in (
            make("bo@acme.com", "Bo Ek", "Acme", "0170 1234567"),
            make("ana2@acme.com", "Ana Pereira"),
            make("info@acme.com", "Acme", "Acme", is_company=True),
            ana._replace(company_id=2),
        ):
            self.assertEqual(compare(ana._replace(company_id=1), other), {})

    def test_which_address_to_keep(self):
        self.assertTrue(is_original("ana@gmail.com"))
        for email in ("ana+x@gmail.com", "ana@gmial.com", None):
            self.assertFalse(is_original(email))

    @given(FACTS, FACTS)
    def test_the_order_does_not_matter(self, one, other):
        self.assertEqual(compare(one, other), compare(other, one))

    @given(FACTS, FACTS)
    def test_what_is_alike_shares_a_key(self, one, other):
        """Otherwise the search would never look at the pair."""
        if get_score(compare(one, other)) >= MINIMUM_SCORE:
            self.assertTrue(get_keys(one) & get_keys(other))

    @given(FACTS, FACTS)
    def test_each_further_reason_makes_it_likelier(self, one, other):
        reasons = compare(one, other)
        score = get_score(reasons)
        self.assertTrue(0 <= score <= 99)
        if reasons:
            self.assertGreaterEqual(score, max(reasons.values()))
