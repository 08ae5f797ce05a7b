"""What recipients do with a mail, and what it leaves behind.

A habit is a list of acts. `footprint` says which touchpoints they come to, computed
here from the acts alone: this is what the product has to have recorded.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from .letters import LINKS

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"
    " (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
GMAIL = (
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0"
    " (via ggpht.com GoogleImageProxy)"
)
APPLE = "Mozilla/5.0"
SCANNER = "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))"

OPENS = {
    "open": (BROWSER, "human_likely"),
    "open by gmail": (GMAIL, "human_likely"),  # fetched when the reader looks
    "open by apple": (APPLE, "machine_open"),  # fetched whether anybody looks or not
}
"""Acts that load the pixel: the user agent, and what such an open is worth."""

SCANS = {"scan": SCANNER, "disguised scan": BROWSER}
"""Acts that follow every link in a moment, with HEAD and with GET."""

BOUNCES = {"bounce hard": "hard_bounce", "bounce soft": "soft_bounce"}


@dataclass(frozen=True)
class Habit:
    """How somebody treats a mail."""

    name: str
    acts: tuple[str, ...] = ()
    count: int = 0
    """How many recipients of the campaign have it."""


CAMPAIGN = (
    # First who is needed for what comes later.
    Habit("buyer", ("open", "click 0", "click 1", "reply"), 24),
    Habit("clicks, then unsubscribes", ("open", "click 2", "unsubscribe"), 4),
    Habit("scanned, clicks later", ("disguised scan", "later click 1"), 8),
    Habit("clicks", ("open", "click 0"), 50),
    Habit("clicks, pictures off", ("click 1", "click 3"), 16),
    Habit("clicks in Apple Mail", ("open by apple", "click 0"), 20),
    Habit("answers", ("open by gmail", "reply"), 10),
    Habit("unsubscribes", ("open", "unsubscribe"), 12),
    Habit("is away", ("absence note",), 12),
    Habit("does not exist", ("bounce hard",), 12),
    Habit("mailbox full", ("bounce soft",), 10),
    Habit("scanner", ("scan",), 16),
    Habit("disguised scanner", ("disguised scan",), 16),
    Habit("reads", ("open",), 90),
    Habit("reads in Gmail", ("open by gmail",), 60),
    Habit("Apple Mail, unread", ("open by apple",), 60),
)
"""Habits of the campaign's recipients; whoever is left does nothing."""

SILENT = Habit("does nothing")
FOLLOWS = Habit("follows the journey", ("open", "click 0"))


def cast(addresses: Iterable[str], seed: int) -> dict[str, Habit]:
    """Give every recipient a habit; the same seed gives the same habits."""
    order = sorted(addresses)
    Random(f"habits {seed}").shuffle(order)
    habits = [habit for habit in CAMPAIGN for _ in range(habit.count)]
    if len(order) < len(habits):
        raise ValueError(f"{len(order)} recipients for {len(habits)} habits")
    habits += [SILENT] * (len(order) - len(habits))
    return dict(zip(order, habits, strict=True))


Footprint = Counter[tuple[str, str]]
"""How many touchpoints of a type and a class of reliability."""


def footprint(habit: Habit, links: int = LINKS) -> Footprint:
    """Return the touchpoints that the acts of a habit leave behind.

    :param links: how many counted links the mail has
    """
    left: Footprint = Counter()
    is_open = False
    for act in habit.acts:
        found, opened = _footprint_of_act(act, links)
        left += found
        if opened and not is_open:
            # Odoo counts the first open of a mail only.
            left["opened", opened] += 1
            is_open = True
    return left


def _footprint_of_act(act: str, links: int) -> tuple[Footprint, str]:
    """Return what one act leaves, and the class of the open it means, if any."""
    if act in OPENS:
        return Counter(), OPENS[act][1]
    if act in SCANS:
        return Counter({("clicked", "security_scan"): 2 * links}), "security_scan"
    if act in BOUNCES:
        return Counter({(BOUNCES[act], "human_confirmed"): 1}), ""
    if act == "reply":
        return Counter({("replied", "human_confirmed"): 1}), "unknown"
    if act == "absence note":
        return Counter({("replied", "machine_open"): 1}), "unknown"
    if act == "unsubscribe":
        return Counter({("unsubscribed", "human_confirmed"): 1}), ""
    if "click" in act:
        return Counter({("clicked", "human_likely"): 1}), "human_likely"
    raise ValueError(f"Nobody knows how to {act!r}")


HUMAN = ("human_likely", "human_confirmed")


def has_human(left: Footprint, kind: str) -> bool:
    """Tell whether a human did something of this type."""
    return any(left[kind, reliability] for reliability in HUMAN)
