"""Amazon SES: notifications and events that come through SNS topics.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html

Any customer of Amazon can let SNS sign a message: the topic, which is signed too, has
to be one that a manager named. Only then its certificate is of interest.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .bounce import classify_status, find_status_in
from .webhook import (
    ProviderEvent,
    as_diagnostic,
    as_dict,
    as_list,
    as_message_id,
    as_moment,
    as_text,
    is_fresh,
    read_json,
)

#: The receiving server minds the mail, not the address.
POLICY_SUBTYPES = frozenset(
    {"MessageTooLarge", "ContentRejected", "AttachmentRejected"}
)
_IGNORED = frozenset(
    {
        "Send",
        "Open",
        "Click",
        "Reject",
        "Rendering Failure",
        "DeliveryDelay",
        "Subscription",
    }
)
#: Only Amazon's own addresses confirm a subscription.
_SUBSCRIBE_URL = re.compile(
    r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?/\S{0,2000}\Z"
)
#: Nor do others keep the certificates.
_CERTIFICATE_URL = re.compile(
    r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?"
    r"/SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem\Z"
)
#: What Amazon signs of each type of message, in this order.
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = (
    "Message",
    "MessageId",
    "SubscribeURL",
    "Timestamp",
    "Token",
    "TopicArn",
    "Type",
)
_SIGNED = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
#: How it signs, by `SignatureVersion`.
_HASHES = {"1": hashes.SHA1, "2": hashes.SHA256}


def is_authentic(
    body: bytes, headers: Mapping[str, str], secret: str, now: datetime
) -> bool:
    """Whether the topic is one that a manager named, one a line, and of these days.

    That it comes from Amazon is for `is_signed` to tell.
    """
    topics = {line.strip() for line in (secret or "").splitlines() if line.strip()}
    try:
        envelope = as_dict(read_json(body))
    except ValueError:
        return False
    topic = as_text(envelope.get("TopicArn"))
    return any(
        hmac.compare_digest(topic.encode(), known.encode()) for known in topics
    ) and is_fresh(as_moment(envelope.get("Timestamp")), now)


def find_certificate_url(body: bytes) -> str:
    """Where Amazon keeps the certificate of a message; empty for another address.

    :param body: a body that was read before
    """
    url = as_dict(read_json(body)).get("SigningCertURL")
    return url if isinstance(url, str) and _CERTIFICATE_URL.match(url) else ""


def is_signed(body: bytes, certificate: bytes) -> bool:
    """Whether a message was signed with the key of a certificate.

    :param body: a body that was read before
    :param certificate: as PEM
    """
    envelope = as_dict(read_json(body))
    version, kind = envelope.get("SignatureVersion"), envelope.get("Type")
    if not isinstance(version, str) or version not in _HASHES:
        return False
    if not isinstance(kind, str) or kind not in _SIGNED:
        return False
    lines = [
        (name, envelope[name])
        for name in _SIGNED[kind]
        if envelope.get(name) is not None
    ]
    if not all(isinstance(value, str) for _name, value in lines):
        return False
    try:
        key = x509.load_pem_x509_certificate(certificate).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(
            base64.b64decode(str(envelope.get("Signature", "")), validate=True),
            "".join(f"{name}\n{value}\n" for name, value in lines).encode(),
            padding.PKCS1v15(),
            _HASHES[version](),
        )
    except (InvalidSignature, UnsupportedAlgorithm, binascii.Error, ValueError):
        return False
    return True


def read_events(body: bytes) -> list[ProviderEvent]:
    """What a request reports.

    :raises ValueError: for a body that is no JSON
    """
    envelope = as_dict(read_json(body))
    topic = as_text(envelope.get("TopicArn"))
    kind = envelope.get("Type")
    if kind in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        url = as_text(envelope.get("SubscribeURL"), 2048)
        is_ours = kind == "SubscriptionConfirmation" and _SUBSCRIBE_URL.match(url)
        return [
            ProviderEvent("subscription", topic=topic, url=url)
            if is_ours
            else ProviderEvent("ignored", topic=topic)
        ]
    try:
        content = as_dict(read_json(str(envelope.get("Message", "")).encode()))
    except ValueError:
        return [ProviderEvent("unknown", topic=topic)]
    return [event._replace(topic=topic) for event in _read_notification(content)]


def _read_notification(content: dict) -> list[ProviderEvent]:
    name = content.get("notificationType") or content.get("eventType")
    mail = as_dict(content.get("mail"))
    found = {
        "Bounce": _read_bounces,
        "Complaint": _read_complaints,
        "Delivery": _read_deliveries,
    }.get(name if isinstance(name, str) else "")
    if found is None:
        known = isinstance(name, str) and name in _IGNORED
        return [ProviderEvent("ignored" if known else "unknown")]
    message_id = _find_message_id(mail)
    number = as_text(mail.get("messageId"))
    return [
        event._replace(message_id=message_id, id=event.id or f"{name}:{number}:{email}")
        for event in found(as_dict(content.get(str(name).lower())))
        for email in [event.email]
    ] or [ProviderEvent("unknown")]


def _read_bounces(bounce: dict) -> list[ProviderEvent]:
    number = as_text(bounce.get("feedbackId"))
    return [
        ProviderEvent(
            _classify(bounce, as_dict(recipient)),
            number and f"{number}:{as_text(as_dict(recipient).get('emailAddress'))}",
            as_text(as_dict(recipient).get("emailAddress")),
            date=as_moment(bounce.get("timestamp")),
            status=as_text(as_dict(recipient).get("status"), 16),
            diagnostic=as_diagnostic(as_dict(recipient).get("diagnosticCode")),
        )
        for recipient in as_list(bounce.get("bouncedRecipients"))
    ]


def _classify(bounce: dict, recipient: dict) -> str:
    if as_text(bounce.get("bounceSubType")) in POLICY_SUBTYPES:
        return "policy_bounce"
    status = find_status_in(as_text(recipient.get("status")))
    is_permanent = bounce.get("bounceType") == "Permanent"
    if status and status[1] == 7:
        return "policy_bounce"
    if status and not is_permanent:
        # Amazon has given up, but for a reason that passes.
        return "soft_bounce"
    if status and status[1:] != (0, 0):
        return classify_status(status, as_text(recipient.get("diagnosticCode"), 1000))
    return "hard_bounce" if is_permanent else "soft_bounce"


def _read_complaints(complaint: dict) -> list[ProviderEvent]:
    number = as_text(complaint.get("feedbackId"))
    is_withdrawn = complaint.get("complaintFeedbackType") == "not-spam"
    return [
        ProviderEvent(
            "ignored" if is_withdrawn else "complaint",
            number and f"{number}:{as_text(as_dict(recipient).get('emailAddress'))}",
            as_text(as_dict(recipient).get("emailAddress")),
            date=as_moment(complaint.get("timestamp")),
            diagnostic=as_diagnostic(complaint.get("complaintFeedbackType")),
        )
        for recipient in as_list(complaint.get("complainedRecipients"))
    ]


def _read_deliveries(delivery: dict) -> list[ProviderEvent]:
    return [
        ProviderEvent(
            "delivered",
            email=as_text(recipient),
            date=as_moment(delivery.get("timestamp")),
        )
        for recipient in as_list(delivery.get("recipients"))
    ]


def _find_message_id(mail: dict) -> str:
    """The mail's own `Message-ID`: on the way Amazon writes another one.

    That one is of no use here, and tells no more than none.
    """
    for header in as_list(mail.get("headers")):
        if as_text(as_dict(header).get("name")).lower() == "message-id":
            return as_message_id(as_dict(header).get("value"))
    found = as_message_id(as_dict(mail.get("commonHeaders")).get("messageId"))
    return "" if found.endswith("amazonses.com>") else found
