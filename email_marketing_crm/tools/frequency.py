"""How far back a limit of mails looks, and when it looks no longer.

A *rolling* window holds the last n days: a mail counts until n days after it left. A
*calendar* window holds the day, the week (from Monday) or the month that it is where
the person lives, and begins anew with the next one. So the fourth mail under "three a
week" waits for Monday at most, however many mails wait with it: each is looked at
again when the window is free, and none is queued behind the others.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .local_time import to_local, to_utc

#: Units of a window that follow the calendar.
CALENDAR_UNITS = ("day", "week", "month")


class Bounds(NamedTuple):
    """What a window counts at a moment.

    :ivar start: mails that left later than this count
    :ivar free: when a calendar window begins anew; None for a rolling one, which
        becomes free mail by mail
    """

    start: datetime
    free: datetime | None = None


def get_bounds(moment: datetime, unit: str, days: int, zone: ZoneInfo) -> Bounds:
    """The bounds of a window at a moment.

    :param moment: naive UTC
    :param unit: `rolling`, or one of `CALENDAR_UNITS`
    :param days: length of a rolling window
    :raises ValueError: for an unknown unit
    """
    if unit == "rolling":
        return Bounds(moment - timedelta(days=days))
    if unit not in CALENDAR_UNITS:
        raise ValueError(f"{unit} is no unit of a window")
    first = get_period_start(to_local(moment, zone), unit)
    # A mail of the very first second belongs to the new period.
    start = to_utc(first, zone) - timedelta(seconds=1)
    return Bounds(start, to_utc(get_next_period(first, unit), zone))


def get_period_start(local: datetime, unit: str) -> datetime:
    """Midnight at the beginning of the day, week or month that `local` lies in."""
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "week":
        return midnight - timedelta(days=midnight.weekday())
    if unit == "month":
        return midnight.replace(day=1)
    return midnight


def get_next_period(first: datetime, unit: str) -> datetime:
    """The beginning of the period after the one that begins at `first`."""
    if unit == "month":
        return (first + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=7 if unit == "week" else 1)
