"""Places of links in a mail.

Odoo tells links apart by address and label, so two buttons with the same words and the
same address are one link. What is clicked is a place, though: the second of them gets
its number into the label (`Buy now (2)`), and with it a code of its own. The address
that a click leads to stays as it is.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

#: On a link of a mail that some get without parts of it: which place it is, counted in
#: the whole mail.
PLACE = "data-marketing-place"
_PLACE = re.compile(rf'\s{PLACE}="\d+"')


def drop_places(body: str) -> str:
    """Return a mail without the numbers of its places; nobody's program needs them."""
    return _PLACE.sub("", body)


def get_place(value: str | None) -> int | None:
    """Return the number that a link has, if any."""
    return int(value) if value and value.isdecimal() else None


def number_places(
    links: Iterable[tuple[str, str]], places: Sequence[int | None] = ()
) -> list[str]:
    """Labels that tell apart the places of a mail, in its order.

    The first place keeps its label, so a mail without repeats is as Odoo makes it. A
    label that looks like a number of ours is not mistaken for one.

    :param links: (address, label) of each link in a mail, from its top
    :param places: the number of each link's place in the whole mail, None where it
        does not repeat; for a mail of which somebody gets a part
    """
    links = list(links)
    if any(places):
        return [
            f"{label} ({place})".strip() if place and place > 1 else label
            for (_url, label), place in zip(links, places, strict=True)
        ]
    taken = set(links)
    seen: Counter = Counter()
    labels = []
    for url, label in links:
        seen[url, label] += 1
        if seen[url, label] == 1:
            labels.append(label)
            continue
        number = seen[url, label]
        while (url, f"{label} ({number})") in taken:
            number += 1
        taken.add((url, f"{label} ({number})"))
        labels.append(f"{label} ({number})".strip())
    return labels
