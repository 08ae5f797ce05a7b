from unittest.mock import patch

import dns.resolver
from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.address_check import (
    SEVERITY,
    DomainNotFoundError,
    LookupFailedError,
    Verdict,
    check_domain,
    is_well_formed,
    judge_address,
)
from ..tools.address_typo import (
    COMMON_DOMAINS,
    count_typos,
    suggest_address,
    suggest_domain,
)
from ..tools.dns_lookup import DnsLookup

letters = st.text("abcdefg", max_size=8)
answers = st.one_of(
    st.lists(st.sampled_from(["mx.example.", "."]), max_size=3),
    st.sampled_from([DomainNotFoundError(), LookupFailedError()]),
)


@tagged("post_install", "-at_install")
class TestAddressTools(BaseCase):
    def test_typos_of_common_domains(self):
        for given_address, meant in (
            ("ana@gmial.com", "ana@gmail.com"),
            ("ana@gmail.con", "ana@gmail.com"),
            ("ana@gmai.com", "ana@gmail.com"),
            ("ana@hotmial.com", "ana@hotmail.com"),
            ("ana@163.con", "ana@163.com"),
            ("ana@qq.cm", "ana@qq.com"),
            ("ana@outlok.com", "ana@outlook.com"),
            ("ana@gmail,com", "ana@gmail.com"),
            ("ana＠qq。com", "ana@qq.com"),
            (" Ana@GMAIL..com", "ana@gmail.com"),
        ):
            with self.subTest(address=given_address):
                self.assertEqual(suggest_address(given_address), meant)

    def test_what_may_well_be_right_is_left_alone(self):
        for address in (
            "ana@gmail.com",
            "ana@yahoo.ie",
            "ana@outlook.at",
            "ana@gmx.ch",
            "ana@mail.com",
            "ana@fina.com",
            "ana@189.com",
            "ana@acme.example",
            "ana",
            "",
            None,
        ):
            with self.subTest(address=address):
                self.assertIsNone(suggest_address(address))

    @given(st.sampled_from(COMMON_DOMAINS))
    def test_common_domains_are_never_typos(self, domain):
        self.assertIsNone(suggest_domain(domain))

    @given(st.text(max_size=30))
    def test_a_suggestion_is_final(self, text):
        suggestion = suggest_address(text)
        if suggestion:
            self.assertIsNone(suggest_address(suggestion))

    @given(letters, letters)
    def test_typos_are_counted_alike_both_ways(self, one, other):
        typos = count_typos(one, other)
        self.assertEqual(typos, count_typos(other, one))
        self.assertEqual(typos == 0, one == other)

    @given(letters, st.integers(0, 6))
    def test_a_swap_is_one_typo(self, word, at):
        swapped = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
        self.assertLessEqual(count_typos(word, swapped), 1)

    @given(answers, answers, answers)
    def test_only_a_sure_no_makes_a_domain_invalid(self, mx, a, aaaa):
        replies = {"MX": mx, "A": a, "AAAA": aaaa}

        def lookup(domain, kind):
            if isinstance(replies[kind], Exception):
                raise replies[kind]
            return replies[kind]

        verdict = check_domain("acme.com", lookup)
        if isinstance(mx, LookupFailedError):
            self.assertEqual(verdict.state, "unknown")
        if verdict.state == "invalid":
            self.assertIn(verdict.reason, ("no_domain", "null_mx", "no_server"))
            self.assertFalse(isinstance(mx, list) and "mx.example." in mx)

    def test_names_of_nobody_are_not_asked_about(self):
        for domain in ("example.com", "mail.example.org", "acme.test", "host.local"):
            self.assertEqual(
                check_domain(domain, None), Verdict("unknown", "reserved"), domain
            )

    @given(
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.sampled_from(
            [
                Verdict("valid"),
                Verdict("risky", "no_mx"),
                Verdict("invalid", "no_domain"),
                Verdict("unknown", "dns_failed"),
            ]
        ),
    )
    def test_the_worst_counts(self, well_formed, role, disposable, domain):
        verdict = judge_address(well_formed, role, disposable, domain)
        self.assertGreaterEqual(SEVERITY[verdict.state], SEVERITY[domain.state])
        self.assertEqual(
            verdict.state == "invalid", not well_formed or domain.state == "invalid"
        )
        if verdict.state == "valid":
            self.assertFalse(role or disposable)

    def test_well_formed(self):
        for address in ("a@b.com", "a@host.local", "ü@exämple.com", "a+b@x.test"):
            self.assertTrue(is_well_formed(address), address)
        for address in ("a..b@c.com", "a@-x.com", "a@b", "a b@c.com", "@c.com"):
            self.assertFalse(is_well_formed(address), address)

    def test_a_resolver_that_cannot_be_set_up_knows_nothing(self):
        lookup = DnsLookup(["not an address"])
        with self.assertRaises(LookupFailedError):
            lookup("example.com", "MX")

    def test_a_server_that_knows_nothing_is_not_believed(self):
        def resolve(name, kind, search):
            if name in known:
                return ()
            raise dns.resolver.NXDOMAIN()

        lookup = DnsLookup(["192.0.2.53"])
        for known, error in (
            ((), LookupFailedError),
            ((".",), DomainNotFoundError),
            (("com.",), DomainNotFoundError),
        ):
            with self.subTest(known=known):
                lookup.is_trusted = None
                with (
                    patch.object(lookup.resolver, "resolve", resolve),
                    self.assertRaises(error),
                ):
                    lookup("nowhere.example", "MX")
