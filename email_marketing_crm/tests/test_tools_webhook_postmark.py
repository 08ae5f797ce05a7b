"""What Postmark reports, and the name and password it comes with."""

import base64
import unittest
from datetime import datetime

from werkzeug.datastructures import Headers

from odoo.addons.email_marketing_crm.tools import webhook_postmark

from .webhook_report_common import NOW, POSTMARK, dump


class TestPostmark(unittest.TestCase):
    def test_its_events(self):
        for changes, kind in (
            ({}, "hard_bounce"),
            ({"Type": "Transient"}, "soft_bounce"),
            ({"Type": "Blocked"}, "policy_bounce"),
            ({"Type": "AutoResponder"}, "ignored"),
            ({"RecordType": "SpamComplaint"}, "complaint"),
            ({"RecordType": "Delivery"}, "delivered"),
            (
                {
                    "RecordType": "SubscriptionChange",
                    "SuppressSending": True,
                    "SuppressionReason": "ManualSuppression",
                },
                "unsubscribed",
            ),
            ({"RecordType": "SubscriptionChange"}, "ignored"),
            ({"RecordType": "Future"}, "unknown"),
        ):
            with self.subTest(changes=changes):
                [event] = webhook_postmark.read_events(dump(POSTMARK | changes))
                self.assertEqual(event.kind, kind)
                self.assertEqual(event.email, "arthur@example.com")
                self.assertEqual(event.date, datetime(2026, 3, 4, 10, 0))

    def test_its_name_and_password(self):
        given_word = base64.b64encode(b"odoo:secret").decode()
        headers = Headers({"Authorization": f"Basic {given_word}"})
        check = webhook_postmark.is_authentic
        self.assertTrue(check(b"", headers, "odoo:secret", NOW))
        self.assertFalse(check(b"", headers, "odoo:other", NOW))
        self.assertFalse(check(b"", Headers(), "odoo:secret", NOW))
        self.assertFalse(check(b"", headers, "", NOW))
