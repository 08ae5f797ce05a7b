"""Who is held out of a campaign, so that its effect can be measured.

A person's place among ten thousand comes from a hash of the campaign and the address,
not from a draw: planning again, another mailing of the campaign, a restored database
all hold out the same persons, and a larger share holds out these and more. Different
campaigns are independent of each other, and of the arms of tests, whose hashes have
other keys.

PostgreSQL computes the same place (`marketing.delivery._gate_holdout`): the first 32
bits of ``SHA-256("holdout:<scope>:<address>")``, modulo 10 000.
"""

import hashlib

#: Persons are told apart to a hundredth of a percent.
PLACES = 10_000


def get_place(scope: str, address: str) -> int:
    """The place of an address in a campaign, from 0 to 9999.

    :param scope: what is measured, as ``campaign:12`` or ``mailing:7``
    :param address: normalised
    """
    digest = hashlib.sha256(f"holdout:{scope}:{address}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % PLACES


def get_limit(percent: float) -> int:
    """Places below this one are held out.

    :param percent: share of the persons, from 0 to 100
    :raises ValueError: for any other share
    """
    if not 0 <= percent <= 100:
        raise ValueError(f"A share of {percent} percent cannot be held out")
    return round(percent * PLACES / 100)


def is_held_out(scope: str, address: str, percent: float) -> bool:
    """Whether the address belongs to the share that does not get the campaign."""
    return get_place(scope, address) < get_limit(percent)
