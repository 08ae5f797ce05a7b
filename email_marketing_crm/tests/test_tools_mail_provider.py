from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from ..tools.mail_provider import PROVIDERS, provider_of_domain, provider_of_servers


class TestMailProvider(TestCase):
    def test_domains_of_everybodys_mailboxes(self):
        for domain, provider in {
            "gmail.com": "gmail",
            "hotmail.co.uk": "outlook",
            "live.fr": "outlook",
            "outlook.com.br": "outlook",
            "yahoo.co.jp": "yahoo",
            "yahoo.com.tw": "yahoo",
            "aol.com": "yahoo",
            "foxmail.com": "qq",
            "126.com": "163",
            "aliyun.com": "aliyun",
            "example.com": "other",
            "notgmail.com": "other",
            "gmail.com.example.org": "other",
            "yahoo.example.com": "other",
        }.items():
            self.assertEqual(provider_of_domain(domain), provider, domain)

    def test_domains_of_companies_by_their_servers(self):
        for hosts, provider in (
            (["ASPMX.L.google.com.", "alt1.aspmx.l.google.com."], "gmail"),
            (["acme-com.mail.protection.outlook.com."], "outlook"),
            (["acme-com.o-v1.mx.microsoft."], "outlook"),
            (["mxbiz1.qq.com.", "mxbiz2.qq.com."], "qq"),
            (["qiye163mx01.mxmail.netease.com."], "163"),
            (["mxn.mxhichina.com.", "mxw.mxhichina.com."], "aliyun"),
            (["mx1.sg.aliyun.com."], "aliyun"),
            (["mx.acme.com."], "other"),
            (["mx.notgoogle.com."], "other"),
            (["aspmx.l.google.com.", "mx.acme.com."], "other"),
            ([], "other"),
        ):
            self.assertEqual(provider_of_servers(hosts), provider, hosts)

    @given(st.text(max_size=30))
    def test_every_domain_has_a_provider(self, domain):
        self.assertIn(provider_of_domain(domain), PROVIDERS)
        self.assertIn(provider_of_servers([domain]), PROVIDERS)

    @given(st.lists(st.sampled_from(["a.google.com", "mx.qq.com", "mx.acme.com"])))
    def test_order_of_servers_does_not_matter(self, hosts):
        self.assertEqual(
            provider_of_servers(hosts), provider_of_servers(list(reversed(hosts)))
        )
