"""Recognise an address without keeping it.

Who must never be mailed again has to be recognised when his address comes back, by an
import or from another system, and yet nobody may read addresses out of the list. What
is kept is ``HMAC-SHA256(key, SHA-256(address))``:

* The key is drawn at random for each database. Without it nobody can try out
  addresses, which a plain hash invites (Article 29 Working Party, opinion 05/2014 on
  anonymisation techniques, section 4: "keyed-hash function with stored key").
* The SHA-256 inside is what other systems exchange suppression lists in, so such a list
  can be taken over without knowing a single address.

PostgreSQL has SHA-256 and no HMAC; `get_pads` are what HMAC (RFC 2104) makes of a key,
so that ``sha256(outer || sha256(inner || message))`` gives the same value in SQL.
"""

import hashlib
import hmac
import re

#: Bytes that SHA-256 works on at once (RFC 2104: B).
BLOCK_SIZE = 64
_SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)


def get_digest(address: str) -> str:
    """SHA-256 of a normalised address, as lists of other systems have it (hex)."""
    return hashlib.sha256(address.encode()).hexdigest()


def is_digest(text: str) -> bool:
    """Whether this is a SHA-256 in hexadecimal digits."""
    return bool(_SHA256.fullmatch(text))


def get_keyed_hash(digest: str, key: bytes) -> str:
    """What is kept of an address.

    :param digest: what `get_digest` gives
    :param key: secret of the database, at most 64 bytes
    :returns: 64 hexadecimal digits
    """
    return hmac.new(key, digest.lower().encode(), hashlib.sha256).hexdigest()


def get_pads(key: bytes) -> tuple[bytes, bytes]:
    """The inner and the outer pad of HMAC-SHA256.

    :raises ValueError: for a key that is longer than a block; HMAC would hash it first
    """
    if len(key) > BLOCK_SIZE:
        raise ValueError(f"A key has at most {BLOCK_SIZE} bytes, not {len(key)}")
    block = key.ljust(BLOCK_SIZE, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def find_addresses(rows: list[list[str]]) -> tuple[list[str], list[str], list[int]]:
    """Addresses and hashes in the rows of a file, one per row at most.

    The first cell that looks like an address or is a SHA-256 counts; a first row
    without either is taken for a heading.

    :returns: (addresses, hashes, numbers of the rows that have neither, from 1)
    """
    addresses, digests, unread = [], [], []
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip().strip("\ufeff") for cell in row]
        if not any(cells):
            continue
        found = next((cell for cell in cells if "@" in cell or is_digest(cell)), None)
        if found is None:
            if number > 1:
                unread.append(number)
        elif is_digest(found):
            digests.append(found.lower())
        else:
            addresses.append(found)
    return addresses, digests, unread
