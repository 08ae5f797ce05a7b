"""When mail may leave: outside the quiet hours, on days that are worked on.

Quiet hours are a stretch of the local day; they may span midnight (from 21:00 to
08:00). A day that is not worked on is quiet from midnight to midnight. All moments are
naive UTC; hours are numbers of the local wall clock (8.5 is half past eight).
"""

from collections.abc import Container
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .local_time import DAY, to_local, to_utc

#: No rule keeps a mail back for longer than this many days: who has no working day for
#: so long has a wrong calendar, and his mails leave outside the quiet hours.
HORIZON_DAYS = 31


class QuietRule(NamedTuple):
    """When nothing leaves.

    :ivar start: hour at which quiet begins; equal to `stop`: there are no quiet hours
    :ivar stop: hour at which quiet ends
    :ivar days: local dates on which mail leaves; None for every day
    """

    start: float
    stop: float
    days: Container[date] | None = None


def get_open_hours(rule: QuietRule) -> list[tuple[float, float]]:
    """The stretches of a local day in which mail may leave, in order."""
    if rule.start == rule.stop:
        return [(0.0, 24.0)]
    if rule.start > rule.stop:
        return [(rule.stop, rule.start)]
    return [
        (begin, end)
        for begin, end in ((0.0, rule.start), (rule.stop, 24.0))
        if begin < end
    ]


def find_open(moment: datetime, zone: ZoneInfo, rule: QuietRule) -> datetime:
    """The first moment from `moment` on at which mail may leave."""
    today = to_local(moment, zone).date()
    for days in (rule.days, None):
        for offset in range(HORIZON_DAYS + 1):
            day = today + timedelta(days=offset)
            if days is not None and day not in days:
                continue
            for begin, end in get_open_hours(rule):
                opens = to_utc(_at_hour(day, begin), zone)
                if moment < to_utc(_at_hour(day, end), zone):
                    return max(moment, opens)
    return moment


def is_open(moment: datetime, zone: ZoneInfo, rule: QuietRule) -> bool:
    """Whether mail may leave at a moment."""
    return find_open(moment, zone, rule) == moment


def _at_hour(day: date, hour: float) -> datetime:
    if hour >= 24:
        return datetime.combine(day + DAY, time())
    seconds = round(hour * 3600)
    return datetime.combine(day, time()) + timedelta(seconds=seconds)
