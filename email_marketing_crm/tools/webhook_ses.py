"""Amazon SES: notifications and events that come through SNS topics.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html

SNS signs with a certificate that has to be fetched from Amazon for each check. This
add-on asks nobody on the network because a stranger wants it to: the address holds a
secret token, and only topics that a manager named are taken.
"""

import hmac
import re
from collections.abc import Mapping

from .bounce import classify_status, find_status_in
from .webhook import (
    ProviderEvent,
    as_diagnostic,
    as_dict,
    as_list,
    as_message_id,
    as_moment,
    as_text,
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


def is_authentic(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    """Whether the topic is one of those that a manager named, one a line."""
    topics = {line.strip() for line in (secret or "").splitlines() if line.strip()}
    try:
        topic = as_text(as_dict(read_json(body)).get("TopicArn"))
    except ValueError:
        return False
    return any(hmac.compare_digest(topic.encode(), known.encode()) for known in topics)


def read_events(body: bytes) -> list[ProviderEvent]:
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
        return classify_status(status)
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
    """The mail's own `Message-ID`: on the way Amazon writes another one."""
    for header in as_list(mail.get("headers")):
        if as_text(as_dict(header).get("name")).lower() == "message-id":
            return as_message_id(as_dict(header).get("value"))
    return as_message_id(as_dict(mail.get("commonHeaders")).get("messageId"))
