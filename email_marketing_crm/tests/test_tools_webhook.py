"""What all webhooks share: when a report is too old, and what a moment is."""

import unittest
from datetime import timedelta

from odoo.addons.email_marketing_crm.tools.webhook import (
    MAX_AGE,
    MAX_AHEAD,
    as_seconds,
    is_fresh,
)

from .webhook_report_common import NOW


class TestAge(unittest.TestCase):
    def test_what_was_signed_long_ago_is_a_replay(self):
        for age, expected in (
            (timedelta(), True),
            (MAX_AGE, True),
            (MAX_AGE + timedelta(seconds=1), False),
            (-MAX_AHEAD, True),
            (-MAX_AHEAD - timedelta(seconds=1), False),
        ):
            with self.subTest(age=age):
                self.assertIs(is_fresh(NOW - age, NOW), expected)
        self.assertFalse(is_fresh(None, NOW))

    def test_seconds_in_words(self):
        self.assertEqual(as_seconds("1772618400"), NOW)
        self.assertEqual(as_seconds(1772618400), NOW)
        for text in ("", "-5", "1e9", "٣", "soon", None, [], "9" * 19):
            with self.subTest(text=text):
                self.assertIsNone(as_seconds(text))
