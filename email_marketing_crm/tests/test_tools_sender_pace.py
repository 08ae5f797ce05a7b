from datetime import datetime, timedelta
from unittest import TestCase
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from ..tools.sender_pace import (
    Quota,
    Used,
    day_start,
    hour_limit,
    plan_hours,
    room_now,
)

NOW = datetime(2026, 3, 4, 10, 20)
UTC = ZoneInfo("UTC")
NOTHING = Used()
limits = st.none() | st.integers(0, 5000)
quotas = st.builds(Quota, limits, limits, st.integers(1, 24))


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

    @given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
    def test_a_day_has_begun(self, moment):
        for zone in ("Asia/Shanghai", "America/Sao_Paulo", "Europe/Lisbon"):
            start = day_start(moment, ZoneInfo(zone))
            self.assertLessEqual(start, moment)
            self.assertLess(moment - start, timedelta(hours=26))
