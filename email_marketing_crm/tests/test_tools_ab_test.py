import random
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from ..tools.ab_test import (
    Arm,
    compare,
    decide,
    get_bucket,
    get_interval,
    get_level,
    get_needed_size,
    get_visible_lift,
)

counts = st.integers(1, 100_000).flatmap(
    lambda size: st.builds(lambda total: Arm(size, total, total), st.integers(0, size))
)


def draw(dice, size, rate):
    """How many of so many persons did it."""
    return sum(dice.random() < rate for _person in range(size))


class TestToolsAbTest(TestCase):
    def test_published_example(self):
        """120 of 1000 against 150 of 1000: z = 1.96, p = 0.0497 (worked by hand)."""
        p_value = compare(Arm(1000, 120, 120), Arm(1000, 150, 150))
        self.assertAlmostEqual(p_value, 0.0497, places=3)

    def test_sizes_of_textbooks(self):
        """5 % to 6 %, α 0.05, power 0.8: 8155 a version (Fleiss, uncorrected)."""
        self.assertAlmostEqual(get_needed_size(0.05, 0.2, 0.05), 8155, delta=5)
        self.assertAlmostEqual(get_visible_lift(0.05, 8155, 0.05), 0.2, places=3)
        self.assertEqual(get_visible_lift(0.05, 0, 0.05), float("inf"))
        with self.assertRaises(ValueError):
            get_needed_size(0.05, 0, 0.05)

    def test_equal_versions_get_a_winner_as_rarely_as_stated(self):
        """2000 tests of two versions that are the same, looked at twice."""
        self.assert_error_rate(arms=2, level=get_level(0.05, 2), alpha=0.05)

    def test_four_equal_versions_get_a_winner_as_rarely_as_stated(self):
        self.assert_error_rate(arms=4, level=get_level(0.05, 2), alpha=0.05)

    def assert_error_rate(self, arms, level, alpha):
        dice = random.Random(20261122)
        wrong = 0
        tests = 2000
        for _test in range(tests):
            first = [draw(dice, 150, 0.2) for _arm in range(arms)]
            early = [Arm(150, total, total) for total in first]
            if decide(early, level).is_significant:
                wrong += 1
                continue
            late = [
                Arm(300, total, total)
                for total in (count + draw(dice, 150, 0.2) for count in first)
            ]
            wrong += decide(late, level).is_significant
        # Three standard deviations of a rate of α over so many tests.
        limit = alpha + 3 * (alpha * (1 - alpha) / tests) ** 0.5
        self.assertLess(wrong / tests, limit)
        if arms == 2:
            self.assertGreater(wrong / tests, alpha / 3, "the test does not see at all")

    def test_equal_amounts_get_a_winner_as_rarely_as_stated(self):
        """1000 tests of won revenue: most bring nothing, and a few bring much."""
        dice = random.Random(20261123)
        level, tests, wrong = get_level(0.05, 2), 1000, 0
        for _test in range(tests):
            amounts = [[], []]
            for look in (1, 2):
                for arm in amounts:
                    buyers = draw(dice, 400, 0.15)
                    arm += (dice.lognormvariate(4, 0.8) for _buyer in range(buyers))
                size = 400 * look
                arms = [
                    Arm(size, sum(arm), sum(amount**2 for amount in arm))
                    for arm in amounts
                ]
                if decide(arms, level, is_amount=True).is_significant:
                    wrong += 1
                    break
        self.assertLess(wrong / tests, 0.05 + 3 * (0.05 * 0.95 / tests) ** 0.5)
        self.assertGreater(wrong / tests, 0.05 / 3, "the test does not see at all")

    def test_a_difference_is_found_as_often_as_promised(self):
        dice = random.Random(7)
        size = get_needed_size(0.2, 0.4, 0.05)
        found = 0
        for _test in range(400):
            worse, better = draw(dice, size, 0.2), draw(dice, size, 0.28)
            verdict = decide([Arm(size, worse, worse), Arm(size, better, better)], 0.05)
            found += verdict.is_significant and verdict.best == 1
        self.assertGreater(found / 400, 0.74)
        self.assertLess(found / 400, 0.86)

    def test_amounts_count_those_who_bought_nothing(self):
        few_large = Arm(1000, 5000, 5 * 1000**2)
        many_small = Arm(1000, 5500, 550 * 10**2)
        verdict = decide([few_large, many_small], 0.05, is_amount=True)
        self.assertEqual(verdict.best, 1)
        self.assertFalse(verdict.is_significant, "five orders prove nothing")

    def test_unknown_level(self):
        with self.assertRaises(ValueError):
            get_level(0.07, 2)
        self.assertEqual(get_level(0.07, 1), 0.07)

    @given(counts, counts)
    def test_no_order_matters(self, one, other):
        self.assertAlmostEqual(compare(one, other), compare(other, one))
        self.assertTrue(0 <= compare(one, other) <= 1)
        low, high = get_interval(one, other, 0.05)
        self.assertTrue(low <= one.mean - other.mean <= high)

    @given(st.lists(counts, min_size=2, max_size=5))
    def test_the_best_has_the_highest_rate(self, arms):
        verdict = decide(arms, 0.05)
        self.assertEqual(arms[verdict.best].mean, max(arm.mean for arm in arms))
        self.assertTrue(0 <= verdict.p_value <= 1)
        if verdict.is_significant:
            self.assertLess(verdict.p_value, 0.05)

    @given(st.text(), st.emails())
    def test_a_bucket_is_a_stable_part(self, key, email):
        self.assertTrue(0 <= get_bucket(key, email) < 1)
        self.assertEqual(get_bucket(key, email), get_bucket(key, email))

    def test_buckets_are_even_and_tests_independent(self):
        emails = [f"person{number}@example.com" for number in range(4000)]
        ours = [get_bucket("a", email) for email in emails]
        theirs = [get_bucket("b", email) for email in emails]
        for start in (0, 0.25, 0.5, 0.75):
            part = sum(start <= bucket < start + 0.25 for bucket in ours)
            self.assertAlmostEqual(part, 1000, delta=100)
        both = sum(a < 0.5 and b < 0.5 for a, b in zip(ours, theirs, strict=True))
        self.assertAlmostEqual(both, 1000, delta=100)
