import secrets
import unittest
from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.content_link import (
    CONTENT_PATH,
    add_campaign,
    read_token,
)

QUERY = st.dictionaries(
    st.sampled_from(["utm_source", "utm_campaign", "utm_x", "id", "token"]),
    st.text(max_size=20),
)


class TestContentLink(unittest.TestCase):
    @given(st.sampled_from(["", "https://pumps.com", "http://localhost:8069"]), QUERY)
    def test_the_token_is_found_wherever_the_link_leads(self, base, query):
        token = secrets.token_urlsafe(16)
        url = add_campaign(f"{base}{CONTENT_PATH}{token}", query)
        self.assertEqual(read_token(url), token)

    def test_other_links_have_none(self):
        for url in (None, "", "https://pumps.com/marketing/content", "/content/abc"):
            self.assertIsNone(read_token(url))

    @given(QUERY, QUERY)
    def test_the_campaign_is_handed_on_and_nothing_else_changes(self, own, query):
        url = add_campaign("https://pumps.com/a?id=1#part", own)
        result = urlsplit(add_campaign(url, query))
        self.assertEqual(result[:3], ("https", "pumps.com", "/a"))
        self.assertEqual(result.fragment, "part")
        got = dict(parse_qsl(result.query, keep_blank_values=True))
        campaign = {
            key: value for key, value in (query | own).items() if key.startswith("utm_")
        }
        self.assertEqual(got, {"id": "1"} | campaign)
