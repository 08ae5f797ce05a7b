"""What a message that came back instead of arriving says.

The enhanced status code of RFC 3463 decides where there is one; otherwise
flufl.bounce reads the dialects of older servers. 5.7.x is a policy of the receiving
server and 5.2.2 a full mailbox: neither says that the address is wrong.
"""

import logging
import re
from email.message import Message

from flufl.bounce import scan_message

_logger = logging.getLogger(__name__)

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


def classify_bounce(message: Message) -> str:
    """`"hard_bounce"` when the address is no good for ever, else `"soft_bounce"`.

    :param message: the parsed delivery status notification
    """
    status = find_status(message)
    if status:
        return "hard_bounce" if is_permanent(status) else "soft_bounce"
    try:
        _temporary, permanent = scan_message(message)
    except Exception:
        # Its detectors trip over messages that lack what their server always sends;
        # a mail that cannot be read must not stop the gateway, nor block an address.
        _logger.info("A bounce could not be read", exc_info=True)
        return "soft_bounce"
    return "hard_bounce" if permanent else "soft_bounce"


def find_status(message: Message) -> tuple[int, int, int] | None:
    """The enhanced status code of a notification, as three numbers."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in part.get_payload():
            found = _STATUS.search(str(block.get("Status", "")))
            if found:
                return tuple(int(number) for number in found.groups())
    return None


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
