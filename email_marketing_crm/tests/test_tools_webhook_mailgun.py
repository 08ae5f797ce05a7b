"""What Mailgun reports, and how it signs that."""

import hashlib
import hmac
import unittest

from odoo.addons.email_marketing_crm.tools import webhook_mailgun

from .webhook_report_common import LATER, MAILGUN, NOW, dump


class TestMailgun(unittest.TestCase):
    def test_a_failure_for_good(self):
        [event] = webhook_mailgun.read_events(dump(MAILGUN))
        self.assertEqual(event.kind, "hard_bounce")
        self.assertEqual(event.email, "alice@example.com")
        self.assertEqual(event.message_id, "<20130503192659.13651@example.org>")
        self.assertEqual(event.status, "5.1.1")

    def test_other_events(self):
        for changes, kind in (
            ({"severity": "temporary"}, "ignored"),
            ({"reason": "suppress-complaint"}, "complaint"),
            ({"reason": "old", "delivery-status": {}}, "soft_bounce"),
            ({"event": "complained"}, "complaint"),
            ({"event": "delivered"}, "delivered"),
            ({"event": "opened"}, "ignored"),
            ({"event": "future"}, "unknown"),
        ):
            with self.subTest(changes=changes):
                data = {"event-data": MAILGUN["event-data"] | changes}
                [event] = webhook_mailgun.read_events(dump(data))
                self.assertEqual(event.kind, kind)

    def test_its_signature(self):
        signature = MAILGUN["signature"]
        signed = (signature["timestamp"] + signature["token"]).encode()
        right = hmac.new(b"key", signed, hashlib.sha256).hexdigest()
        body = dump(MAILGUN | {"signature": signature | {"signature": right}})
        check = webhook_mailgun.is_authentic
        self.assertTrue(check(body, {}, "key", NOW))
        self.assertFalse(check(body, {}, "key", LATER))
        self.assertFalse(check(body, {}, "other", NOW))
        self.assertFalse(check(body, {}, "", NOW))
        self.assertFalse(check(dump(MAILGUN), {}, "key", NOW))
        self.assertEqual(
            webhook_mailgun.read_nonce(body), f"1772618400:{signature['token']}"
        )
