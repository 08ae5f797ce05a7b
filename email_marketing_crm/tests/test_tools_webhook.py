"""What mail providers report, from their own examples."""

import base64
import hashlib
import hmac
import json
import unittest
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from odoo.addons.email_marketing_crm.tools import (
    webhook_mailgun,
    webhook_postmark,
    webhook_sendgrid,
    webhook_ses,
)
from odoo.addons.email_marketing_crm.tools.webhook import (
    MAX_AGE,
    MAX_AHEAD,
    TELLING_KINDS,
    as_seconds,
    is_fresh,
)

ADAPTERS = (webhook_ses, webhook_sendgrid, webhook_mailgun, webhook_postmark)
KINDS = TELLING_KINDS | {"ignored", "unknown", "subscription"}
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mails"
CERTIFICATE_URL = (
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-01234567abcdef.pem"
)
NOW = datetime(2026, 3, 4, 10, 0)
LATER = NOW + MAX_AGE + timedelta(seconds=1)

SES_BOUNCE = {
    "notificationType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {
                "emailAddress": "jane@example.com",
                "status": "5.1.1",
                "action": "failed",
                "diagnosticCode": "smtp; 550 5.1.1 <jane@example.com>... User",
            }
        ],
        "reportingMTA": "dns; email.example.com",
        "timestamp": "2026-03-04T09:58:45.123Z",
        "feedbackId": "00000138111222aa-33322211",
        "remoteMtaIp": "127.0.2.0",
    },
    "mail": {
        "timestamp": "2026-03-04T09:58:44.000Z",
        "source": "news@pumps.example.com",
        "messageId": "00000138111222aa-33322211-cccc",
        "destination": ["jane@example.com"],
        "headers": [
            {"name": "From", "value": "news@pumps.example.com"},
            {"name": "Message-ID", "value": "<ours@pumps.example.com>"},
        ],
        "commonHeaders": {"messageId": "<amazon@email.amazonses.com>"},
    },
}
SES_COMPLAINT = {
    "eventType": "Complaint",
    "complaint": {
        "userAgent": "AnyCompany Feedback Loop (V0.01)",
        "complainedRecipients": [{"emailAddress": "richard@example.com"}],
        "complaintFeedbackType": "abuse",
        "timestamp": "2026-03-04T09:58:45.000Z",
        "feedbackId": "000001378603177f-18c07c78",
    },
    "mail": SES_BOUNCE["mail"],
}
SES_DELIVERY = {
    "notificationType": "Delivery",
    "delivery": {
        "timestamp": "2026-03-04T09:58:45.000Z",
        "recipients": ["jane@example.com", "ed@example.com"],
        "smtpResponse": "250 ok",
    },
    "mail": SES_BOUNCE["mail"],
}
SENDGRID = [
    {
        "email": "example@test.com",
        "timestamp": 1772618400,
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "event": "processed",
        "sg_event_id": "rbtnWrG1DVDGGGFHFyun0A==",
    },
    {
        "email": "example@test.com",
        "timestamp": 1772618400,
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "bounce_classification": "Invalid Address",
        "event": "bounce",
        "sg_event_id": "6g4ZI7SA-xmRDv57GoPIPw==",
        "reason": "500 unknown recipient",
        "status": "5.0.0",
        "type": "bounce",
    },
    {
        "email": "blocked@test.com",
        "timestamp": 1772618400,
        "event": "bounce",
        "sg_event_id": "blocked",
        "reason": "550 5.7.1 Service unavailable; client blocked",
        "status": "5.7.1",
        "type": "blocked",
    },
    {
        "email": "example@test.com",
        "timestamp": 1772618400,
        "event": "spamreport",
        "sg_event_id": "37nvH5QBz858KGVYCM4uOA==",
    },
    {
        "email": "example@test.com",
        "timestamp": 1772618400,
        "event": "dropped",
        "sg_event_id": "zmzJhfJgAfUSOW80yEbPyw==",
        "reason": "Bounced Address",
        "status": "5.0.0",
    },
    {"email": "example@test.com", "event": "tomorrow", "sg_event_id": "x"},
]
MAILGUN = {
    "signature": {
        "timestamp": "1772618400",
        "token": "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0",
    },
    "event-data": {
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "timestamp": 1772618400.000001,
        "recipient": "alice@example.com",
        "message": {"headers": {"message-id": "20130503192659.13651@example.org"}},
        "delivery-status": {
            "code": 550,
            "message": "5.1.1 The email account that you tried to reach does not exist",
            "description": "",
        },
    },
}
POSTMARK = {
    "RecordType": "Bounce",
    "ID": 4323372036854775807,
    "Type": "HardBounce",
    "TypeCode": 1,
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Details": "smtp;550 5.1.1 The email account does not exist",
    "Email": "arthur@example.com",
    "From": "notifications@example.com",
    "BouncedAt": "2026-03-04T10:00:00.0000000Z",
}


@cache
def amazon():
    """A key that signs as Amazon's does, and its certificate as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return key, certificate.public_bytes(serialization.Encoding.PEM)


def sign_as_amazon(envelope, names, version="2"):
    """A message of SNS with its signature of these fields, in this order."""
    key, _certificate = amazon()
    signed = "".join(
        f"{name}\n{envelope[name]}\n" for name in names.split() if name in envelope
    )
    digest = {"1": hashes.SHA1(), "2": hashes.SHA256()}[version]
    signature = key.sign(signed.encode(), padding.PKCS1v15(), digest)
    return envelope | {
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": CERTIFICATE_URL,
    }


def sns(content, topic=TOPIC, version="2", **values):
    return dump(
        sign_as_amazon(
            {
                "Type": "Notification",
                "MessageId": "22b80b92",
                "TopicArn": topic,
                "Message": json.dumps(content),
                "Timestamp": "2026-03-04T09:59:00.000Z",
                **values,
            },
            "Message MessageId Subject Timestamp TopicArn Type",
            version,
        )
    )


def sns_question(url):
    """Amazon asks whether we want its notifications."""
    return dump(
        sign_as_amazon(
            {
                "Type": "SubscriptionConfirmation",
                "MessageId": "165545c9",
                "Token": "2336412f37",
                "TopicArn": TOPIC,
                "Message": "You have chosen to subscribe to the topic",
                "SubscribeURL": url,
                "Timestamp": "2026-03-04T09:59:00.000Z",
            },
            "Message MessageId SubscribeURL Timestamp Token TopicArn Type",
        )
    )


def dump(value):
    return json.dumps(value).encode()


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


class TestAmazon(unittest.TestCase):
    def test_a_bounce_for_good(self):
        [event] = webhook_ses.read_events(sns(SES_BOUNCE))
        self.assertEqual(event.kind, "hard_bounce")
        self.assertEqual(event.email, "jane@example.com")
        self.assertEqual(event.message_id, "<ours@pumps.example.com>")
        self.assertEqual(event.date, datetime(2026, 3, 4, 9, 58, 45))
        self.assertEqual(event.status, "5.1.1")
        self.assertTrue(event.id)

    def test_kinds_of_bounces(self):
        for kind, subtype, status, expected in (
            ("Permanent", "OnAccountSuppressionList", None, "hard_bounce"),
            ("Permanent", "General", "5.7.1", "policy_bounce"),
            ("Transient", "MailboxFull", "5.2.2", "soft_bounce"),
            ("Transient", "General", "5.1.1", "soft_bounce"),
            ("Transient", "ContentRejected", "5.6.1", "policy_bounce"),
            ("Undetermined", "Undetermined", None, "soft_bounce"),
        ):
            with self.subTest(kind=kind, subtype=subtype, status=status):
                content = json.loads(json.dumps(SES_BOUNCE))
                content["bounce"].update(bounceType=kind, bounceSubType=subtype)
                content["bounce"]["bouncedRecipients"][0]["status"] = status
                [event] = webhook_ses.read_events(sns(content))
                self.assertEqual(event.kind, expected)

    def test_complaints_and_deliveries(self):
        [complaint] = webhook_ses.read_events(sns(SES_COMPLAINT))
        self.assertEqual(complaint.kind, "complaint")
        deliveries = webhook_ses.read_events(sns(SES_DELIVERY))
        self.assertEqual([event.kind for event in deliveries], ["delivered"] * 2)
        self.assertEqual(len({event.id for event in deliveries}), 2)

    def test_a_complaint_taken_back_is_none(self):
        content = json.loads(json.dumps(SES_COMPLAINT))
        content["complaint"]["complaintFeedbackType"] = "not-spam"
        [event] = webhook_ses.read_events(sns(content))
        self.assertEqual(event.kind, "ignored")

    def test_only_topics_of_ours(self):
        def check(body, secret, now=NOW):
            return webhook_ses.is_authentic(body, {}, secret, now)

        self.assertTrue(check(sns({}), f"arn:other\n {TOPIC} \n"))
        self.assertFalse(check(sns({}, topic="arn:other"), TOPIC))
        self.assertFalse(check(sns({}, topic=""), ""))
        self.assertFalse(check(b"no json", TOPIC))
        self.assertFalse(check(sns({}), TOPIC, LATER))

    def test_its_signature(self):
        _key, certificate = amazon()
        for body in (
            sns(SES_BOUNCE),
            sns(SES_BOUNCE, version="1"),
            sns(SES_BOUNCE, Subject="Amazon SES Email Event Notification"),
            sns_question("https://sns.eu-west-1.amazonaws.com/?Action=Confirm"),
        ):
            self.assertTrue(webhook_ses.is_signed(body, certificate))
            envelope = json.loads(body)
            for name in set(envelope) - {"SigningCertURL"}:
                for value in ("other", None, [], {}):
                    with self.subTest(name=name, value=value):
                        forged = dump(envelope | {name: value})
                        self.assertFalse(webhook_ses.is_signed(forged, certificate))
            added = dump(envelope | {"Subject": "Another subject"})
            if envelope["Type"] == "Notification":
                self.assertFalse(webhook_ses.is_signed(added, certificate))
        self.assertFalse(webhook_ses.is_signed(sns({}), b"no certificate"))

    def test_only_amazon_keeps_certificates(self):
        def find(url):
            return webhook_ses.find_certificate_url(dump({"SigningCertURL": url}))

        self.assertEqual(find(CERTIFICATE_URL), CERTIFICATE_URL)
        china = CERTIFICATE_URL.replace(
            "eu-west-1.amazonaws.com", "cn-north-1.amazonaws.com.cn"
        )
        self.assertEqual(find(china), china)
        for url in (
            CERTIFICATE_URL.replace("https", "http"),
            CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.evil.example"),
            CERTIFICATE_URL.replace("sns.", "evil.example/sns."),
            CERTIFICATE_URL.replace("https://", "https://evil.example@"),
            CERTIFICATE_URL.replace("/Simple", ":8443/Simple"),
            CERTIFICATE_URL.replace("/Simple", "/../Simple"),
            "https://bucket.s3.amazonaws.com/SimpleNotificationService-01.pem",
            CERTIFICATE_URL + "\n",
            CERTIFICATE_URL + "?x",
            "",
            None,
            ["https"],
        ):
            with self.subTest(url=url):
                self.assertEqual(find(url), "")

    def test_amazons_own_number_of_a_mail_is_of_no_use(self):
        content = json.loads(json.dumps(SES_BOUNCE))
        del content["mail"]["headers"]
        [event] = webhook_ses.read_events(sns(content))
        self.assertEqual(event.message_id, "")
        content["mail"]["commonHeaders"]["messageId"] = "<ours@pumps.example.com>"
        [event] = webhook_ses.read_events(sns(content))
        self.assertEqual(event.message_id, "<ours@pumps.example.com>")

    def test_a_subscription_is_confirmed_at_amazon_only(self):
        for url, kind in (
            ("https://sns.eu-west-1.amazonaws.com/?Action=Confirm", "subscription"),
            ("https://sns.evil.example/amazonaws.com/", "ignored"),
            ("http://sns.eu-west-1.amazonaws.com/", "ignored"),
        ):
            with self.subTest(url=url):
                body = dump(
                    {
                        "Type": "SubscriptionConfirmation",
                        "TopicArn": TOPIC,
                        "SubscribeURL": url,
                    }
                )
                [event] = webhook_ses.read_events(body)
                self.assertEqual(event.kind, kind)


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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Type",
                    "Message",
                    "TopicArn",
                    "notificationType",
                    "bounce",
                    "mail",
                    "headers",
                    "event",
                    "event-data",
                    "signature",
                    "timestamp",
                    "delivery-status",
                    "RecordType",
                    "Email",
                    "email",
                    "status",
                    "reason",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


def mutate(sample):
    """Any value somewhere in a sample of a provider."""

    def place(value, noise, path):
        if not path:
            return noise
        if isinstance(value, dict) and value:
            key = list(value)[path[0] % len(value)]
            return value | {key: place(value[key], noise, path[1:])}
        if isinstance(value, list) and value:
            index = path[0] % len(value)
            inner = place(value[index], noise, path[1:])
            return [*value[:index], inner, *value[index + 1 :]]
        return noise

    return st.builds(
        lambda noise, path: place(sample, noise, path),
        JSON,
        st.lists(st.integers(0, 20), min_size=1, max_size=5),
    )


class TestAnything(unittest.TestCase):
    """Whatever comes, there is an answer, and it fits into the database."""

    def check(self, adapter, body):
        try:
            events = adapter.read_events(body)
        except ValueError:
            return
        for event in events:
            self.assertIn(event.kind, KINDS)
            for text in (event.id, event.email, event.message_id, event.diagnostic):
                text.encode()
                self.assertNotIn("\x00", text)
                self.assertLess(len(text), 1200)

    @given(JSON)
    def test_any_json(self, value):
        body = dump(value)
        for adapter in ADAPTERS:
            self.check(adapter, body)
            adapter.is_authentic(body, Headers(), "some:secret", NOW)

    @given(st.binary(max_size=100))
    def test_any_bytes(self, body):
        for adapter in ADAPTERS:
            self.check(adapter, body)
            self.assertFalse(adapter.is_authentic(body, Headers(), "some:secret", NOW))

    @given(mutate(SES_BOUNCE) | mutate(SES_COMPLAINT) | mutate(SES_DELIVERY))
    def test_amazon_with_one_thing_wrong(self, content):
        self.check(webhook_ses, sns(content))

    @given(mutate(json.loads(sns(SES_BOUNCE))))
    def test_a_signature_with_one_thing_wrong(self, envelope):
        _key, certificate = amazon()
        body = dump(envelope)
        webhook_ses.is_authentic(body, Headers(), TOPIC, NOW)
        webhook_ses.find_certificate_url(body)
        webhook_ses.is_signed(body, certificate)

    @given(mutate(SENDGRID))
    def test_sendgrid_with_one_thing_wrong(self, content):
        self.check(webhook_sendgrid, dump(content))

    @given(mutate(MAILGUN))
    def test_mailgun_with_one_thing_wrong(self, content):
        self.check(webhook_mailgun, dump(content))
        webhook_mailgun.is_authentic(dump(content), Headers(), "key", NOW)
        webhook_mailgun.read_nonce(dump(content))

    @given(mutate(POSTMARK))
    def test_postmark_with_one_thing_wrong(self, content):
        self.check(webhook_postmark, dump(content))
