"""What a message that came back instead of arriving says, or a server's refusal.

The enhanced status code of RFC 3463 decides where there is one; otherwise the words of
the server, and flufl.bounce, which reads the dialects of older servers. 5.7.x is a
policy of the receiving server about the sender, 5.1.7 and 5.1.8 mean the address of the
sender, 5.2.2 is a full mailbox, 5.4.6 a loop: none says that the address is wrong.
"""

import logging
import re
from email.message import Message
from typing import NamedTuple

from flufl.bounce import scan_message

_logger = logging.getLogger(__name__)

#: No network address: `5.1.66.12` is none, nor is what such a number ends with.
_STATUS = re.compile(r"(?<![\w.])([245])\.([0-7])\.(\d{1,3})\b(?!\.\d)")
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
#: Who is refused is the sender, whatever code comes with it; Python's name for it too.
_SENDER = re.compile(
    r"SMTPSenderRefused"
    r"|\bsender\s+(?:(?:address|domain|host)\s+)?(?:is\s+)?"
    r"(?:rejected|refused|denied|blocked|unknown|invalid|not\s+allowed)"
    r"|\bsender\s+verif\w+\s+failed",
    re.IGNORECASE,
)
#: (subject, detail) of class 5 that mean an address which does not work: all of 5.1
#: but the sender's, a mailbox that is switched off, a domain that nothing leads to
#: (5.4.1 is how Exchange Online names a recipient it does not know), and 5.0.0, the
#: code of servers that give none.
_PERMANENT = frozenset(
    {(0, 0), (1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (1, 6), (1, 10)}
    | {(2, 1), (4, 1), (4, 4), (4, 310)}
)
#: The sender's address is wrong, or its domain does not exist.
_SENDER_DETAILS = frozenset({(1, 7), (1, 8)})
#: Codes that say as good as nothing: the words beside them count.
_VAGUE = frozenset({(0, 0), (5, 0)})
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
        return Bounce(classify_status(status, diagnostic), _write(status), diagnostic)
    try:
        _temporary, permanent = scan_message(message)
    except Exception:
        # Its detectors trip over messages that lack what their server always sends;
        # a mail that cannot be read must not stop the gateway, nor block an address.
        _logger.info("A bounce could not be read", exc_info=True)
        return Bounce("soft_bounce", diagnostic=diagnostic)
    if _POLICY.search(diagnostic) or _SENDER.search(diagnostic):
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
        return Bounce(classify_status(status, text), _write(status), diagnostic)
    if _POLICY.search(answer) or _SENDER.search(text):
        return Bounce("policy_bounce", "", diagnostic)
    is_hard = reply[1] == "5" and _UNKNOWN_USER.search(answer)
    return Bounce("hard_bounce" if is_hard else "soft_bounce", "", diagnostic)


def is_failure(message: Message) -> bool:
    """Whether a notification says that a mail did not arrive and will not.

    RFC 3464 has notifications of mails that are late, that arrived or that went to a
    server which notifies nobody, too; RFC 8098 those of mails that were displayed. Who
    says nothing of what became of it means a failure.

    :param message: the parsed notification
    """
    if str(message.get_param("report-type")).lower() == "disposition-notification":
        return False
    blocks = _get_status_blocks(message)
    if any(block.get("Action") for block in blocks):
        return any(_has_failed(block) for block in blocks)
    statuses = [str(block["Status"]) for block in blocks if block.get("Status")]
    return not statuses or any(status.strip()[:1] != "2" for status in statuses)


def classify_status(status: tuple[int, int, int], words: str = "") -> str:
    """Kind of an enhanced status code, see `Bounce`; 2.x.x is no bounce at all.

    :param words: what the server wrote beside it
    """
    if status[1] == 7 or status[1:] in _SENDER_DETAILS or _SENDER.search(words):
        return "policy_bounce"
    if status[1:] in _VAGUE:
        if _POLICY.search(words):
            return "policy_bounce"
        if status[0] == 5 and _UNKNOWN_USER.search(words):
            return "hard_bounce"
    return "hard_bounce" if is_permanent(status) else "soft_bounce"


def find_status(message: Message) -> tuple[int, int, int] | None:
    """The enhanced status code of a notification, as three numbers."""
    for block in _get_reported_blocks(message):
        found = _STATUS.search(str(block.get("Status", "")))
        if found:
            return tuple(int(number) for number in found.groups())
    return None


def find_status_in(text: str) -> tuple[int, int, int] | None:
    """The first enhanced status code of a refusal in a text."""
    for found in _STATUS.finditer(text):
        if found[1] != "2":
            return tuple(int(number) for number in found.groups())
    return None


def is_permanent(status: tuple[int, int, int]) -> bool:
    """Whether a status says that the address itself does not work."""
    return status[0] == 5 and status[1:] in _PERMANENT


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


def _has_failed(block: Message) -> bool:
    return str(block.get("Action", "")).strip().lower().startswith("failed")


def _get_reported_blocks(message: Message) -> list[Message]:
    """Those about recipients who did not get the mail; all where none says so."""
    blocks = _get_status_blocks(message)
    return [block for block in blocks if _has_failed(block)] or blocks


def _find_diagnostic(message: Message) -> str:
    """What the refusing server wrote, else the first lines for humans."""
    for block in _get_reported_blocks(message):
        if block.get("Diagnostic-Code"):
            return " ".join(str(block["Diagnostic-Code"]).split())[:MAX_DIAGNOSTIC]
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True) or b""
            return " ".join(payload.decode("utf-8", "replace").split())[:MAX_DIAGNOSTIC]
    return ""


def _write(status: tuple[int, int, int]) -> str:
    return ".".join(str(number) for number in status)
