"""Which rules of a score model a touchpoint or a person fulfils.

A `Scheme` is a score model as a worker sees it: read once a batch, then asked without
a database. Behaviour turns touchpoints into hits (`Scheme.match`); fit turns the set
of fulfilled attribute rules into points (`Scheme.grant_fit`) and a letter
(`Scheme.grade`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from . import decay
from .reliability import RANK


class Touchpoint(Protocol):
    """What is looked at in a touchpoint."""

    id: int
    person_id: int
    type_id: int
    date: datetime
    reliability: str
    mailing_id: int | None
    company_id: int | None
    res_model: str | None
    res_id: int | None


Row = TypeVar("Row", bound=Touchpoint)


class LogRow(NamedTuple):
    """A touchpoint as it is read back from the log."""

    person_id: int
    id: int
    type_id: int
    date: datetime
    reliability: str
    mailing_id: int | None
    company_id: int | None
    res_model: str | None = None
    res_id: int | None = None


class BehaviourRule(NamedTuple):
    """Points for a type of touchpoint.

    :param mailing_id: only events of this mailing, `None` for all
    :param minimum_rank: lowest reliability accepted, as in `reliability.RANK`
    :param record: only events about this record, `(model, id)`; `None` for all
    """

    rule: decay.Rule
    type_id: int
    mailing_id: int | None
    minimum_rank: int
    record: tuple[str, int] | None = None

    def is_met(self, row: Touchpoint) -> bool:
        """Whether a touchpoint of the type brings the points."""
        return (
            RANK.get(row.reliability, -1) >= self.minimum_rank
            and (not self.mailing_id or self.mailing_id == row.mailing_id)
            and (not self.record or self.record == (row.res_model, row.res_id))
        )


class FitRule(NamedTuple):
    """Points for persons with a record of `record_model` that matches `domain`."""

    rule: decay.Rule
    record_model: str
    domain: str


class Bounds(NamedTuple):
    """Lowest fit of each grade, in percent of the best fit; below `d` is F."""

    a: int
    b: int
    c: int
    d: int


@dataclass(frozen=True, slots=True)
class Scheme:
    """A score model with its rules, in the order in which they apply.

    :param company_id: events and records of other companies do not count
    :param threshold: points whose reaching is an event of its own, 0 for none
    """

    model_id: int
    clock: decay.Clock
    limits: decay.Limits
    fit_maximum: int
    bounds: Bounds
    threshold: int = 0
    company_id: int | None = None
    behaviour: tuple[BehaviourRule, ...] = ()
    fit: tuple[FitRule, ...] = ()
    _group_of: dict[int, int | None] = field(init=False)
    _by_type: dict[int, list[BehaviourRule]] = field(init=False)

    def __post_init__(self):
        by_type = defaultdict(list)
        for rule in self.behaviour:
            by_type[rule.type_id].append(rule)
        object.__setattr__(self, "_by_type", dict(by_type))
        object.__setattr__(
            self,
            "_group_of",
            {item.rule.id: item.rule.group_id for item in self.behaviour},
        )

    @property
    def type_ids(self) -> list[int]:
        """The types of touchpoints that can bring points."""
        return sorted(self._by_type)

    def select(self, rows: Iterable[Row]) -> list[Row]:
        """The touchpoints of a type and company that can bring points."""
        return [
            row
            for row in rows
            if row.type_id in self._by_type
            and (
                not self.company_id
                or not row.company_id
                or row.company_id == self.company_id
            )
        ]

    def match(self, rows: Iterable[Touchpoint]) -> dict[int, list[decay.Hit]]:
        """The hits of each person, in the order of the touchpoints.

        :param rows: what `select` returned, ordered by date and id for each person
        """
        hits = defaultdict(list)
        for row in rows:
            rules = tuple(
                item.rule for item in self._by_type[row.type_id] if item.is_met(row)
            )
            if rules:
                hits[row.person_id].append(decay.Hit(row.date, row.id, rules))
        return hits

    def apply(self, state: decay.State, hits: Iterable[decay.Hit]) -> None:
        """Add hits of one person, none of them late, to its state."""
        decay.apply_hits(state, hits, self.clock, self.limits, self._group_of)

    def replay(
        self, start: decay.State | None, hits: Iterable[decay.Hit]
    ) -> decay.State:
        """The state after all hits of one person.

        :param start: what deleted events had brought; stays as it is
        """
        state = deepcopy(start) if start else decay.State()
        self.apply(state, hits)
        if start and start.last and (not state.last or state.last < start.last):
            state.last = start.last
        return state

    def grant_fit(self, fulfilled: Collection[int]) -> dict[int, int]:
        """Points of the fulfilled fit rules, by rule, within all limits.

        Deductions come first, so that they count against what a limit cuts off.
        """
        rules = [item.rule for item in self.fit if item.rule.id in fulfilled]
        rules.sort(key=lambda rule: rule.points >= 0)
        groups: dict[int | None, float] = {}
        total = 0.0
        granted = {}
        for rule in rules:
            points = decay.trim(rule.points, 0, rule.maximum)
            in_group = groups.get(rule.group_id, 0.0)
            group_limit = self.limits.groups.get(rule.group_id, 0)
            points = decay.trim(points, in_group, group_limit)
            points = decay.trim(points, total, self.fit_maximum)
            groups[rule.group_id] = in_group + points
            total += points
            granted[rule.id] = int(points)
        return granted

    def grade(self, fit: int) -> str | None:
        """Letter of a fit; none where the model has no fit rules."""
        if not self.fit:
            return None
        percent = 100 * fit / self.fit_maximum if self.fit_maximum else 0
        for letter, bound in zip("ABCD", self.bounds, strict=True):
            if percent >= bound:
                return letter
        return "F"

    def threshold_value(self, now: datetime) -> float | None:
        """The lowest value whose points, as they are shown, are at the threshold."""
        if not self.threshold:
            return None
        return (self.threshold - 0.5) * self.clock.weight(now)


@dataclass(slots=True)
class PersonScore:
    """The score of one person while a batch is worked on.

    `stored` and `stored_lines` are what the database holds, to write only what
    differs; `before` is the value the new touchpoints started from.
    """

    person_id: int
    state: decay.State = field(default_factory=decay.State)
    fit: dict[int, int] = field(default_factory=dict)
    grade: str | None = None
    before: float = 0.0
    id: int | None = None
    stored: tuple | None = None
    stored_lines: dict[int, tuple] = field(default_factory=dict)

    def columns(self, scheme: Scheme) -> tuple:
        """value, fit, grade, last date and touchpoint, half-life of the value."""
        date, touchpoint_id = self.state.last or (None, None)
        return (
            self.state.value,
            sum(self.fit.values()),
            self.grade,
            date,
            touchpoint_id,
            scheme.clock.half_life_days,
        )

    def lines(self) -> dict[int, tuple]:
        """By rule: value, hits, last date, fit points."""
        lines = {
            rule_id: (part.value, part.hits, part.last_date, 0)
            for rule_id, part in self.state.parts.items()
        }
        for rule_id, points in self.fit.items():
            lines[rule_id] = (0.0, 0, None, points)
        return lines
