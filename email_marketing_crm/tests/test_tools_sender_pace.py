from collections import Counter
from datetime import date, datetime, timedelta
from unittest import TestCase
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from ..tools.sender_pace import (
    Quota,
    Used,
    day_start,
    hour_limit,
    midnight,
    plan_hours,
    plan_queues,
    room_now,
    scale_up,
    share_room,
)

NOW = datetime(2026, 3, 4, 10, 20)
UTC = ZoneInfo("UTC")
NOTHING = Used()
limits = st.none() | st.integers(0, 5000)
quotas = st.builds(Quota, limits, limits, st.integers(1, 24))
providers = st.sampled_from(["gmail", "outlook", "qq", "other"])
mixes = st.dictionaries(providers, st.integers(0, 300)).map(
    lambda counts: Counter({name: count for name, count in counts.items() if count})
)


def plan(count, quota, start=NOW, used=NOTHING, zone=UTC, days=30):
    return list(plan_hours(start, zone, count, lambda _day: quota, used, days))


class TestSenderPace(TestCase):
    def test_room_grows_by_the_minute(self):
        quota = Quota(hourly=60)
        self.assertEqual(room_now(quota, Used(), 0), 1)
        self.assertEqual(room_now(quota, Used(), 29), 30)
        self.assertEqual(room_now(quota, Used(30, 30), 29), 0)
        self.assertEqual(room_now(quota, Used(99, 99), 59), 0)
        self.assertIsNone(room_now(Quota(), Used(10, 10), 0))

    def test_day_is_spread_over_hours(self):
        self.assertEqual(hour_limit(Quota(daily=100, spread=8)), 13)
        self.assertEqual(hour_limit(Quota(hourly=5, daily=100, spread=8)), 5)
        self.assertEqual(room_now(Quota(daily=100, spread=8), Used(0, 98), 59), 2)

    def test_plan(self):
        self.assertEqual(plan(7, Quota()), [(NOW, 7)])
        self.assertEqual(
            plan(7, Quota(hourly=3), used=Used(1, 1)),
            [
                (NOW, 2),
                (datetime(2026, 3, 4, 11), 3),
                (datetime(2026, 3, 4, 12), 2),
            ],
        )
        self.assertEqual(
            plan(5, Quota(daily=3), used=Used(0, 2)),
            [
                (NOW, 1),
                (datetime(2026, 3, 5), 3),
                (datetime(2026, 3, 6), 1),
            ],
        )

    def test_plan_in_the_senders_zone(self):
        shanghai = ZoneInfo("Asia/Shanghai")
        self.assertEqual(
            plan(2, Quota(daily=1), zone=shanghai),
            [(NOW, 1), (datetime(2026, 3, 4, 16), 1)],
        )
        self.assertEqual(day_start(NOW, shanghai), datetime(2026, 3, 3, 16))

    def test_days_are_as_long_as_they_are(self):
        for zone, day, hours in (
            ("Europe/Berlin", date(2026, 3, 29), 23),
            ("Europe/Berlin", date(2026, 10, 25), 25),
            ("America/Havana", date(2026, 3, 8), 23),  # it has no midnight
            ("Asia/Kathmandu", date(2026, 3, 29), 24),
        ):
            with self.subTest(zone=zone, day=day):
                start = midnight(day, ZoneInfo(zone))
                end = midnight(day + timedelta(days=1), ZoneInfo(zone))
                self.assertEqual(end - start, timedelta(hours=hours))
                self.assertEqual(
                    day_start(end - timedelta(seconds=1), ZoneInfo(zone)), start
                )
                self.assertEqual(day_start(start, ZoneInfo(zone)), start)

    def test_plan_ends(self):
        self.assertEqual(plan(5, Quota(hourly=0)), [])
        self.assertEqual(len(plan(10**6, Quota(daily=1), days=10)), 10)

    @given(quotas, st.integers(0, 9), st.integers(0, 9), st.integers(0, 59))
    def test_room_keeps_the_quota(self, quota, hour, more, minute):
        used = Used(hour, hour + more)
        room = room_now(quota, used, minute)
        if room:
            self.assertLessEqual(used.hour + room, hour_limit(quota))
            if quota.daily is not None:
                self.assertLessEqual(used.day + room, quota.daily)

    @given(quotas)
    def test_whoever_takes_the_room_each_minute_gets_the_whole_quota(self, quota):
        used = 0
        for minute in range(60):
            room = room_now(quota, Used(used, used), minute)
            if room is None:
                return
            used += room
        self.assertEqual(used, min(hour_limit(quota), quota.daily or used))

    @settings(max_examples=50)
    @given(
        st.integers(0, 20000),
        quotas,
        st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"]),
        st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    )
    def test_plan_keeps_every_quota(self, count, quota, zone, start):
        zone = ZoneInfo(zone)
        planned = plan(count, quota, start, zone=zone, days=20)
        self.assertLessEqual(sum(number for _hour, number in planned), count)
        days = {}
        for moment, number in planned:
            self.assertGreater(number, 0)
            self.assertLessEqual(number, hour_limit(quota) or number)
            day = day_start(moment, zone)
            days[day] = days.get(day, 0) + number
        for number in days.values():
            self.assertLessEqual(number, quota.daily or number)
        moments = [moment for moment, _number in planned]
        self.assertEqual(moments, sorted(set(moments)))

    @given(mixes, st.none() | st.integers(0, 500), mixes)
    def test_room_is_shared(self, waiting, room, limits):
        """All of the room is used that anybody may use, and no limit is passed."""
        shares = share_room(waiting, room, limits)
        self.assertEqual(set(shares), set(waiting))
        wanted = {
            name: min(number, limits.get(name, number))
            for name, number in waiting.items()
        }
        for name, number in shares.items():
            self.assertGreaterEqual(number, 0)
            self.assertLessEqual(number, wanted[name])
        total = sum(wanted.values())
        self.assertEqual(
            sum(shares.values()), total if room is None else min(room, total)
        )

    def test_room_is_shared_by_what_waits(self):
        self.assertEqual(
            share_room({"gmail": 30, "other": 10}, 20, {}), {"gmail": 15, "other": 5}
        )
        self.assertEqual(
            share_room({"gmail": 30, "other": 10}, 20, {"gmail": 2}),
            {"gmail": 2, "other": 10},
        )

    @settings(max_examples=50)
    @given(mixes, mixes, quotas, st.dictionaries(providers, st.integers(0, 40)))
    def test_queues_keep_every_limit(self, ahead, own, quota, limits):
        planned = list(
            plan_queues(
                NOW,
                UTC,
                [ahead, own],
                lambda _day: quota,
                {},
                3,
                lambda provider, _moment, _later: limits.get(provider),
            )
        )
        for moment, taken in planned:
            self.assertTrue(any(taken))
            self.assertLessEqual(sum(taken), hour_limit(quota) or sum(taken))
            self.assertGreaterEqual(moment, NOW)
        for queue, counts in ((0, ahead), (1, own)):
            left = sum(taken[queue] for _moment, taken in planned)
            self.assertLessEqual(left, sum(counts.values()))
        free = {name: counts for name, counts in ahead.items() if name not in limits}
        if hour_limit(quota) is None and free == ahead and ahead.total():
            self.assertEqual(planned[0], (NOW, [ahead.total(), planned[0][1][1]]))

    @given(mixes, st.integers(0, 10**6))
    def test_a_sample_stands_for_all(self, sample, count):
        scaled = scale_up(sample, count)
        self.assertEqual(sum(scaled.values()), count)
        for name, number in scaled.items():
            self.assertGreaterEqual(number, 0)
            if sample:
                expected = count * sample[name] / sample.total()
                self.assertLess(abs(number - expected), 8)

    @given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
    def test_a_day_has_begun(self, moment):
        for zone in ("Asia/Shanghai", "America/Sao_Paulo", "Europe/Lisbon"):
            start = day_start(moment, ZoneInfo(zone))
            self.assertLessEqual(start, moment)
            self.assertLess(moment - start, timedelta(hours=26))
