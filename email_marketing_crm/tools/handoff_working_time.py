"""Deadlines and response times in working hours.

A promise to sales and prospects is made in working hours: "answered within four
hours" given on Friday at 16:00 means Monday morning, and Tuesday morning when Monday
is a holiday. What the working time is comes from outside, as intervals; here it is
only walked along. Nothing is rounded, so a deadline is right to the second.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

Interval = tuple[datetime, datetime]


def merge_intervals(intervals: Iterable[Interval]) -> Iterator[Interval]:
    """The same working time without overlaps, gaps of zero length and empty parts.

    :param intervals: pairs (start, stop) in any order, which may touch or overlap
    """
    current = None
    for start, stop in sorted(intervals):
        if stop <= start:
            continue
        if current and start <= current[1]:
            current = current[0], max(current[1], stop)
            continue
        if current:
            yield current
        current = start, stop
    if current:
        yield current


def add_working_hours(
    intervals: Iterable[Interval], start: datetime, hours: float
) -> datetime | None:
    """When `hours` of working time have passed after `start`.

    Zero hours end at the next moment somebody works, so that nothing is ever due
    at night.

    :param intervals: working time, as aware or naive as `start`
    :param hours: working hours, zero or more
    :returns: None when the intervals do not hold that much time
    :raises ValueError: for negative hours
    """
    if hours < 0:
        raise ValueError(f"{hours} hours cannot be added")
    remaining = timedelta(hours=hours)
    for begin, stop in merge_intervals(intervals):
        begin = max(begin, start)
        if stop <= begin:
            continue
        if remaining <= stop - begin:
            return begin + remaining
        remaining -= stop - begin
    return None


def working_hours_between(
    intervals: Iterable[Interval], start: datetime, stop: datetime
) -> float:
    """Hours worked between two moments; zero when `stop` is not after `start`."""
    total = timedelta()
    for begin, end in merge_intervals(intervals):
        total += max(timedelta(), min(end, stop) - max(begin, start))
    return total.total_seconds() / 3600
