"""What SendGrid reports, and how it signs that."""

import base64
import unittest
from datetime import datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.datastructures import Headers

from odoo.addons.email_marketing_crm.tools import webhook_sendgrid

from .webhook_report_common import LATER, NOW, SENDGRID, dump


class TestSendGrid(unittest.TestCase):
    def test_its_events(self):
        events = webhook_sendgrid.read_events(dump(SENDGRID))
        self.assertEqual(
            [event.kind for event in events],
            [
                "ignored",
                "hard_bounce",
                "policy_bounce",
                "complaint",
                "hard_bounce",
                "unknown",
            ],
        )
        self.assertEqual(events[1].message_id, "<14c5d75ce93.dfd.64b469@ismtpd-555>")
        self.assertEqual(events[1].date, datetime(2026, 3, 4, 10, 0))

    def test_its_signature(self):
        key = ec.generate_private_key(ec.SECP256R1())
        public = base64.b64encode(
            key.public_key().public_bytes(
                serialization.Encoding.DER,
                serialization.PublicFormat.SubjectPublicKeyInfo,
            )
        ).decode()
        body = dump(SENDGRID)
        signature = key.sign(b"1772618400" + body, ec.ECDSA(hashes.SHA256()))
        headers = Headers(
            {
                webhook_sendgrid.SIGNATURE_HEADER: base64.b64encode(signature).decode(),
                webhook_sendgrid.TIMESTAMP_HEADER: "1772618400",
            }
        )
        check = webhook_sendgrid.is_authentic
        self.assertTrue(check(body, headers, public, NOW))
        self.assertFalse(check(body, headers, public, LATER))
        self.assertFalse(check(body + b" ", headers, public, NOW))
        self.assertFalse(check(body, Headers(), public, NOW))
        for wrong in ("", "no key", base64.b64encode(b"no key").decode()):
            self.assertFalse(check(body, headers, wrong, NOW))
