"""The hour of the week at which a person reads and answers his mail.

The week is a circle of 168 hours that begins on Monday at midnight, by the person's
wall clock. What he did is put on it, weighted by how much it says (`WEIGHTS`) and
spread over the hours beside it (`KERNEL`), so that a click at 8:59 and one at 9:01
support each other, also over Sunday's midnight. That is his *profile*.

Few persons do enough to be known by themselves. So the profile is added to what the
readers of the same mailing do, which counts as much as `PRIOR_WEIGHT`, and theirs to
what everybody does: the more we know about somebody, the less the others matter. With
fewer than `MINIMUM_HITS` his own profile is left out altogether: two clicks on one
evening are no habit. When nobody did anything yet there is no best hour, and a mail
leaves at the beginning of its window.

Sources: Mautic asks for 5 interactions and looks at 50 of the last 60 days, HubSpot at
90 days of human opens and clicks; a click and a reply say more than an open.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .local_time import to_local, to_utc

HOURS = 168
#: What an event says about the hour, by its type.
WEIGHTS = {"replied": 4.0, "clicked": 3.0, "opened": 1.0}
#: Share of an event that falls on its own hour, and on those one and two beside it.
KERNEL = {0: 0.4, 1: 0.2, -1: 0.2, 2: 0.1, -2: 0.1}
#: Events a person must have before his own habits count.
MINIMUM_HITS = 5
#: The latest events that are looked at, of so many days.
MAXIMUM_HITS = 50
HISTORY_DAYS = 180
#: What others do counts as much as events of this weight: about three clicks.
PRIOR_WEIGHT = 10.0
#: Profiles are kept as whole numbers: hundredths of the weights.
SCALE = 100


class Hit(NamedTuple):
    """Something a person did, by his wall clock."""

    local: datetime
    weight: float


class Slot(NamedTuple):
    """An hour at which a mail could leave: its moment (UTC) and hour of the week."""

    moment: datetime
    hour: int


class Evidence(NamedTuple):
    """Why an hour is the best: `near` of `hits` events were at most an hour away."""

    hour: int
    near: int
    hits: int


def hour_of_week(local: datetime) -> int:
    """0 is Monday from 00:00 to 00:59, 167 Sunday from 23:00 on."""
    return local.weekday() * 24 + local.hour


def distance(first: int, second: int) -> int:
    """Hours between two hours of the week, the short way around."""
    apart = (first - second) % HOURS
    return min(apart, HOURS - apart)


def get_profile(hits: Iterable[Hit]) -> list[int]:
    """The smoothed histogram of somebody's week, in hundredths (see `SCALE`)."""
    profile = [0.0] * HOURS
    for hit in hits:
        center = hour_of_week(hit.local)
        for offset, share in KERNEL.items():
            profile[(center + offset) % HOURS] += share * hit.weight
    return [round(value * SCALE) for value in profile]


def get_evidence(hits: Sequence[Hit], hour: int) -> Evidence:
    """How many of the events speak for an hour."""
    near = sum(distance(hour_of_week(hit.local), hour) <= 1 for hit in hits)
    return Evidence(hour, near, len(hits))


def get_peak(profile: Sequence[float]) -> int:
    """The best hour of a profile; the first one of several that are as good."""
    return max(range(len(profile)), key=lambda hour: (profile[hour], -hour))


def get_prior(sums: Sequence[float], beyond: Sequence[float]) -> list[float]:
    """What a group does, shrunk to what a larger one does; sums to `PRIOR_WEIGHT`.

    :param sums: the profiles of the group, added up (any scale above that of weights)
    :param beyond: the prior of the larger group; all zero when nothing is known
    :returns: all zero when nobody did anything
    """
    merged = [own / SCALE + other for own, other in zip(sums, beyond, strict=True)]
    total = sum(merged)
    if not total:
        return [0.0] * HOURS
    return [value * PRIOR_WEIGHT / total for value in merged]


def get_slots(start: datetime, hours: int, zone: ZoneInfo) -> list[Slot]:
    """When a mail could leave: at once, and at each full local hour within `hours`."""
    slots = [Slot(start, hour_of_week(to_local(start, zone)))]
    local = to_local(start, zone).replace(minute=0, second=0, microsecond=0)
    end = start + timedelta(hours=hours)
    for _hour in range(hours + 2):
        local += timedelta(hours=1)
        moment = to_utc(local, zone)
        if slots[-1].moment < moment < end:
            slots.append(Slot(moment, hour_of_week(local)))
    return slots


def choose_slot(
    slots: Sequence[Slot], prior: Sequence[float], profile: Sequence[float] | None
) -> Slot:
    """The best of some hours for one person; the earliest of several as good.

    :param profile: None for somebody with fewer than `MINIMUM_HITS` events
    """

    def score(slot: Slot) -> float:
        own = profile[slot.hour] / SCALE if profile else 0.0
        return own + prior[slot.hour]

    return max(slots, key=lambda slot: (score(slot), -slots.index(slot)))
