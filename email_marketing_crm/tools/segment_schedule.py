"""When a segment is computed anew from everything.

Events and writes reach a segment within a minute through the inbox. A full refresh is
for what nobody is told of: time that passes ("in the last 30 days") and records that a
condition looks at through others. Its period follows its measured cost, so that a
cheap segment is fresh and an expensive one does not occupy its lane; once a night every
segment is computed, which also proves the incremental result right.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

#: Shortest time between two full refreshes of one segment.
SHORTEST_PERIOD = timedelta(minutes=5)
#: A segment may take this part of a lane: one hundredth.
PERIOD_PER_COST = 100
#: Local hour at which the nightly refreshes begin.
NIGHT_HOUR = 2
#: The nightly refreshes are spread over so many minutes.
NIGHT_MINUTES = 180
#: A segment that could not be computed is tried again after this time.
RETRY_PERIOD = timedelta(hours=1)


def get_next_refresh(
    now: datetime,
    cost_seconds: float,
    is_time_dependent: bool,
    spread: int = 0,
    timezone_name: str = "UTC",
) -> datetime:
    """Time of the next full refresh.

    :param now: naive UTC
    :param cost_seconds: what the last full refresh took
    :param is_time_dependent: whether members change without an event or a write
    :param spread: any number; segments with different ones start at different minutes
    :param timezone_name: IANA name of the zone whose night it is
    :returns: naive UTC, later than now and at most a day and an hour away
    :raises zoneinfo.ZoneInfoNotFoundError: for an unknown zone
    """
    night = _get_next_night(now, spread, ZoneInfo(timezone_name))
    if not is_time_dependent:
        return night
    period = max(SHORTEST_PERIOD, timedelta(seconds=PERIOD_PER_COST * cost_seconds))
    return min(now + period, night)


def _get_next_night(now: datetime, spread: int, zone: ZoneInfo) -> datetime:
    local = now.replace(tzinfo=UTC).astimezone(zone)
    minutes = spread % NIGHT_MINUTES
    for days in (0, 1, 2):
        night = datetime(
            local.year, local.month, local.day, NIGHT_HOUR, tzinfo=zone
        ) + timedelta(days=days, minutes=minutes)
        night = night.astimezone(UTC).replace(tzinfo=None)
        if night > now:
            return night
    raise AssertionError(f"No night after {now} in {zone}")
