import unittest

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm_website.tools.visit import (
    clean_url,
    describe_visit,
    get_utm,
)


class TestVisit(unittest.TestCase):
    def test_secrets_of_an_address_are_left_out(self):
        self.assertEqual(
            clean_url("https://ana:pass@example.com:8069/my/3?access_token=x#top"),
            "https://example.com:8069/my/3",
        )

    def test_where_a_visitor_came_from(self):
        url = "https://example.com/pumps?utm_source=wechat&utm_campaign=&page=2"
        self.assertEqual(
            describe_visit(url, "https://news.example.org/today?id=3"),
            {
                "url": "https://example.com/pumps",
                "utm_source": "wechat",
                "referrer": "news.example.org",
            },
        )
        self.assertEqual(
            describe_visit("https://example.com/", "https://example.com/shop"),
            {"url": "https://example.com/"},
        )

    @settings(deadline=None)
    @given(st.text(max_size=300))
    def test_any_address_is_read(self, text):
        for url in (text, f"https://{text}", f"https://example.com/?{text}"):
            facts = describe_visit(url, url)
            self.assertNotIn("?", facts["url"])
            self.assertEqual(facts["url"], clean_url(facts["url"]))
            self.assertLessEqual(set(get_utm(url)), set(facts))
