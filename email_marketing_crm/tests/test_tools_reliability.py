"""Properties of the classes of opens and clicks."""

import unittest
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.reliability import (
    BURST_WINDOW,
    CLASSES,
    Classification,
    LinkHit,
    classes_from,
    classify_hit,
    distrust,
    find_bursts,
    is_at_least,
)

CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120 Safari/537.36"
START = datetime(2026, 3, 4, 10, 0, 0)

hits = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 2), st.integers(1, 5)), max_size=25
).map(
    lambda rows: [
        LinkHit(number, START + timedelta(seconds=second), mailing, link)
        for number, (second, mailing, link) in enumerate(rows)
    ]
)


class TestClassifyHit(unittest.TestCase):
    def check(self, expected, *args):
        self.assertEqual(classify_hit(*args).reliability, expected)

    def test_a_browser_some_minutes_later_is_likely_a_human(self):
        self.check("human_likely", "click", CHROME, "GET", 240.0)
        self.check("human_likely", "open", CHROME, "GET", 240.0)

    def test_nobody_reads_within_two_seconds(self):
        self.check("security_scan", "click", CHROME, "GET", 0.7)
        self.check("machine_open", "open", CHROME, "GET", 0.7)

    def test_head_requests_and_known_scanners_are_machines(self):
        self.check("security_scan", "click", CHROME, "HEAD", 500.0)
        for agent in (
            "Barracuda Sentinel (EE)",
            "curl/8.1",
            "python-requests/2.3",
            "Mozilla/5.0 (compatible; bingbot/2.0)",
            "Mozilla/5.0 HeadlessChrome/119",
        ):
            with self.subTest(agent=agent):
                self.check("security_scan", "click", agent, "GET", 500.0)

    def test_proxies_of_mail_providers(self):
        self.check("machine_open", "open", "Mozilla/5.0", "GET", 500.0)
        self.check(
            "human_likely",
            "open",
            "Mozilla/5.0 (via ggpht.com GoogleImageProxy)",
            "GET",
            500.0,
        )
        self.check(
            "unknown", "open", "YahooMailProxy; https://help.yahoo.com", "GET", 9.0
        )

    def test_no_agent_or_an_unknown_one_decides_nothing(self):
        self.check("unknown", "click", None, "GET", 500.0)
        self.check("unknown", "click", "Something/1.0", "GET", 500.0)

    def test_another_kind_is_refused(self):
        with self.assertRaises(ValueError):
            classify_hit("reply", CHROME)

    @given(
        st.sampled_from(["open", "click"]),
        st.none() | st.text(),
        st.sampled_from(["GET", "HEAD", "POST"]),
        st.none() | st.floats(0, 1e7),
    )
    def test_every_request_has_a_class_and_a_reason(self, kind, agent, method, delay):
        found = classify_hit(kind, agent, method, delay)
        self.assertIn(found.reliability, CLASSES)
        self.assertTrue(found.reasons)


class TestOrder(unittest.TestCase):
    @given(st.sampled_from(CLASSES), st.sampled_from(CLASSES))
    def test_classes_from_agrees_with_is_at_least(self, reliability, minimum):
        self.assertEqual(
            is_at_least(reliability, minimum), reliability in classes_from(minimum)
        )

    @given(st.sampled_from(CLASSES))
    def test_what_anybody_could_make_up_is_never_a_humans(self, reliability):
        found = distrust(Classification(reliability, ("browser",)))
        self.assertFalse(is_at_least(found.reliability, "human_likely"))
        self.assertTrue(is_at_least(reliability, found.reliability), "never better")

    def test_a_name_that_is_no_class_is_never_enough(self):
        self.assertFalse(is_at_least("surely", "security_scan"))


class TestFindBursts(unittest.TestCase):
    def test_three_links_at_once_are_a_scanner(self):
        burst = [LinkHit(n, START, 1, n) for n in range(3)]
        later = LinkHit(9, START + timedelta(minutes=5), 1, 1)
        self.assertEqual(find_bursts([*burst, later]), {0, 1, 2})

    def test_one_link_clicked_three_times_is_a_human(self):
        self.assertFalse(find_bursts([LinkHit(n, START, 1, 7) for n in range(3)]))

    def test_links_of_different_mails_do_not_add_up(self):
        self.assertFalse(find_bursts([LinkHit(n, START, n, n) for n in range(5)]))

    @given(hits, st.randoms())
    def test_the_order_of_hits_does_not_matter(self, found, random):
        shuffled = list(found)
        random.shuffle(shuffled)
        self.assertEqual(find_bursts(found), find_bursts(shuffled))

    @given(hits)
    def test_a_hit_in_a_burst_has_two_other_links_near_it(self, found):
        burst = find_bursts(found)
        for hit in found:
            near = {
                other.link_id
                for other in found
                if other.mailing_id == hit.mailing_id
                and abs(other.date - hit.date) <= BURST_WINDOW
            }
            if hit.id in burst:
                self.assertGreaterEqual(len(near), 3)
            elif len(near) < 3:
                self.assertNotIn(hit.id, burst)

    @given(hits)
    def test_more_hits_never_free_a_burst(self, found):
        for end in range(len(found)):
            self.assertLessEqual(find_bursts(found[:end]), find_bursts(found))
