"""How sure we are that a hit was made by a human.

Mail gateways fetch every link to look for malware, and mail clients prefetch images
to hide when a mail was read. Both look like opens and clicks. Every hit therefore
gets one of five classes, from the facts known when it arrives (`classify_hit`) and
from what else the same person did within seconds (`find_bursts`). The facts are kept
with the touchpoint, so the class can be computed again when a rule changes.

Consumers declare the lowest class they accept, see `is_at_least`.

Thresholds: Mautic's bot helper uses 2 seconds after sending; three distinct links of
one mail within ten seconds is the pattern published for Barracuda, Mimecast and
Microsoft Defender.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

#: Classes from the least to the most certain; the order is what `is_at_least` uses.
CLASSES = (
    "security_scan",
    "machine_open",
    "unknown",
    "human_likely",
    "human_confirmed",
)
RANK = {name: rank for rank, name in enumerate(CLASSES)}

#: Seconds after sending within which nobody has read a mail.
TOO_FAST_SECONDS = 2.0
#: That many distinct links of one mail …
BURST_LINKS = 3
#: … within this time were followed by a program.
BURST_WINDOW = timedelta(seconds=10)

_SCANNER = re.compile(
    r"barracuda|mimecast|proofpoint|safelinks|trendmicro|fireeye|symantec|sophos"
    r"|cloudmark|bitdefender|forcepoint|ironport|checkpoint|virustotal|zscaler"
    r"|bot\b|bot/|crawl|spider|headless|phantomjs|python-requests|python-urllib"
    r"|curl/|wget/|go-http-client|okhttp|java/|libwww|axios/|node-fetch|scrapy",
    re.IGNORECASE,
)
_GOOGLE_PROXY = re.compile(r"GoogleImageProxy|ggpht\.com", re.IGNORECASE)
_YAHOO_PROXY = re.compile(r"YahooMailProxy", re.IGNORECASE)
_BROWSER = re.compile(
    r"Chrome/|Firefox/|Safari/|Edg/|Opera/|OPR/|MSIE|Trident/|Outlook|Thunderbird"
    r"|AppleWebKit|MicroMessenger|QQBrowser|UCBrowser",
    re.IGNORECASE,
)


class Classification(NamedTuple):
    """A class of `CLASSES` and the codes of the rules that led to it."""

    reliability: str
    reasons: tuple[str, ...]


class LinkHit(NamedTuple):
    """A click as `find_bursts` needs it."""

    id: int
    date: datetime
    mailing_id: int | None
    link_id: int | None


def is_at_least(reliability: str, minimum: str) -> bool:
    """Whether a class is as certain as `minimum`; unknown names are not."""
    return RANK.get(reliability, -1) >= RANK[minimum]


def classes_from(minimum: str) -> tuple[str, ...]:
    """The classes that are at least as certain as `minimum`."""
    return CLASSES[RANK[minimum] :]


def classify_hit(
    kind: str,
    user_agent: str | None,
    method: str = "GET",
    seconds_since_sent: float | None = None,
) -> Classification:
    """Class of one open or click, from what its HTTP request shows.

    :param kind: `"open"` or `"click"`
    :param user_agent: the request's header, `None` or empty when missing
    :param method: the request's method
    :param seconds_since_sent: time since the mail left, `None` when not known
    :raises ValueError: for another kind
    """
    if kind not in ("open", "click"):
        raise ValueError(f"A hit is an open or a click, not {kind!r}")
    machine = "machine_open" if kind == "open" else "security_scan"
    agent = (user_agent or "").strip()
    reasons = []
    if method == "HEAD":
        reasons.append("head_request")
    if _SCANNER.search(agent):
        reasons.append("scanner_agent")
    if reasons:
        return Classification("security_scan", tuple(reasons))
    if agent == "Mozilla/5.0" and kind == "open":
        return Classification("machine_open", ("apple_proxy",))
    if seconds_since_sent is not None and seconds_since_sent < TOO_FAST_SECONDS:
        return Classification(machine, ("too_fast",))
    if not agent:
        return Classification("unknown", ("no_agent",))
    if kind == "open" and _GOOGLE_PROXY.search(agent):
        # Gmail fetches when the reader opens, not before.
        return Classification("human_likely", ("google_proxy",))
    if kind == "open" and _YAHOO_PROXY.search(agent):
        return Classification("unknown", ("yahoo_proxy",))
    if _BROWSER.search(agent):
        return Classification("human_likely", ("browser",))
    return Classification("unknown", ("unknown_agent",))


def distrust(found: Classification) -> Classification:
    """The class of a hit that somebody else could have made up: `unknown` at best."""
    if not is_at_least(found.reliability, "unknown"):
        return found
    return Classification("unknown", ("unsigned",))


def find_bursts(hits: Iterable[LinkHit]) -> set[int]:
    """Ids of the hits that belong to a burst: many links of one mail at once.

    A burst is `BURST_LINKS` distinct links of one mailing within `BURST_WINDOW`.
    The hits are of one person; their order does not matter.
    """
    by_mailing: dict[int | None, list[LinkHit]] = {}
    for hit in hits:
        by_mailing.setdefault(hit.mailing_id, []).append(hit)
    found: set[int] = set()
    for group in by_mailing.values():
        group.sort(key=lambda hit: (hit.date, hit.id))
        start = 0
        for end, last in enumerate(group):
            while last.date - group[start].date > BURST_WINDOW:
                start += 1
            window = group[start : end + 1]
            if len({hit.link_id for hit in window}) >= BURST_LINKS:
                found.update(hit.id for hit in window)
    return found
