"""Properties of the moments that mails of an entry of the calendar lie between."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.search_range import MARGIN, Range, Term, get_range

DAY = timedelta(days=1)
#: What each condition says of an entry.
COMPARE = {
    ">": lambda value, moment: value > moment,
    ">=": lambda value, moment: value >= moment,
    "<": lambda value, moment: value < moment,
    "<=": lambda value, moment: value <= moment,
    "=": lambda value, moment: value == moment,
    "!=": lambda value, moment: value != moment,
}
names = st.sampled_from(["date", "date_stop"])
operators = st.sampled_from(list(COMPARE))
#: Close enough to each other for entries to meet the terms now and then.
hours = st.integers(0, 10 * 24).map(
    lambda number: datetime(2026, 3, 1) + timedelta(hours=number)
)
offsets = st.integers(-12 * 4, 14 * 4).map(lambda number: timedelta(hours=number / 4))


@tagged("post_install", "-at_install")
class TestToolsSearchRange(BaseCase):
    @given(st.lists(st.builds(Term, names, operators, hours)), hours, offsets)
    def test_no_mail_of_an_entry_is_missed(self, terms, mail, offset):
        """An entry is a day of the zone of who looks, kept as a day without a zone."""
        day = (mail + offset).replace(hour=0, minute=0)
        entry = {"date": day, "date_stop": day + DAY - timedelta(seconds=1)}
        if all(COMPARE[one.operator](entry[one.name], one.moment) for one in terms):
            first, last = get_range(terms)
            self.assertTrue(first <= mail <= last)

    @given(hours, hours)
    def test_a_month_reads_little_more_than_itself(self, start, stop):
        terms = [Term("date_stop", ">=", start), Term("date", "<=", stop)]
        self.assertEqual(get_range(terms), Range(start - MARGIN, stop + MARGIN))

    @given(st.lists(st.builds(Term, names, operators, hours), min_size=1))
    def test_each_term_can_only_narrow_it(self, terms):
        fewer, all_of_them = get_range(terms[1:]), get_range(terms)
        self.assertGreaterEqual(all_of_them.first, fewer.first)
        self.assertLessEqual(all_of_them.last, fewer.last)

    @given(names, operators, st.datetimes())
    def test_any_date_may_be_asked_for(self, name, operator, moment):
        first, last = get_range([Term(name, operator, moment)])
        self.assertTrue(first == datetime.min or last == datetime.max)

    def test_without_terms_it_is_ever(self):
        self.assertEqual(get_range([]), (datetime.min, datetime.max))
