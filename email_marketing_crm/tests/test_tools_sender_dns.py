import base64
from unittest import TestCase

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from ..tools.address_check import DomainNotFoundError, LookupFailedError
from ..tools.sender_dns import (
    check_sender,
    is_aligned,
    organizational_domain,
    read_tags,
    read_text,
)


def make_key(bits):
    """A public key as DKIM publishes it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


GOOD_KEY = make_key(2048)
GOOD = {
    ("news.acme.com", "TXT"): ['"v=spf1 include:spf.relay.net -all"', '"other text"'],
    ("spf.relay.net", "TXT"): ['"v=spf1 ip4:192.0.2.0/24 -all"'],
    ("mail._domainkey.news.acme.com", "TXT"): [f'"v=DKIM1; k=rsa; p={GOOD_KEY}"'],
    ("_dmarc.acme.com", "TXT"): ['"v=DMARC1; p=quarantine; rua=mailto:dmarc@acme.com"'],
    ("news.acme.com", "MX"): ["mx.acme.com."],
}


def check(changes=None, selectors=("mail",), domain="news.acme.com", back=None):
    names = GOOD | (changes or {})

    def lookup(name, kind):
        answer = names.get((name, kind))
        if answer is None:
            raise DomainNotFoundError(name)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return {
        finding.code: finding.severity
        for finding in check_sender(domain, back or domain, selectors, lookup)
    }


class TestSenderDns(TestCase):
    def test_nothing_is_wrong(self):
        self.assertEqual(check(), {})
        self.assertEqual(check(selectors=()), {}, "found under a usual name")

    def test_spf(self):
        name = ("news.acme.com", "TXT")
        for texts, finding in (
            ([], {"spf_missing": "error"}),
            (['"v=spf10 -all"'], {"spf_missing": "error"}),
            (['"v=spf1 -all"', '"V=SPF1 a -all"'], {"spf_many": "error"}),
            (['"v=spf1 a +all"'], {"spf_open": "error"}),
            (['"v=spf1 a all"'], {"spf_open": "error"}),
            (['"v=spf1 a"'], {"spf_neutral": "info"}),
            (['"v=spf1 redirect=spf.relay.net"'], {}),
            (['"v=spf1 a " "mx -all"'], {}),
        ):
            self.assertEqual(check({name: texts}), finding, texts)

    def test_spf_with_too_many_questions(self):
        includes = " ".join(f"include:spf{number}.net" for number in range(6))
        changes = {("news.acme.com", "TXT"): [f'"v=spf1 {includes} -all"']}
        self.assertEqual(check(changes), {})
        changes |= {
            (f"spf{number}.net", "TXT"): ['"v=spf1 a mx -all"'] for number in range(6)
        }
        self.assertEqual(check(changes), {"spf_questions": "error"})

    def test_spf_that_includes_itself(self):
        changes = {("news.acme.com", "TXT"): ['"v=spf1 include:news.acme.com -all"']}
        self.assertEqual(check(changes), {})

    def test_dkim(self):
        name = ("mail._domainkey.news.acme.com", "TXT")
        for texts, finding in (
            ([], {"dkim_missing": "error"}),
            (['"v=DKIM1; p="'], {"dkim_revoked": "error"}),
            (['"v=DKIM1; p=nonsense"'], {"dkim_unreadable": "error"}),
            (['"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS"'], {}),
            ([f'"v=DKIM1; p={make_key(1024)}"'], {"dkim_short": "info"}),
            ([f'"v=DKIM1; p={GOOD_KEY[:200]}" "{GOOD_KEY[200:]}"'], {}),
        ):
            self.assertEqual(check({name: texts}), finding, texts)
        self.assertEqual(check({name: []}, selectors=()), {"dkim_unknown": "warning"})

    def test_dmarc(self):
        name = ("_dmarc.acme.com", "TXT")
        for texts, finding in (
            ([], {"dmarc_missing": "error"}),
            (['"v=DMARC1; rua=mailto:a@acme.com"'], {"dmarc_broken": "error"}),
            (['"v=DMARC1; p=reject"'], {"dmarc_no_report": "info"}),
            (
                ['"v=DMARC1; p=none; rua=mailto:a@acme.com"'],
                {"dmarc_none": "info"},
            ),
            (['"v=DMARC1; p=none"', '"v=DMARC1; p=none"'], {"dmarc_many": "error"}),
        ):
            self.assertEqual(check({name: texts}), finding, texts)

    def test_own_dmarc_policy_before_the_registered_domains(self):
        changes = {
            ("_dmarc.acme.com", "TXT"): ['"v=DMARC1; p=broken"'],
            ("_dmarc.news.acme.com", "TXT"): ['"v=DMARC1; p=reject; rua=mailto:a@b.c"'],
        }
        self.assertEqual(check(changes), {})

    def test_policy_of_the_registered_domain_for_those_below_it(self):
        """RFC 7489, section 6.3: `sp`, where it is said, else `p`."""
        name = ("_dmarc.acme.com", "TXT")
        for tags, finding in (
            ("p=reject; sp=none", {"dmarc_none": "info"}),
            ("p=none; sp=quarantine", {}),
            ("p=none", {"dmarc_none": "info"}),
            ("p=reject; sp=nonsense", {"dmarc_broken": "error"}),
        ):
            record = f'"v=DMARC1; {tags}; rua=mailto:a@acme.com"'
            self.assertEqual(check({name: [record]}), finding, tags)
        own = {
            ("_dmarc.news.acme.com", "TXT"): [
                '"v=DMARC1; p=reject; sp=none; rua=mailto:a@acme.com"'
            ]
        }
        self.assertEqual(check(own), {}, "a domain of its own record")

    def test_alignment(self):
        changes = {
            ("bounce.acme.com", "TXT"): ['"v=spf1 a -all"'],
            ("bounce.relay.net", "TXT"): ['"v=spf1 a -all"'],
        }
        self.assertEqual(check(changes, back="bounce.acme.com"), {})
        self.assertEqual(
            check(changes, back="bounce.relay.net"), {"not_aligned": "warning"}
        )
        changes["_dmarc.acme.com", "TXT"] = [
            '"v=DMARC1; p=reject; aspf=s; rua=mailto:a@acme.com"'
        ]
        self.assertEqual(
            check(changes, back="bounce.acme.com"), {"not_aligned": "warning"}
        )

    def test_free_mailbox(self):
        self.assertEqual(check(domain="gmail.com"), {"free_domain": "error"})

    def test_nobody_can_answer(self):
        self.assertEqual(check({("news.acme.com", "MX"): []}), {"no_mx": "warning"})

    def test_no_answer_is_no_finding(self):
        with self.assertRaises(LookupFailedError):
            check({("_dmarc.acme.com", "TXT"): LookupFailedError("timeout")})

    def test_registered_domains(self):
        for domain, registered in {
            "news.acme.com": "acme.com",
            "a.b.acme.co.uk": "acme.co.uk",
            "mail.acme.com.cn": "acme.com.cn",
            "mail.acme.de": "acme.de",
            "co.uk": "co.uk",
            "localhost": "localhost",
        }.items():
            self.assertEqual(organizational_domain(domain), registered)

    @given(st.text(max_size=60), st.text(max_size=60))
    def test_any_text_is_read(self, one, other):
        read_tags(read_text(one))
        self.assertEqual(is_aligned(one, other), is_aligned(other, one))
        self.assertEqual(
            organizational_domain(organizational_domain(one)),
            organizational_domain(one),
        )
        check({("news.acme.com", "TXT"): [f"v=spf1 {one}"]})
        check({("_dmarc.acme.com", "TXT"): [f"v=DMARC1; {one}"]})
        check({("mail._domainkey.news.acme.com", "TXT"): [one]})
