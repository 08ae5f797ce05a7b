"""Complaints: what a mailbox provider sends when a reader presses “Spam” (RFC 5965).

A report is a `multipart/report` with a machine-readable part and the mail that was
complained about, or its headers. Providers often black out the reader's address; the
`Message-ID` of the mail, which only its recipients know, says who it was.
"""

import re
from email import message_from_string
from email.message import Message
from typing import NamedTuple

#: Types of feedback (RFC 5965, 7.3; RFC 6430 and the registry of the IANA) that
#: mean: no more of this. `not-spam` takes a complaint back, `virus` and
#: `auth-failure` say nothing about what the reader wants.
COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "other"})
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_MAX_TEXT = 200


class FeedbackReport(NamedTuple):
    """What a report says, as far as it says it."""

    #: in lower case, `abuse` where it is missing
    feedback_type: str
    #: of the mail that was complained about, with its brackets
    message_ids: tuple[str, ...]
    #: the program that wrote the report
    user_agent: str

    @property
    def is_complaint(self) -> bool:
        """Whether the reader wants no more of this."""
        return self.feedback_type in COMPLAINTS


def read_feedback(message: Message) -> FeedbackReport | None:
    """The report in a message; None for a message that is no feedback report.

    :param message: as it was parsed, whatever it holds
    """
    fields = _find_fields(message)
    if fields is None:
        return None
    kind = str(fields.get("Feedback-Type", "")).strip().lower() or "abuse"
    agent = " ".join(str(fields.get("User-Agent", "")).split())[:_MAX_TEXT]
    return FeedbackReport(kind, _find_message_ids(message), agent)


def _find_fields(message: Message) -> Message | None:
    """The machine-readable part, which parsers leave as text or as a message."""
    for part in message.walk():
        if part.get_content_type() != "message/feedback-report":
            continue
        payload = part.get_payload()
        if isinstance(payload, list):
            return payload[0] if payload and isinstance(payload[0], Message) else part
        return message_from_string(_get_text(part))
    return None


def _find_message_ids(message: Message) -> tuple[str, ...]:
    found: list[str] = []
    for part in message.walk():
        kind = part.get_content_type()
        payload = part.get_payload()
        if kind == "text/rfc822-headers":
            original = message_from_string(_get_text(part))
        elif kind == "message/rfc822" and isinstance(payload, list) and payload:
            original = payload[0]
        else:
            continue
        if isinstance(original, Message):
            found += _MESSAGE_ID.findall(str(original.get("Message-ID", "")))
    return tuple(dict.fromkeys(found))


def _get_text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if payload is None:
        payload = str(part.get_payload()).encode("utf-8", "replace")
    return payload.decode("utf-8", "replace").lstrip("\r\n")
