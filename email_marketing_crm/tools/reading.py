"""How long a mail was read: what its page in the browser reports, and what that means.

A mail runs no program, so nothing is known of who reads in his mailbox. The page behind
“View in browser” says how long it was visible, once in each band. The bands are those
of Litmus: below two seconds a mail was glanced at, below eight it was skimmed, from
eight on it was read.
"""

import re

#: From how many seconds on a mail was skimmed, and read.
SKIMMED_SECONDS, READ_SECONDS = 2, 8
#: Nobody reads longer than this: a page that was left open is no reading.
LONGEST_SECONDS = 3600

_SECONDS = re.compile(r"\d{1,6}(\.\d{1,6})?")


def parse_seconds(text: str | None) -> float | None:
    """Seconds for which a page says that it was visible.

    :param text: what a request says; anything
    :returns: `LONGEST_SECONDS` at most, None for what is no number of seconds
    """
    if not _SECONDS.fullmatch(text or ""):
        return None
    return min(float(text), LONGEST_SECONDS)


def get_band(seconds: float) -> int:
    """How well a mail was read: 0 glanced at, 1 skimmed, 2 read."""
    return (seconds >= SKIMMED_SECONDS) + (seconds >= READ_SECONDS)
