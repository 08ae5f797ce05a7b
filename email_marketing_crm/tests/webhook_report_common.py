"""Reports of mail providers, from their own examples, and how they are signed."""

import base64
import json
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from odoo.addons.email_marketing_crm.tools.webhook import MAX_AGE

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
