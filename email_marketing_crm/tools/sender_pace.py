"""How many mails of a sender may leave now, and when the rest will.

A quota of an hour is shared out by the minute, a quota of a day over some hours, so
that a provider sees a stream and no burst. Every mail that is on its way counts as if
it had left: it may leave in this very hour. So an hour of the clock never sees more
mails than its quota, whenever they are counted.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from math import ceil
from typing import NamedTuple
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)


class Quota(NamedTuple):
    """Limits of a sender; None is no limit.

    :param hourly: mails in an hour of the clock
    :param daily: mails in a day
    :param spread: hours that a day's mails are spread over, at least
    """

    hourly: int | None = None
    daily: int | None = None
    spread: int = 1


class Used(NamedTuple):
    """Mails that left, or are on their way and may leave, in this hour and this day."""

    hour: int = 0
    day: int = 0


def hour_limit(quota: Quota) -> int | None:
    """Return the mails that an hour may take at most, None for any number."""
    shares = [] if quota.hourly is None else [quota.hourly]
    if quota.daily is not None:
        shares.append(ceil(quota.daily / max(quota.spread, 1)))
    return min(shares, default=None)


def room_now(quota: Quota, used: Used, minute: int) -> int | None:
    """Return how many mails may be let go now, None for any number.

    :param minute: of the hour, 0 to 59; the hour's mails are let go minute by minute
    """
    limit = hour_limit(quota)
    if limit is None:
        return None
    room = ceil(limit * (minute + 1) / 60) - used.hour
    if quota.daily is not None:
        room = min(room, quota.daily - used.day)
    return max(room, 0)


def plan_hours(
    start: datetime,
    zone: ZoneInfo,
    count: int,
    quota_of: Callable[[int], Quota],
    used: Used,
    days: int,
) -> Iterator[tuple[datetime, int]]:
    """Tell when a number of mails will leave: pairs (hour, mails).

    :param start: now, naive UTC; the first pair has this moment, the others the hours
    :param zone: where the sender's days begin at midnight
    :param quota_of: the quota by number of days from today
    :param used: of this hour and this day
    :param days: how far to look; what does not leave by then is in no pair
    """
    moment, index = start, 0
    today = _local_date(moment, zone)
    hour_used, day_used = used
    while count > 0 and index < days:
        quota = quota_of(index)
        limit = hour_limit(quota)
        number = count
        if limit is not None:
            number = min(number, limit - hour_used)
            if quota.daily is not None:
                number = min(number, quota.daily - day_used)
        if number > 0:
            yield moment, number
            count -= number
            day_used += number
        moment = moment.replace(minute=0, second=0, microsecond=0) + HOUR
        hour_used = 0
        day = _local_date(moment, zone)
        if day != today:
            today, day_used, index = day, 0, index + 1


def day_start(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the midnight (naive UTC) that the day of a moment began with."""
    midnight = datetime.combine(_local_date(now, zone), datetime.min.time(), zone)
    return midnight.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


def _local_date(moment: datetime, zone: ZoneInfo) -> date:
    return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).date()
