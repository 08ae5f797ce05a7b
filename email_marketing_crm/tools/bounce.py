"""What a message that came back instead of arriving says, or a server's refusal.

The enhanced status code of RFC 3463 decides where there is one; otherwise the words of
the server, and flufl.bounce, which reads the dialects of older servers. 5.7.x is a
policy of the receiving server about the sender and 5.2.2 a full mailbox: neither says
that the address is wrong.
"""

import logging
import re
from email.message import Message
from typing import NamedTuple

from flufl.bounce import scan_message

_logger = logging.getLogger(__name__)

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
#: An SMTP reply, as it is written by servers and by Python: `(550, b'5.1.1 no')`.
_REPLY = re.compile(r"(?<![\d.])\(?([245])(\d\d)(?=[ ,-]|$)")
_UNKNOWN_USER = re.compile(
    r"(?:user|recipient|mailbox|account|address)\W+(?:is\s+)?"
    r"(?:unknown|not\s+found|does\s*n.?t\s+exist|does\s+not\s+exist|disabled|invalid)"
    r"|no\s+such\s+(?:user|recipient|mailbox|address|person)"
    r"|unknown\s+(?:user|recipient|mailbox|address)"
    r"|invalid\s+(?:user|recipient|mailbox|address)|user\s+doesn.t\s+have",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"\bspam|blocked|black\s?list|block\s?list|\bdnsbl|\brbl\b|\bdmarc|\bspf\b|\bdkim"
    r"|reputation|policy|not\s+authenticated|unsolicited|access\s+denied"
    r"|too\s+many\s+(?:messages|connections)|rate\s?limit",
    re.IGNORECASE,
)
#: How much of what a server wrote is kept.
MAX_DIAGNOSTIC = 200


class Bounce(NamedTuple):
    """What came of a mail that was not taken.

    ``hard_bounce``    the address is no good for ever
    ``soft_bounce``    not now: full, away, broken
    ``policy_bounce``  the server does not want mail like this from this sender
    """

    kind: str
    #: enhanced status code such as `5.1.1`, empty where there is none
    status: str = ""
    #: what the server wrote
    diagnostic: str = ""


def read_bounce(message: Message) -> Bounce:
    """What a delivery status notification says.

    :param message: the parsed notification
    """
    diagnostic = _find_diagnostic(message)
    status = find_status(message) or find_status_in(diagnostic)
    if status:
        return Bounce(classify_status(status), _write(status), diagnostic)
    try:
        _temporary, permanent = scan_message(message)
    except Exception:
        # Its detectors trip over messages that lack what their server always sends;
        # a mail that cannot be read must not stop the gateway, nor block an address.
        _logger.info("A bounce could not be read", exc_info=True)
        return Bounce("soft_bounce", diagnostic=diagnostic)
    if _POLICY.search(diagnostic):
        return Bounce("policy_bounce", diagnostic=diagnostic)
    return Bounce("hard_bounce" if permanent else "soft_bounce", "", diagnostic)


def read_refusal(text: str) -> Bounce | None:
    """What a mail server answered when it refused a recipient or a mail.

    :param text: the answer, also as Python's exceptions write it
    :returns: None for what is no answer of a mail server, and for 2xx
    """
    reply = _REPLY.search(text or "")
    if not reply or reply[1] == "2":
        return None
    answer = text[reply.start() :]
    diagnostic = " ".join(answer.split())[:MAX_DIAGNOSTIC]
    status = find_status_in(answer)
    if status:
        return Bounce(classify_status(status), _write(status), diagnostic)
    if _POLICY.search(answer):
        return Bounce("policy_bounce", "", diagnostic)
    is_hard = reply[1] == "5" and _UNKNOWN_USER.search(answer)
    return Bounce("hard_bounce" if is_hard else "soft_bounce", "", diagnostic)


def classify_status(status: tuple[int, int, int]) -> str:
    """Kind of an enhanced status code, see `Bounce`; 2.x.x is no bounce at all."""
    if status[1] == 7:
        return "policy_bounce"
    return "hard_bounce" if is_permanent(status) else "soft_bounce"


def find_status(message: Message) -> tuple[int, int, int] | None:
    """The enhanced status code of a notification, as three numbers."""
    for block in _get_status_blocks(message):
        found = _STATUS.search(str(block.get("Status", "")))
        if found:
            return tuple(int(number) for number in found.groups())
    return None


def find_status_in(text: str) -> tuple[int, int, int] | None:
    """The first enhanced status code of a refusal in a text."""
    found = _STATUS.search(text)
    if not found or found[1] == "2":
        return None
    return tuple(int(number) for number in found.groups())


def is_permanent(status: tuple[int, int, int]) -> bool:
    """Whether a status says that the address itself does not work."""
    kind, subject, detail = status
    return kind == 5 and subject in (0, 1, 2, 4, 5) and (subject, detail) != (2, 2)


def is_automatic_reply(message: Message) -> bool:
    """Whether a machine answered: an absence note or another automatic mail.

    RFC 3834 asks for `Auto-Submitted`; Exchange and older programs use the others.
    """
    submitted = str(message.get("Auto-Submitted", "no")).strip().lower()
    if submitted and not submitted.startswith("no"):
        return True
    if message.get("X-Autoreply") or message.get("X-Autorespond"):
        return True
    precedence = str(message.get("Precedence", "")).strip().lower()
    return precedence in ("auto_reply", "auto-reply")


def _get_status_blocks(message: Message) -> list[Message]:
    return [
        block
        for part in message.walk()
        if part.get_content_type() == "message/delivery-status"
        for block in part.get_payload()
        if isinstance(block, Message)
    ]


def _find_diagnostic(message: Message) -> str:
    """What the refusing server wrote, else the first lines for humans."""
    for block in _get_status_blocks(message):
        if block.get("Diagnostic-Code"):
            return " ".join(str(block["Diagnostic-Code"]).split())[:MAX_DIAGNOSTIC]
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True) or b""
            return " ".join(payload.decode("utf-8", "replace").split())[:MAX_DIAGNOSTIC]
    return ""


def _write(status: tuple[int, int, int]) -> str:
    return ".".join(str(number) for number in status)
