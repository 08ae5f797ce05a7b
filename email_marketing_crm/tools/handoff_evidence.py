"""Which of the many things a person did say best why he is handed over now.

A salesperson reads five lines, not fifty. An event speaks the louder the more effort
it took (writing an answer more than opening a mail) and the younger it is. The same
link followed ten times is one line.
"""

from collections.abc import Hashable, Iterable
from datetime import datetime
from typing import NamedTuple

#: How loud a type of touchpoint speaks on the day it happens. Types that are missing
#: count as `DEFAULT_WEIGHT`: what other systems report was worth reporting.
WEIGHTS = {
    "order": 10.0,
    "replied": 8.0,
    "form": 8.0,
    "download": 5.0,
    "clicked": 3.0,
    "consent_given": 2.0,
    "resubscribed": 2.0,
    "page_view": 1.0,
}
DEFAULT_WEIGHT = 3.0
#: Days after which an event speaks half as loud: a month, as interest in a purchase
#: rarely outlives a quarter.
HALF_LIFE_DAYS = 30.0


class Event(NamedTuple):
    """Something a person did.

    :param key: events with the same key are one line: what was done with what
    :param type_code: type of the touchpoint
    :param date: when, naive UTC
    """

    id: int
    key: Hashable
    type_code: str
    date: datetime


class Reason(NamedTuple):
    """One line: the last event of its kind, and how often it happened."""

    event: Event
    count: int


def get_strength(event: Event, now: datetime) -> float:
    """How loud an event speaks at `now`; events of the future as those of now."""
    age_days = max(0.0, (now - event.date).total_seconds() / 86400)
    weight = WEIGHTS.get(event.type_code, DEFAULT_WEIGHT)
    return weight * 0.5 ** (age_days / HALF_LIFE_DAYS)


def pick_reasons(events: Iterable[Event], now: datetime, limit: int) -> list[Reason]:
    """The lines that speak loudest, the loudest first.

    :param limit: how many lines at most
    """
    lines: dict[Hashable, Reason] = {}
    for event in events:
        known = lines.get(event.key)
        last = max(known.event, event, key=_recency) if known else event
        lines[event.key] = Reason(last, known.count + 1 if known else 1)
    return sorted(
        lines.values(),
        key=lambda reason: (get_strength(reason.event, now), *_recency(reason.event)),
        reverse=True,
    )[:limit]


def _recency(event: Event) -> tuple[datetime, int]:
    return event.date, event.id
