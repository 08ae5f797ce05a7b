"""How long a mail was read: a page may say anything, and bands have no gap."""

import unittest

from hypothesis import given
from hypothesis import strategies as st

from ..tools.reading import LONGEST_SECONDS, get_band, parse_seconds


class TestReading(unittest.TestCase):
    def test_bands_begin_with_their_first_second(self):
        for seconds, band in ((0, 0), (1.9, 0), (2, 1), (7.9, 1), (8, 2), (3600, 2)):
            with self.subTest(seconds=seconds):
                self.assertEqual(get_band(seconds), band)

    def test_what_is_no_number_of_seconds(self):
        for text in (None, "", "-1", "1e3", "nan", "inf", "1,5", " 1", "1\n", "1" * 7):
            with self.subTest(text=text):
                self.assertIsNone(parse_seconds(text))

    @given(st.text(max_size=12) | st.from_regex(r"[0-9.]{0,12}", fullmatch=True))
    def test_whatever_a_request_says(self, text):
        seconds = parse_seconds(text)
        if seconds is not None:
            self.assertGreaterEqual(seconds, 0)
            self.assertLessEqual(seconds, LONGEST_SECONDS)

    @given(st.floats(0, 999_999))
    def test_what_the_page_writes_is_understood(self, seconds):
        written = f"{seconds:.1f}"
        expected = min(float(written), LONGEST_SECONDS)
        self.assertEqual(parse_seconds(written), expected)

    @given(st.floats(0, 1e6), st.floats(0, 1e6))
    def test_who_looks_longer_reads_no_less(self, one, other):
        self.assertLessEqual(get_band(min(one, other)), get_band(max(one, other)))
