"""Points that fade: forward decay with limits.

A hit of p points is worth p/2 one half-life later, p/4 after two. Instead of shrinking
every score as time passes, a hit is written down larger the later it happens, as its
worth at one fixed reference time (Cormode et al., "Forward Decay", ICDE 2009):

    value += p * 2 ** ((date - reference) / half-life)
    points now = value / 2 ** ((now - reference) / half-life)

So nothing is rewritten with time, the order of the values is the order of the scores at
any moment, and "at least 50 points now" compares the stored value with a constant.

All parts of a score fade alike. A sum that is within a limit when a hit is added stays
within it, so limits are applied to hits, one after another in the order of their dates.
The result depends on the hits alone, not on when they became known: what arrives late
is applied by starting again from the first hit (`is_late`, `apply_hits`).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

#: With a shorter half-life, twenty years would not fit in a double; see Clock.
MIN_HALF_LIFE_DAYS = 7
#: How far ahead of its creation the reference time of a model lies, see Clock.
REFERENCE_YEARS = 10
#: Beyond 2 ** ±1000 a weight is no longer exact, or no number at all.
MAX_EXPONENT = 1000.0

SECONDS_PER_DAY = 86400.0


class Clock(NamedTuple):
    """How points of one model fade.

    A double holds 2 ** ±1022. With the reference time ten years after a model was
    made and seven days of half-life, that is enough for hits from nine years before
    it was made until twenty-nine years after.
    """

    reference: datetime
    half_life_days: float

    def exponent(self, date: datetime) -> float:
        """Half-lives from the reference time to `date` (naive UTC, like it)."""
        seconds = (date - self.reference).total_seconds()
        half_lives = seconds / SECONDS_PER_DAY / self.half_life_days
        return max(-MAX_EXPONENT, min(MAX_EXPONENT, half_lives))

    def weight(self, date: datetime) -> float:
        """Value of one point of that date at the reference time."""
        return 2.0 ** self.exponent(date)

    def points(self, value: float, date: datetime) -> float:
        """Points that a value of the reference time is worth at `date`."""
        return value / self.weight(date)


class Rule(NamedTuple):
    """Points of one hit, may be negative; a maximum of 0 is no limit."""

    id: int
    points: float
    maximum: float = 0
    group_id: int | None = None


class Limits(NamedTuple):
    """Largest sums, as points at the time of a hit; 0 is no limit.

    A limit holds in both directions: negative points stop at minus the limit.
    """

    maximum: float = 0
    groups: Mapping[int | None, float] = {}


class Hit(NamedTuple):
    """A touchpoint and the rules it fulfils, in the order of the rules."""

    date: datetime
    touchpoint_id: int
    rules: tuple[Rule, ...]


@dataclass(slots=True)
class Part:
    """What one rule brought: its part of the value, how often, and when last."""

    value: float = 0.0
    hits: int = 0
    last_date: datetime | None = None


@dataclass(slots=True)
class State:
    """The score of one person: value at the reference time, and its parts.

    `last` is the date and touchpoint of the newest hit.
    """

    value: float = 0.0
    parts: dict[int, Part] = field(default_factory=dict)
    last: tuple[datetime, int] | None = None


def is_late(state: State, date: datetime, touchpoint_id: int) -> bool:
    """Whether a hit is not newer than what the state has seen already."""
    return state.last is not None and (date, touchpoint_id) <= state.last


def trim(wanted: float, total: float, limit: float) -> float:
    """The part of `wanted` that keeps `total` between minus `limit` and `limit`."""
    if not limit:
        return wanted
    if wanted >= 0:
        return max(0.0, min(wanted, limit - total))
    return min(0.0, max(wanted, -limit - total))


def apply_hits(
    state: State,
    hits: Iterable[Hit],
    clock: Clock,
    limits: Limits,
    group_of: Mapping[int, int | None],
) -> None:
    """Add hits to a state.

    :param state: changed in place
    :param hits: ordered by date and touchpoint, none of them late
    :param group_of: group of every rule of the model, by id
    """
    groups: dict[int | None, float] = {}
    for rule_id, part in state.parts.items():
        group_id = group_of.get(rule_id)
        groups[group_id] = groups.get(group_id, 0.0) + part.value
    for hit in hits:
        weight = clock.weight(hit.date)
        for rule in hit.rules:
            part = state.parts.get(rule.id)
            if part is None:
                part = state.parts[rule.id] = Part()
            in_group = groups.get(rule.group_id, 0.0)
            group_limit = limits.groups.get(rule.group_id, 0)
            granted = trim(rule.points * weight, part.value, rule.maximum * weight)
            granted = trim(granted, in_group, group_limit * weight)
            granted = trim(granted, state.value, limits.maximum * weight)
            part.value += granted
            part.hits += 1
            part.last_date = hit.date
            groups[rule.group_id] = in_group + granted
            state.value += granted
        state.last = (hit.date, hit.touchpoint_id)


def whole(points: float) -> int:
    """Points as they are shown and compared: halves go up."""
    return math.floor(points + 0.5)


def round_to_sum(parts: Sequence[float], total: int) -> list[int]:
    """Whole numbers close to `parts` that add up to `total`.

    The rounding of what is left goes to the parts that are furthest from a whole
    number (largest remainder method).

    :raises ValueError: when the parts do not add up to about `total`
    """
    result = [math.floor(part) for part in parts]
    missing = total - sum(result)
    if not 0 <= missing <= len(parts):
        raise ValueError(f"{parts} do not add up to about {total}")
    remainders = sorted(
        range(len(parts)), key=lambda index: result[index] - parts[index]
    )
    for index in remainders[:missing]:
        result[index] += 1
    return result
