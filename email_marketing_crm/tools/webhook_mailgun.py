"""Mailgun: webhooks, signed by HMAC.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from .bounce import read_refusal
from .webhook import (
    ProviderEvent,
    as_diagnostic,
    as_dict,
    as_message_id,
    as_moment,
    as_seconds,
    as_text,
    is_fresh,
    read_json,
)

_KINDS = {
    "delivered": "delivered",
    "complained": "complaint",
    "unsubscribed": "unsubscribed",
    "accepted": "ignored",
    "rejected": "ignored",
    "opened": "ignored",
    "clicked": "ignored",
    "stored": "ignored",
    "list_member_uploaded": "ignored",
    "list_member_upload_error": "ignored",
    "list_uploaded": "ignored",
}
#: Reasons of a failure for good, where they say more than the server's answer.
_REASONS = {
    "suppress-bounce": "hard_bounce",
    "suppress-complaint": "complaint",
    "suppress-unsubscribe": "unsubscribed",
    "espblock": "policy_bounce",
    "old": "soft_bounce",
}


def is_authentic(
    body: bytes, headers: Mapping[str, str], secret: str, now: datetime
) -> bool:
    """Whether Mailgun signed lately with the webhook signing key."""
    try:
        signature = _read_signature(body)
    except ValueError:
        return False
    signed = as_text(signature.get("timestamp")) + as_text(signature.get("token"))
    expected = hmac.new((secret or "").encode(), signed.encode(), hashlib.sha256)
    given = as_text(signature.get("signature")).encode()
    return (
        bool(secret)
        and hmac.compare_digest(expected.hexdigest().encode(), given)
        and is_fresh(as_seconds(signature.get("timestamp")), now)
    )


def read_nonce(body: bytes) -> str:
    """What was signed: nothing of the event, so that it must be taken once only."""
    signature = _read_signature(body)
    return f"{as_text(signature.get('timestamp'))}:{as_text(signature.get('token'))}"


def _read_signature(body: bytes) -> dict:
    return as_dict(as_dict(read_json(body)).get("signature"))


def read_events(body: bytes) -> list[ProviderEvent]:
    """What a request reports.

    :raises ValueError: for a body that is no JSON
    """
    event = as_dict(as_dict(read_json(body)).get("event-data"))
    message = as_dict(as_dict(event.get("message")).get("headers"))
    status = as_dict(event.get("delivery-status"))
    answer = as_text(status.get("message") or status.get("description"), 1000)
    answer = f"{as_text(status.get('code'))} {answer}"
    refusal = read_refusal(answer)
    return [
        ProviderEvent(
            _classify(event, answer),
            as_text(event.get("id")),
            as_text(event.get("recipient")),
            as_message_id(message.get("message-id")),
            as_moment(event.get("timestamp")),
            refusal.status if refusal else "",
            as_diagnostic(answer) if status else "",
        )
    ]


def _classify(event: dict, answer: str) -> str:
    name = as_text(event.get("event"))
    if name != "failed":
        return _KINDS.get(name, "unknown")
    if event.get("severity") != "permanent":
        return "ignored"  # Mailgun goes on trying
    reason = as_text(event.get("reason"))
    if reason in _REASONS:
        return _REASONS[reason]
    refusal = read_refusal(answer)
    return refusal.kind if refusal else "soft_bounce"
