"""The timeline: page by page, and filtered by kind."""

from datetime import timedelta

from odoo.tests import tagged

from .common import NOW
from .timeline_common import ANA, TimelineCase


@tagged("post_install", "-at_install")
class TestTimelinePages(TimelineCase):
    def test_filters_by_kind(self):
        self.mail_event("sent")
        self.mail_event("clicked", link_id=self.link.id)
        self.happened("page_view", ANA, data={"url": "https://pumps.example/a"})
        self.happened("won", ANA, data={"title": "Pumps"})
        self.happened("unsubscribed", ANA, data={"title": "Newsletter"})
        for kind, title in (
            ("mails", "Mail “Spring newsletter” sent"),
            ("clicks", "Clicked “Prices” in “Spring newsletter”"),
            ("web", "Viewed https://pumps.example/a"),
            ("sales", "Lead “Pumps” won"),
            ("consent", "Unsubscribed from “Newsletter”"),
        ):
            with self.subTest(kind=kind):
                rows = self.timeline(kinds=[kind])["touchpoints"]
                self.assertEqual([row["title"] for row in rows], [title])
                self.assertEqual(rows[0]["kind"], kind)
        self.assertEqual(len(self.titles(kinds=["mails", "clicks"])), 2)
        self.assertEqual(self.titles(kinds=["segments"]), [])

    def test_every_type_belongs_to_a_filter(self):
        summary = self.partner.with_user(self.user_sales).marketing_summary()
        offered = {kind["code"] for kind in summary["kinds"]}
        kinds = self.partner._get_kind_by_type()
        self.assertEqual(set(kinds.values()), offered)

    def test_pages_hold_every_event_once_whatever_comes_in_between(self):
        same_moment = NOW - timedelta(days=1)
        for number in range(25):
            date = same_moment if number < 15 else NOW - timedelta(hours=number)
            self.happened("page_view", ANA, date=date, data={"title": str(number)})
        first = self.timeline(limit=10)
        seen = [row["id"] for row in first["touchpoints"]]
        page = first
        while page["next"]:
            self.happened("form", ANA, data={"title": "Came in meanwhile"})
            page = self.timeline(limit=10, before=page["next"])
            seen += [row["id"] for row in page["touchpoints"]]
        self.assertEqual(len(seen), 25)
        self.assertEqual(len(set(seen)), 25)
        events = self.env["marketing.touchpoint"].browse(seen)
        keys = [(event.date, event.id) for event in events]
        self.assertEqual(keys, sorted(keys, reverse=True))

    def test_a_page_costs_the_same_number_of_queries_for_long_histories(self):
        counts = []
        for number in (5, 40):
            for _event in range(number):
                self.mail_event("clicked", link_id=self.link.id)
            self.timeline()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.partner.with_user(self.user_marketing).marketing_timeline()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def test_somebody_without_address_has_an_empty_timeline(self):
        nobody = self.make_partner(False, name="Nobody")
        page = self.timeline(nobody)
        self.assertEqual(page, {"touchpoints": [], "next": False})
        summary = nobody.with_user(self.user_marketing).marketing_summary()
        self.assertFalse(summary["person_id"])
