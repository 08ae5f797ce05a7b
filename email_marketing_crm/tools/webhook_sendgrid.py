"""Twilio SendGrid: the Event Webhook, signed by ECDSA.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/
getting-started-event-webhook-security-features
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .bounce import classify_status, find_status_in, read_refusal
from .webhook import (
    ProviderEvent,
    as_diagnostic,
    as_dict,
    as_list,
    as_message_id,
    as_moment,
    as_seconds,
    as_text,
    is_fresh,
    read_json,
)

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"
_KINDS = {
    "delivered": "delivered",
    "spamreport": "complaint",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
    "group_resubscribe": "ignored",
    "processed": "ignored",
    "deferred": "ignored",
    "open": "ignored",
    "click": "ignored",
}
#: Why SendGrid did not even try.
_DROPPED = {
    "bounced address": "hard_bounce",
    "invalid": "hard_bounce",
    "spam reporting address": "complaint",
    "unsubscribed address": "unsubscribed",
}


def is_authentic(
    body: bytes, headers: Mapping[str, str], secret: str, now: datetime
) -> bool:
    """Whether SendGrid signed lately with the key whose public half is known.

    :param secret: the public key as SendGrid's settings show it (base64 of DER)
    """
    try:
        signature = base64.b64decode(headers.get(SIGNATURE_HEADER, ""), validate=True)
        key = serialization.load_der_public_key(
            base64.b64decode((secret or "").strip(), validate=True)
        )
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        moment = headers.get(TIMESTAMP_HEADER, "")
        key.verify(signature, moment.encode() + body, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, binascii.Error, ValueError):
        return False
    return is_fresh(as_seconds(moment), now)


def read_events(body: bytes) -> list[ProviderEvent]:
    """What a request reports.

    :raises ValueError: for a body that is no JSON
    """
    return [_read_event(as_dict(event)) for event in as_list(read_json(body))]


def _read_event(event: dict) -> ProviderEvent:
    return ProviderEvent(
        _classify(event),
        as_text(event.get("sg_event_id")),
        as_text(event.get("email")),
        as_message_id(event.get("smtp-id")),
        as_moment(event.get("timestamp")),
        as_text(event.get("status"), 16),
        as_diagnostic(event.get("reason") or event.get("response")),
    )


def _classify(event: dict) -> str:
    name = as_text(event.get("event"))
    if name == "dropped":
        return _DROPPED.get(as_text(event.get("reason")).lower(), "ignored")
    if name != "bounce":
        return _KINDS.get(name, "unknown")
    status = find_status_in(as_text(event.get("status")))
    if status and status[1:] != (0, 0):
        return classify_status(status, as_text(event.get("reason"), 1000))
    refusal = read_refusal(as_text(event.get("reason"), 1000))
    if refusal:
        return refusal.kind
    return "policy_bounce" if event.get("type") == "blocked" else "hard_bounce"
