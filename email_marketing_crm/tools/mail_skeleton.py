"""Mails that differ in few places: written once, filled in for each recipient.

What Python's `email` package makes of a header (folding) and puts around the bodies is
computed for mails of one shape once; the result is the same, byte for byte, as if each
mail had gone through the package by itself. The tests compare. The bodies are `Text`s
(`mail_text.py`).

The rules followed are those of `email.policy.EmailPolicy` of Python 3.10 to 3.13.
"""

import email.message
import email.policy
import random
import string
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache

from .mail_bytes import to_bytes
from .mail_text import Text

#: What separates the bodies; the number is drawn for each mail.
BOUNDARY = "===============%019d=="
FRAME_BOUNDARY = (BOUNDARY % 0).encode()

#: The shape of a header: one letter for each letter and digit.
_SHAPE = str.maketrans(dict.fromkeys(string.ascii_letters + string.digits, "a"))


def fold_header(policy: email.policy.EmailPolicy, name: str, value: str) -> bytes:
    """Return a header as `email` writes it.

    How a header in ASCII is folded depends on where its letters, digits and other
    characters stand, not on which letters they are: headers of one shape are folded
    once. Encoded words and other scripts go through `email` itself.
    """
    if not value.isascii() or "=?" in value:
        return _fold_really(policy, name, value)
    folded = _fold_shape(policy, name, value.translate(_SHAPE))
    if folded is None:
        return _fold_really(policy, name, value)
    line = f"{name}: {value}".encode("ascii")
    if not folded:
        return line + b"\r\n"
    pieces = [line[start:stop] for start, stop in folded]
    return b"\r\n".join(pieces) + b"\r\n"


@lru_cache(maxsize=20_000)
def _fold_shape(
    policy: email.policy.EmailPolicy, name: str, shape: str
) -> tuple[tuple[int, int], ...] | None:
    """Where a header of a shape is broken; None where more happens than breaking."""
    folded = policy.fold_binary(name, policy.header_store_parse(name, shape)[1])
    lines = folded.split(b"\r\n")[:-1]
    if b"".join(lines) != f"{name}: {shape}".encode("ascii"):
        return None
    if len(lines) == 1:
        return ()
    places, start = [], 0
    for line in lines:
        places.append((start, start + len(line)))
        start += len(line)
    return tuple(places)


@lru_cache(maxsize=2_000)
def _fold_really(policy: email.policy.EmailPolicy, name: str, value: str) -> bytes:
    return policy.fold_binary(name, policy.header_store_parse(name, value)[1])


@lru_cache(maxsize=64)
def _get_frame(policy: email.policy.EmailPolicy, plain: str, html: str) -> list[bytes]:
    """What `email` puts around the two bodies, cut where they stand.

    :param plain: transfer encoding of the plain text
    :param html: that of the HTML
    """
    message = email.message.EmailMessage(policy=policy)
    message["MIME-Version"] = "1.0"
    for subtype, encoding in (("plain", plain), ("html", html)):
        message.add_alternative("body\n", subtype=subtype, charset="utf-8", cte="7bit")
        message.get_payload()[-1].replace_header("Content-Transfer-Encoding", encoding)
    message.set_boundary(FRAME_BOUNDARY.decode())
    return to_bytes(message).split(b"body\r\n")


def make_boundary(*bodies: str) -> str:
    """Return a boundary that does not occur in the bodies, as `email` draws it."""
    while True:
        boundary = BOUNDARY % random.randrange(sys.maxsize)
        if not any(boundary in body for body in bodies):
            return boundary


class Skeleton:
    """A mail with a plain text and an HTML body that differ from mail to mail.

    :param policy: how headers are written
    """

    __slots__ = ("html", "plain", "policy", "used")

    def __init__(self, policy: email.policy.EmailPolicy, plain: Text, html: Text):
        self.policy = policy
        self.plain = plain
        self.html = html
        self.used = plain.used | html.used

    def fill(
        self,
        headers: Iterable[bytes],
        plain_values: Mapping[str, bytes],
        html_values: Mapping[str, bytes],
    ) -> bytes:
        """Return the mail, from its first header to its last line.

        :param headers: all but those about the content, folded and in their order
        """
        plain_encoding, plain = self.plain.encode(plain_values)
        html_encoding, html = self.html.encode(html_values)
        start, middle, end = _get_frame(self.policy, plain_encoding, html_encoding)
        boundary = make_boundary().encode()
        while boundary in plain or boundary in html:
            boundary = make_boundary().encode()
        return b"".join(
            [
                *headers,
                start.replace(FRAME_BOUNDARY, boundary),
                plain,
                middle.replace(FRAME_BOUNDARY, boundary),
                html,
                end.replace(FRAME_BOUNDARY, boundary),
            ]
        )
