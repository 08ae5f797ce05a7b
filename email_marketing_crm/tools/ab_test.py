"""The arithmetic of A/B tests: who gets which version, and whether one is better.

*Assignment.* A person's bucket is a number in [0, 1) that follows from the key of the
test and his address alone, so a restart, a retry or a later plan gives the same
version. From 0 on: the versions in equal parts, then the rest. Who is held out of a
campaign has no part in it (`marketing.delivery`, holdout).

*Decision.* Two versions are compared by the two-proportion z-test with pooled variance
(Fleiss, Levin & Paik, *Statistical Methods for Rates and Proportions*, 3rd ed., 2.4),
amounts by Welch's test with the normal distribution, as versions are large. A version
wins only if it beats every other one, each pair at α divided by the number of pairs
(Bonferroni). A test that is looked at twice uses a lower α for each look (Pocock,
*Group sequential methods in the design and analysis of clinical trials*, Biometrika 64,
1977). So the chance that versions which are equally good get a winner is at most α.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist

#: Pocock's nominal levels for two looks that are wrong with probability α in all.
TWO_LOOKS = {0.10: 0.0556, 0.05: 0.0294, 0.01: 0.0056}
_NORMAL = NormalDist()
_BUCKETS = 2**32


@dataclass(frozen=True, slots=True)
class Arm:
    """What is known of one version.

    :param size: persons who got it
    :param total: how many of them did what is wanted, or the sum of their amounts
    :param squares: sum of the squared amounts; for counts the same as `total`
    """

    size: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        """Rate, or amount per person."""
        return self.total / self.size if self.size else 0.0

    @property
    def variance(self) -> float:
        """Sample variance of one person's value."""
        if self.size < 2:
            return 0.0
        spread = self.squares - self.size * self.mean**2
        return max(spread, 0.0) / (self.size - 1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the numbers say.

    :param best: index of the version with the highest mean
    :param is_significant: whether it beats every other one
    :param p_value: the highest of its comparisons, times the number of pairs, at most 1
    :param difference: its lead over the second, in the unit of the mean
    :param low: lower bound of the interval of that lead
    :param high: upper bound
    """

    best: int
    is_significant: bool
    p_value: float
    difference: float
    low: float
    high: float


def get_bucket(key: str, email: str) -> float:
    """Where an address stands in a test, in [0, 1); `marketing.ab.test` has the SQL."""
    digest = hashlib.sha256(f"{key}:{email}".encode()).hexdigest()
    return int(digest[:8], 16) / _BUCKETS


def compare(one: Arm, other: Arm, is_amount: bool = False) -> float:
    """Two-sided p-value of the difference of two versions."""
    if not one.size or not other.size:
        return 1.0
    if is_amount:
        error = sqrt(one.variance / one.size + other.variance / other.size)
    else:
        pooled = (one.total + other.total) / (one.size + other.size)
        error = sqrt(pooled * (1 - pooled) * (1 / one.size + 1 / other.size))
    if not error:
        return 1.0
    return 2 * (1 - _NORMAL.cdf(abs(one.mean - other.mean) / error))


def decide(arms: Sequence[Arm], level: float, is_amount: bool = False) -> Verdict:
    """Which version is best, and whether that is more than chance.

    :param arms: at least two
    :param level: significance level of this look, see `get_level`
    """
    order = sorted(range(len(arms)), key=lambda index: -arms[index].mean)
    best, second = order[0], order[1]
    pairs = len(arms) * (len(arms) - 1) // 2
    p_value = max(compare(arms[best], arms[index], is_amount) for index in order[1:])
    corrected = min(p_value * pairs, 1.0)
    low, high = get_interval(arms[best], arms[second], level / pairs)
    return Verdict(
        best,
        corrected < level,
        corrected,
        arms[best].mean - arms[second].mean,
        low,
        high,
    )


def get_interval(one: Arm, other: Arm, level: float) -> tuple[float, float]:
    """Interval of the difference of two means that misses it with probability `level`.

    The one of Wald: what it leaves out at small sizes, the minimum size of a version
    keeps away.
    """
    difference = one.mean - other.mean
    if not one.size or not other.size:
        return difference, difference
    error = sqrt(one.variance / one.size + other.variance / other.size)
    reach = _NORMAL.inv_cdf(1 - level / 2) * error
    return difference - reach, difference + reach


def get_level(alpha: float, looks: int) -> float:
    """Significance level of each of one or two looks.

    :raises ValueError: for an α that has no level for two looks
    """
    if looks == 1:
        return alpha
    if alpha not in TWO_LOOKS:
        raise ValueError(f"No level of two looks is known for {alpha}")
    return TWO_LOOKS[alpha]


def get_needed_size(
    rate: float, relative_lift: float, alpha: float, power: float = 0.8
) -> int:
    """Persons per version that make a difference visible.

    :param rate: what the usual version reaches, in (0, 1)
    :param relative_lift: 0.1 for 10 % more of it
    :param power: how often such a difference is found
    """
    better = min(rate * (1 + relative_lift), 1.0)
    difference = better - rate
    if difference <= 0 or not 0 < rate < 1:
        raise ValueError("A rate between 0 and 1 and a positive lift are needed")
    factor = _NORMAL.inv_cdf(1 - alpha / 2) + _NORMAL.inv_cdf(power)
    spread = rate * (1 - rate) + better * (1 - better)
    return ceil(factor**2 * spread / difference**2)


def get_visible_lift(rate: float, size: int, alpha: float, power: float = 0.8) -> float:
    """Smallest relative lift that versions of this size would show; inf for none."""
    low, high = 0.0, 1 / rate - 1
    if size < 1 or get_needed_size(rate, high, alpha, power) > size:
        return float("inf")
    for _step in range(40):
        middle = (low + high) / 2
        if get_needed_size(rate, middle, alpha, power) > size:
            low = middle
        else:
            high = middle
    return high
