"""What the numbers have to be, computed without asking the product.

Only configuration is read from Odoo (the rules of the score model); contacts, habits
and what they come to are known here.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .contacts import FACTS, Person, World
from .habits import Footprint

CLASSES = (
    "security_scan",
    "machine_open",
    "unknown",
    "human_likely",
    "human_confirmed",
)


@dataclass(frozen=True)
class Conditions:
    """The attributes of the campaign's segment."""

    industries: frozenset[str]
    countries: frozenset[str]

    def match(self, person: Person) -> bool:
        """Tell whether a line of the address book meets them."""
        return (
            person.company.industry in self.industries
            and person.company.land.code in self.countries
        )

    def addresses(self, world: World) -> set[str]:
        """Return who is in the segment: persons, each once."""
        return {one.address for one in world.people if self.match(one)} - {""}


@dataclass(frozen=True)
class BehaviourRule:
    """Points for events, as set up in Odoo; 0 is no limit."""

    kind: str
    points: float
    maximum: float
    group: int
    minimum: str


@dataclass(frozen=True)
class FitRule:
    """Points for what is known of a contact; the domain is the one set up in Odoo."""

    domain: tuple[Any, ...]
    points: float
    maximum: float
    group: int


@dataclass(frozen=True)
class ScoreModel:
    """A score model as it is set up in Odoo."""

    maximum: float
    groups: Mapping[int, float]
    rules: tuple[BehaviourRule, ...]
    fit_maximum: float
    fit_rules: tuple[FitRule, ...]
    bounds: tuple[tuple[str, float], ...]
    """Lowest percent of each letter, the best letter first."""

    def score(self, left: Footprint) -> float:
        """Return the points for what somebody did within a few minutes.

        Nothing fades in so short a time, and the story has nobody who reaches the
        model's limit and loses points afterwards: sums and limits are all there is.
        """
        granted = []
        for rule in self.rules:
            accepted = CLASSES[CLASSES.index(rule.minimum) :]
            hits = sum(left[rule.kind, name] for name in accepted)
            granted.append((rule.group, _limit(hits * rule.points, rule.maximum)))
        return _limit(self._sum_in_groups(granted), self.maximum)

    def grade(self, known: Collection[str]) -> str:
        """Return the letter of somebody of whom these fields are filled in."""
        granted = [
            (rule.group, _limit(rule.points, rule.maximum))
            for rule in self.fit_rules
            if matches(rule.domain, known)
        ]
        fit = _limit(self._sum_in_groups(granted), self.fit_maximum)
        percent = 100 * fit / self.fit_maximum
        return next((letter for letter, low in self.bounds if percent >= low), "F")

    def _sum_in_groups(self, granted: Iterable[tuple[int, float]]) -> float:
        """Add up points of rules, within the limits that rules share."""
        groups: dict[int, float] = defaultdict(float)
        for group, points in granted:
            groups[group] += points
        return sum(
            _limit(points, self.groups.get(group, 0))
            for group, points in groups.items()
        )


def matches(domain: Sequence[Any], known: Collection[str]) -> bool:
    """Evaluate a domain of ``(field, "!=", False)`` in prefix notation.

    :param known: names of the fields that are filled in
    :raises ValueError: for a condition of another kind, or on another field
    """
    stack: list[bool] = []
    for token in reversed(domain):
        if token == "!":
            stack.append(not stack.pop())
        elif token in ("|", "&"):
            first, second = stack.pop(), stack.pop()
            stack.append(first or second if token == "|" else first and second)
        elif token[0] in FACTS and tuple(token[1:]) == ("!=", False):
            stack.append(token[0] in known)
        else:
            raise ValueError(f"The story cannot evaluate {token!r}")
    return all(stack)


def _limit(points: float, maximum: float) -> float:
    """Keep points within a limit that holds in both directions; 0 is none."""
    return max(-maximum, min(maximum, points)) if maximum else points


def total(footprints: Iterable[Footprint]) -> Footprint:
    """Add up what several people left."""
    result: Footprint = Counter()
    for left in footprints:
        result.update(left)
    return result
