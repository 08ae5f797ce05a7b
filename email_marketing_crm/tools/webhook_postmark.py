"""Postmark: webhooks, with a name and password in the request (HTTP Basic).

https://postmarkapp.com/developer/webhooks/webhooks-overview
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime

from .webhook import (
    ProviderEvent,
    as_diagnostic,
    as_dict,
    as_moment,
    as_text,
    read_json,
)

#: https://postmarkapp.com/developer/api/bounce-api#bounce-types
_BOUNCES = {
    "HardBounce": "hard_bounce",
    "BadEmailAddress": "hard_bounce",
    "Transient": "soft_bounce",
    "SoftBounce": "soft_bounce",
    "DnsError": "soft_bounce",
    "Unknown": "soft_bounce",
    "Undeliverable": "soft_bounce",
    "Blocked": "policy_bounce",
    "SpamNotification": "policy_bounce",
    "VirusNotification": "policy_bounce",
    "DMARCPolicy": "policy_bounce",
    "SpamComplaint": "complaint",
    "Unsubscribe": "unsubscribed",
    "AutoResponder": "ignored",
    "AddressChange": "ignored",
    "Subscribe": "ignored",
    "ChallengeVerification": "ignored",
    "OpenRelayTest": "ignored",
    "ManuallyDeactivated": "ignored",
    "Unconfirmed": "ignored",
    "SMTPApiError": "ignored",
    "InboundError": "ignored",
    "TemplateRenderingFailed": "ignored",
}
_RECORDS = {
    "Delivery": "delivered",
    "SpamComplaint": "complaint",
    "Open": "ignored",
    "Click": "ignored",
}
#: Why Postmark stopped mail to an address; bounces and complaints are told apart too.
_SUPPRESSIONS = {"ManualSuppression": "unsubscribed"}


def is_authentic(
    body: bytes, headers: Mapping[str, str], secret: str, now: datetime
) -> bool:
    """Whether the request has the name and password of the settings.

    :param secret: `name:password`
    """
    kind, _space, value = headers.get("Authorization", "").partition(" ")
    try:
        given = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return (
        bool(secret)
        and kind.lower() == "basic"
        and hmac.compare_digest(given, secret.strip().encode())
    )


def read_events(body: bytes) -> list[ProviderEvent]:
    """What a request reports.

    :raises ValueError: for a body that is no JSON
    """
    record = as_dict(read_json(body))
    kind = _classify(record)
    name = as_text(record.get("RecordType"))
    moment = next(
        (
            record[key]
            for key in ("BouncedAt", "DeliveredAt", "ChangedAt", "ReceivedAt")
            if record.get(key)
        ),
        None,
    )
    email = as_text(record.get("Email") or record.get("Recipient"))
    number = as_text(record.get("ID"))
    # A delivery or a change has no number of its own: the mail's and its moment.
    number = number or f"{as_text(record.get('MessageID'))}:{email}:{as_text(moment)}"
    return [
        ProviderEvent(
            kind,
            f"{name}:{number}",
            email,
            date=as_moment(moment),
            diagnostic=as_diagnostic(record.get("Details")),
        )
    ]


def _classify(record: dict) -> str:
    name = as_text(record.get("RecordType"))
    if name == "Bounce":
        return _BOUNCES.get(as_text(record.get("Type")), "unknown")
    if name == "SubscriptionChange":
        if record.get("SuppressSending") is not True:
            return "ignored"
        return _SUPPRESSIONS.get(as_text(record.get("SuppressionReason")), "ignored")
    return _RECORDS.get(name, "unknown")
