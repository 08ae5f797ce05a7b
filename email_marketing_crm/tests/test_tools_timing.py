"""Properties of clocks, windows, quiet hours and best hours."""

import unittest
from datetime import datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.best_hour import (
    HOURS,
    MINIMUM_HITS,
    PRIOR_WEIGHT,
    SCALE,
    Hit,
    choose_slot,
    distance,
    get_evidence,
    get_peak,
    get_prior,
    get_profile,
    get_slots,
    hour_of_week,
)
from odoo.addons.email_marketing_crm.tools.frequency import CALENDAR_UNITS, get_bounds
from odoo.addons.email_marketing_crm.tools.local_time import (
    at_hour,
    at_same_hour,
    find_zone,
    get_midnight,
    next_occurrence,
    to_local,
    to_utc,
)
from odoo.addons.email_marketing_crm.tools.quiet_hours import (
    HORIZON_DAYS,
    QuietRule,
    find_open,
    is_open,
)

#: A busy machine draws slowly; that is no finding.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
START = datetime(2026, 1, 1)
MINUTE = timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Shanghai",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",  # its clock jumps by half an hour
        "Pacific/Apia",
        "America/St_Johns",
    )
]
zones = st.sampled_from(ZONES)
moments = st.integers(0, 2 * 366 * 24 * 60).map(lambda n: START + n * MINUTE)
hours = st.integers(0, 95).map(lambda n: n / 4)
hits = st.lists(
    st.builds(Hit, moments, st.sampled_from([1.0, 3.0, 4.0])), min_size=1, max_size=50
)


class TestLocalTime(unittest.TestCase):
    @patient
    @given(moments, zones)
    def test_a_wall_clock_leads_back_to_its_first_moment(self, moment, zone):
        local = to_local(moment, zone)
        found = to_utc(local, zone)
        self.assertEqual(to_local(found, zone), local)
        self.assertLessEqual(found, moment)

    def test_a_time_that_does_not_exist_is_the_next_one_that_does(self):
        for minute in (0, 1, 30, 59):
            local = datetime(2026, 3, 29, 2, minute)
            self.assertEqual(to_utc(local, BERLIN), datetime(2026, 3, 29, 1, 0))
        self.assertEqual(
            to_utc(datetime(2026, 3, 29, 3, 1), BERLIN), datetime(2026, 3, 29, 1, 1)
        )

    def test_a_time_that_comes_twice_is_its_first(self):
        self.assertEqual(
            to_utc(datetime(2026, 10, 25, 2, 30), BERLIN), datetime(2026, 10, 25, 0, 30)
        )

    def test_a_zone_that_does_not_exist(self):
        self.assertIsNone(find_zone("Mars/Olympus"))
        self.assertIsNone(find_zone(""))
        self.assertIsNone(find_zone("../etc/passwd"))

    @patient
    @given(moments, zones)
    def test_a_local_day_lasts_from_midnight_to_midnight(self, moment, zone):
        day = get_midnight(moment, zone)
        self.assertEqual(day, datetime.combine(to_local(moment, zone), time.min))
        begins, ends = at_hour(day, 0, zone), at_hour(day + timedelta(days=1), 0, zone)
        self.assertTrue(begins <= moment < ends)
        self.assertLessEqual(abs(ends - begins - timedelta(days=1)), timedelta(hours=1))

    @patient
    @given(moments, st.integers(0, 23), zones)
    def test_an_hour_of_a_day(self, moment, hour, zone):
        local = to_local(moment, zone)
        found = at_hour(local, hour, zone)
        self.assertEqual(found, to_utc(datetime.combine(local, time(hour)), zone))
        shown = to_local(found, zone)
        if shown != datetime.combine(local, time(hour)):  # the clock skips that hour
            self.assertGreater(shown, datetime.combine(local, time(hour)))

    @patient
    @given(moments, moments, zones)
    def test_the_next_time_is_within_about_a_day(self, local, now, zone):
        moment = next_occurrence(local, zone, now)
        self.assertGreaterEqual(moment, now)
        if local <= to_local(now, zone):
            self.assertLessEqual(moment - now, timedelta(hours=49))

    @patient
    @given(moments, moments, zones)
    def test_the_same_hour_on_a_later_day(self, earliest, wanted, zone):
        moment = at_same_hour(earliest, wanted, zone)
        self.assertGreaterEqual(moment, earliest)
        self.assertLess(moment - earliest, timedelta(hours=49))
        shown = to_local(moment, zone)
        if to_utc(shown, zone) == moment and shown.time() != (
            to_local(wanted, zone).time()
        ):  # only where the clock skips that hour
            skipped = datetime.combine(shown, to_local(wanted, zone).time())
            self.assertEqual(to_utc(skipped, zone), moment)


class TestFrequencyBounds(unittest.TestCase):
    @patient
    @given(moments, st.sampled_from(CALENDAR_UNITS), zones)
    def test_a_calendar_window_holds_its_moment_and_ends(self, moment, unit, zone):
        bounds = get_bounds(moment, unit, 7, zone)
        self.assertLess(bounds.start, moment)
        self.assertGreater(bounds.free, moment)
        longest = {"day": 1, "week": 7, "month": 31}[unit]
        self.assertLess(bounds.free - moment, timedelta(days=longest, hours=26))
        following = get_bounds(bounds.free, unit, 7, zone)
        self.assertEqual(following.start, bounds.free - timedelta(seconds=1))

    @patient
    @given(moments, st.integers(1, 366), zones)
    def test_a_rolling_window_is_as_long_as_it_says(self, moment, days, zone):
        bounds = get_bounds(moment, "rolling", days, zone)
        self.assertEqual(moment - bounds.start, timedelta(days=days))
        self.assertIsNone(bounds.free)

    def test_the_calendar_is_that_of_the_person(self):
        sunday_evening = datetime(2026, 3, 8, 20, 0)  # Monday 04:00 in Shanghai
        shanghai = get_bounds(sunday_evening, "week", 7, ZoneInfo("Asia/Shanghai"))
        self.assertEqual(shanghai.free, datetime(2026, 3, 15, 16, 0))
        berlin = get_bounds(sunday_evening, "week", 7, BERLIN)
        self.assertEqual(berlin.free, datetime(2026, 3, 8, 23, 0))

    def test_an_unknown_unit(self):
        with self.assertRaises(ValueError):
            get_bounds(START, "decade", 7, BERLIN)


class TestQuietHoursTool(unittest.TestCase):
    @patient
    @given(moments, zones, hours, hours)
    def test_mail_leaves_at_the_first_open_minute(self, moment, zone, start, stop):
        rule = QuietRule(start, stop)
        found = find_open(moment, zone, rule)
        self.assertGreaterEqual(found, moment)
        self.assertLess(found - moment, timedelta(hours=26))
        self.assertEqual(find_open(found, zone, rule), found)
        minute = moment
        while minute < found:
            self.assertFalse(is_open(minute, zone, rule), minute)
            minute += 7 * MINUTE

    @patient
    @given(moments, zones, hours, hours)
    def test_nothing_leaves_in_the_quiet_hours(self, moment, zone, start, stop):
        if start == stop:
            return
        found = to_local(find_open(moment, zone, QuietRule(start, stop)), zone)
        hour = found.hour + found.minute / 60 + found.second / 3600
        in_quiet = (
            start <= hour < stop if start < stop else hour >= start or hour < stop
        )
        # An hour that the clock shows twice, or not at all, is told by its first.
        if to_local(to_utc(found, zone), zone) == found and not self.is_odd(
            found, zone
        ):
            self.assertFalse(in_quiet, found)

    def is_odd(self, local, zone):
        around = (local - timedelta(hours=2), local + timedelta(hours=2))
        offsets = {to_utc(one, zone) - one for one in around}
        return len(offsets) > 1

    @patient
    @given(moments, zones, st.sets(st.integers(0, 40), min_size=1))
    def test_only_open_days(self, moment, zone, offsets):
        today = to_local(moment, zone).date()
        days = {today + timedelta(days=offset) for offset in offsets}
        found = find_open(moment, zone, QuietRule(21, 8, days))
        if any(1 <= offset <= HORIZON_DAYS for offset in offsets):
            self.assertIn(to_local(found, zone).date(), days)
        elif 0 not in offsets:  # no working day keeps nothing back for ever
            self.assertLess(found - moment, timedelta(hours=26))


class TestBestHourTool(unittest.TestCase):
    def test_the_week_begins_on_monday(self):
        self.assertEqual(hour_of_week(datetime(2024, 1, 1, 0, 59)), 0)
        self.assertEqual(hour_of_week(datetime(2024, 1, 7, 23, 0)), 167)

    @patient
    @given(st.integers(0, 167), st.integers(0, 167))
    def test_the_week_is_a_circle(self, first, second):
        self.assertEqual(distance(first, second), distance(second, first))
        self.assertLessEqual(distance(first, second), HOURS // 2)
        self.assertEqual(distance(0, 167), 1)

    @patient
    @given(hits)
    def test_a_profile_weighs_what_its_events_weigh(self, events):
        profile = get_profile(events)
        self.assertEqual(len(profile), HOURS)
        self.assertGreaterEqual(min(profile), 0)
        self.assertLess(max(profile), 2**15)
        total = SCALE * sum(hit.weight for hit in events)
        self.assertAlmostEqual(sum(profile), total, delta=HOURS / 2)

    @patient
    @given(hits, st.integers(0, 167))
    def test_a_profile_turns_with_its_events(self, events, turn):
        later = [
            hit._replace(local=hit.local + timedelta(hours=turn)) for hit in events
        ]
        first, second = get_profile(events), get_profile(later)
        self.assertEqual(
            first, [second[(hour + turn) % HOURS] for hour in range(HOURS)]
        )

    @patient
    @given(hits)
    def test_the_order_of_events_changes_nothing(self, events):
        self.assertEqual(get_profile(events), get_profile(events[::-1]))

    def test_events_beside_each_other_support_each_other(self):
        sunday, monday = datetime(2024, 1, 7, 23, 30), datetime(2024, 1, 8, 0, 10)
        events = [Hit(sunday, 3), Hit(monday, 3), Hit(datetime(2024, 1, 3, 12), 3)]
        self.assertIn(get_peak(get_profile(events)), (167, 0))
        self.assertEqual(get_evidence(events, 167).near, 2)

    def test_a_reply_says_more_than_two_opens(self):
        reply = Hit(datetime(2024, 1, 4, 9), 4.0)
        opens = [Hit(datetime(2024, 1, 2, 20), 1.0)] * 2
        self.assertEqual(
            get_peak(get_profile([reply, *opens])), hour_of_week(reply.local)
        )

    @patient
    @given(hits)
    def test_a_prior_has_its_weight(self, events):
        flat = get_prior(get_profile(events), [0.0] * HOURS)
        self.assertAlmostEqual(sum(flat), PRIOR_WEIGHT, places=6)
        self.assertEqual(sum(get_prior([0.0] * HOURS, [0.0] * HOURS)), 0)

    def test_the_more_is_known_of_somebody_the_less_others_matter(self):
        crowd = get_prior(
            get_profile([Hit(datetime(2024, 1, 1, 20), 3.0)] * 40), [0.0] * HOURS
        )
        slots = get_slots(datetime(2024, 1, 1, 6), 24, ZoneInfo("UTC"))
        mine = Hit(datetime(2024, 1, 1, 9), 3.0)
        weak = choose_slot(slots, crowd, get_profile([mine]))
        strong = choose_slot(slots, crowd, get_profile([mine] * MINIMUM_HITS))
        self.assertEqual((weak.hour, strong.hour), (20, 9))

    @patient
    @given(moments, zones, st.sampled_from([24, 168]))
    def test_the_slots_cover_the_window(self, start, zone, length):
        slots = get_slots(start, length, zone)
        self.assertEqual(slots[0].moment, start)
        self.assertTrue(all(a.moment < b.moment for a, b in pairwise(slots)))
        self.assertLess(slots[-1].moment, start + timedelta(hours=length))
        self.assertLessEqual(abs(len({slot.hour for slot in slots}) - length), 1)

    @patient
    @given(moments, zones)
    def test_without_evidence_the_mail_leaves_at_once(self, start, zone):
        slots = get_slots(start, 24, zone)
        self.assertEqual(choose_slot(slots, [0.0] * HOURS, None).moment, start)
