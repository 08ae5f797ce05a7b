"""How many mails of a sender may leave now, and when the rest will.

A quota of an hour is shared out by the minute, a quota of a day over some hours, so
that a provider sees a stream and no burst. Every mail that is on its way counts as if
it had left: it may leave in this very hour. So an hour of the clock never sees more
mails than its quota, whenever they are counted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
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

    The same as :func:`plan_queues`, for mails of which nobody asks where they go.
    """
    queues = [{"": count}]
    for moment, taken in plan_queues(start, zone, queues, quota_of, {"": used}, days):
        yield moment, sum(taken)


def plan_queues(
    start: datetime,
    zone: ZoneInfo,
    queues: Sequence[Mapping[str, int]],
    quota_of: Callable[[int], Quota],
    used: Mapping[str, Used],
    days: int,
    limit_of: Callable[[str, datetime, int], int | None] = lambda *_values: None,
) -> Iterator[tuple[datetime, list[int]]]:
    """Tell when mails will leave: pairs (hour, mails of each queue).

    :param start: now, naive UTC; the first pair has this moment, the others the hours
    :param zone: where the sender's days begin at midnight
    :param queues: `{provider: mails}` of each; a queue takes what the ones before leave
    :param quota_of: the quota by number of days from today
    :param used: of this hour and this day, by provider
    :param days: how far to look; what does not leave by then is in no pair
    :param limit_of: mails of an hour by provider, hour and number of hours from now;
        None is no limit
    """
    waiting = [dict(queue) for queue in queues]
    moment, index, later = start, 0, 0
    today = _local_date(moment, zone)
    day_used = sum(mails.day for mails in used.values())
    hour_used = {provider: mails.hour for provider, mails in used.items()}
    while any(any(queue.values()) for queue in waiting) and index < days:
        quota = quota_of(index)
        rooms = [] if (limit := hour_limit(quota)) is None else [limit]
        rooms = [room - sum(hour_used.values()) for room in rooms]
        if quota.daily is not None:
            rooms.append(quota.daily - day_used)
        room = min(rooms, default=None)
        taken = []
        for queue in waiting:
            limits = {
                provider: max(limit - hour_used.get(provider, 0), 0)
                for provider in queue
                if (limit := limit_of(provider, moment, later)) is not None
            }
            shares = share_room(queue, room, limits)
            for provider, number in shares.items():
                queue[provider] -= number
                hour_used[provider] = hour_used.get(provider, 0) + number
            taken.append(sum(shares.values()))
            room = None if room is None else room - taken[-1]
        if any(taken):
            yield moment, taken
            day_used += sum(taken)
        moment = moment.replace(minute=0, second=0, microsecond=0) + HOUR
        hour_used, later = {}, later + 1
        day = _local_date(moment, zone)
        if day != today:
            today, day_used, index = day, 0, index + 1


def share_room(
    waiting: Mapping[str, int], room: int | None, limits: Mapping[str, int]
) -> dict[str, int]:
    """Share an hour's room among providers: `{provider: mails}`.

    Each gets its part of the room, by what waits for it; what one may not take is left
    to the others.

    :param room: mails in all, None for any number
    :param limits: mails a provider may take; those that are not in it, any number
    """
    shares = dict.fromkeys(waiting, 0)
    wanted = {
        provider: min(number, limits.get(provider, number))
        for provider, number in waiting.items()
    }
    if room is None or sum(wanted.values()) <= room:
        return wanted
    left = max(room, 0)
    # Those who want least of their part first: what they leave is for the others.
    order = sorted(
        (provider for provider, number in wanted.items() if number),
        key=lambda provider: (wanted[provider] / waiting[provider], provider),
    )
    for place, provider in enumerate(order):
        total = sum(waiting[other] for other in order[place:])
        part = ceil(left * waiting[provider] / total)
        shares[provider] = min(wanted[provider], part, left)
        left -= shares[provider]
    return shares


def scale_up(sample: Mapping[str, int], count: int) -> dict[str, int]:
    """Return a number of mails in the proportions of a sample, `other` without one."""
    total = sum(sample.values())
    if not total:
        return {"other": count}
    scaled = {name: count * number // total for name, number in sample.items()}
    most = max(sample, key=lambda name: (sample[name], name))
    scaled[most] += count - sum(scaled.values())
    return scaled


def day_start(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the midnight (naive UTC) that the day of a moment began with."""
    return midnight(_local_date(now, zone), zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment (naive UTC) that a day begins with.

    Some days have 23 or 25 hours.
    """
    start = datetime.combine(day, datetime.min.time(), zone)
    return start.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


def _local_date(moment: datetime, zone: ZoneInfo) -> date:
    return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).date()
