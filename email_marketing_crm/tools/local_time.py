"""Wall clocks: what time it is where a person lives, and when it will be.

All moments are naive UTC, as Odoo keeps them; a *local* time is what the clock on the
wall shows in a zone, naive too. Twice a year the two do not fit: a local time that is
skipped stands for the next minute that exists, one that comes twice for its first
occurrence.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@lru_cache(maxsize=1024)
def find_zone(name: str | None) -> ZoneInfo | None:
    """The zone of that name; None where there is no such zone."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, OSError, ValueError):
        return None


def to_local(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the wall clock of the zone shows at a moment."""
    return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None, fold=0)


def to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at which the wall clock shows `local`, or has passed it."""
    readings = sorted(
        local.replace(tzinfo=zone, fold=fold).astimezone(UTC).replace(tzinfo=None)
        for fold in (0, 1)
    )
    for moment in readings:
        if to_local(moment, zone) == local:
            return moment
    before, after = readings
    while after - before > SECOND:  # the jump lies between them
        middle = before + (after - before) / 2
        if to_local(middle, zone) < local:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def get_midnight(moment: datetime, zone: ZoneInfo) -> datetime:
    """The local day of a moment, as the local time at which it begins."""
    return to_local(moment, zone).replace(hour=0, minute=0, second=0, microsecond=0)


def at_hour(day: datetime, hour: int, zone: ZoneInfo) -> datetime:
    """The moment at which it is a full hour on a local day.

    :param day: any local time of it
    :param hour: from 0 to 23
    """
    return to_utc(day.replace(hour=hour, minute=0, second=0, microsecond=0), zone)


def next_occurrence(local: datetime, zone: ZoneInfo, now: datetime) -> datetime:
    """The first moment from `now` on at which it is that time of the day.

    On the day of `local` where that is still to come, a day later otherwise.
    """
    moment = to_utc(local, zone)
    while moment < now:
        local += max(DAY, DAY * ((now - moment) // DAY))
        moment = to_utc(local, zone)
    return moment


def at_same_hour(earliest: datetime, wanted: datetime, zone: ZoneInfo) -> datetime:
    """The first moment from `earliest` on with the time of day that `wanted` had."""
    hour = to_local(wanted, zone).time()
    day = to_local(earliest, zone).date()
    return next_occurrence(datetime.combine(day, hour), zone, earliest)
