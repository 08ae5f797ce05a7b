"""Places of links in a mail.

Odoo tells links apart by address and label, so two buttons with the same words and the
same address are one link. What is clicked is a place, though: the second of them gets
its number into the label (`Buy now (2)`), and with it a code of its own. The address
that a click leads to stays as it is.
"""

from collections import Counter
from collections.abc import Iterable


def number_places(links: Iterable[tuple[str, str]]) -> list[str]:
    """Labels that tell apart the places of a mail, in its order.

    The first place keeps its label, so a mail without repeats is as Odoo makes it. A
    label that looks like a number of ours is not mistaken for one.

    :param links: (address, label) of each link in a mail, from its top
    """
    links = list(links)
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
