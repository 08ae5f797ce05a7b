"""Between which moments the mails lie that a search of the calendar asks for.

An entry that is made of many mails must not read all there ever were to show a month.
The range is not the answer to the search: it only has to hold every mail that an entry
of the answer is made of, so it is wider than that by a margin.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

#: An entry stands for up to a day, as it is in some zone: up to 14 hours from UTC.
MARGIN = timedelta(days=2)


class Range(NamedTuple):
    """Moments, naive UTC, both included."""

    first: datetime = datetime.min
    last: datetime = datetime.max


class Term(NamedTuple):
    """A condition on when an entry begins (`date`) or ends (`date_stop`)."""

    name: str
    operator: str
    moment: datetime


def get_range(terms: Iterable[Term]) -> Range:
    """The range of what meets all terms; those that bound nothing do no harm."""
    first, last = Range()
    for name, operator, moment in terms:
        if operator in (">", ">="):
            first = max(first, _shift(moment, -MARGIN))
        elif operator in ("<", "<=") and name == "date":
            last = min(last, _shift(moment, MARGIN))
    return Range(first, last)


def _shift(moment: datetime, by: timedelta) -> datetime:
    """A moment earlier or later, as far as there are dates."""
    try:
        return moment + by
    except OverflowError:
        return datetime.max if by > timedelta() else datetime.min
