"""Links that only their receiver has: what is signed, and what is compared.

A signed token carries the number it stands for and the second it expires, and a
signature (RFC 2104, HMAC-SHA256) over both, the purpose and the database. Whoever
changes one of them, or takes the token to another database, has no valid signature.
"""

import hashlib
import hmac
from typing import NamedTuple

#: Hexadecimal digits of the signature that are kept: 160 bits.
SIGNATURE_LENGTH = 40


class Token(NamedTuple):
    """What a valid signature stands for."""

    number: int
    is_expired: bool


def sign(secret: str, scope: str, number: int, expires: int) -> str:
    """A token for a number.

    :param secret: known to the database only
    :param scope: purpose and database; a token is valid in its scope only
    :param number: what the token stands for, e.g. the id of a person
    :param expires: seconds since 1970, UTC
    """
    return f"{number}-{expires:x}-{_signature(secret, scope, number, expires)}"


def read(secret: str, scope: str, token: str, now: int) -> Token | None:
    """What a token stands for; None when it was not signed here.

    :param now: seconds since 1970, UTC
    """
    try:
        number_text, expires_text, signature = token.split("-")
        number, expires = int(number_text), int(expires_text, 16)
    except ValueError:
        return None
    expected = _signature(secret, scope, number, expires)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        return None
    if token != sign(secret, scope, number, expires):
        return None
    return Token(number, expires <= now)


def digest(nonce: str) -> str:
    """What is stored of a nonce: enough to recognise it, useless to who reads it."""
    return hashlib.sha256(nonce.encode()).hexdigest()


def _signature(secret: str, scope: str, number: int, expires: int) -> str:
    message = repr((scope, number, expires)).encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()[
        :SIGNATURE_LENGTH
    ]
