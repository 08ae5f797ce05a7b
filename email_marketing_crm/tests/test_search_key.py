"""Domains that name the figure of a record by a text."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models.search_key import read_search_key
from .common import MarketingCase


@tagged("post_install", "-at_install")
class TestSearchKey(MarketingCase):
    def test_what_a_text_names(self):
        segment = self.env["marketing.segment"].create({"name": "Readers"})
        segments = self.env["marketing.segment"]
        for key, expected in (
            (f"{segment.id}:planned", (segment, "planned")),
            (f"{segment.id}:link-3.b:2", (segment, "link-3.b:2")),
            (f"{segment.id}", (segment, "")),
            ("0:planned", (segments, "planned")),
            (f"{10**30}:planned", (segments, "planned")),
            ("-1:planned", (segments, "planned")),
            ("Readers", (segments, "")),
            (False, (segments, "")),
            (7.5, (segments, "")),
        ):
            with self.subTest(key=key):
                self.assertEqual(read_search_key(segments, key), expected)
        segment.unlink()
        self.assertFalse(read_search_key(segments, f"{segment.id}:planned")[0])

    def test_nobody_asks_about_what_he_may_not_read(self):
        segment = self.env["marketing.segment"].create(
            {"name": "Readers", "company_id": self.company_other.id}
        )
        segments = self.env["marketing.segment"].with_user(self.user_marketing)
        with self.assertRaises(AccessError):
            read_search_key(segments, f"{segment.id}:planned")
