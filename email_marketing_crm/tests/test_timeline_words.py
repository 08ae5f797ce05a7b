"""The timeline: in which words it is told what a person did."""

from datetime import timedelta

from odoo.tests import tagged

from ..tools import reliability
from .common import NOW
from .timeline_common import ANA, TimelineCase


@tagged("post_install", "-at_install")
class TestTimelineWords(TimelineCase):
    def test_events_are_told_newest_first_with_their_names(self):
        self.mail_event("sent", date=NOW - timedelta(days=2))
        self.mail_event("opened", date=NOW - timedelta(days=1, hours=1))
        self.mail_event("clicked", date=NOW - timedelta(days=1), link_id=self.link.id)
        self.happened("form", ANA, data={"title": "Ask for a quote"})
        self.assertEqual(
            self.titles(),
            [
                "Submitted the form “Ask for a quote”",
                "Clicked “Prices” in “Spring newsletter”",
                "Opened “Spring newsletter”",
                "Mail “Spring newsletter” sent",
            ],
        )

    def test_what_was_deleted_is_told_without_its_name(self):
        self.mail_event("clicked", link_id=self.link.id)
        self.env.cr.precommit.run()
        self.link.unlink()
        self.assertEqual(self.titles(), ["Clicked a link in “Spring newsletter”"])
        self.mailing.unlink()
        self.assertEqual(self.titles(), ["Link clicked"])

    def test_why_a_mail_was_not_sent_is_in_words(self):
        self.mail_event("skipped", data={"reason": "opted_out"})
        self.assertEqual(
            self.titles(), ["Mail “Spring newsletter” not sent: Opted out"]
        )
        (row,) = self.timeline(user=self.user_sales)["touchpoints"]
        self.assertFalse(row["has_preview"])

    def test_types_of_companies_are_told_by_their_name(self):
        self.env["marketing.touchpoint.type"].create(
            {"name": "Visited our booth", "code": "booth"}
        )
        self.happened("booth", ANA)
        self.happened("booth", ANA, data={"title": "Hanover"})
        self.assertEqual(
            self.titles(), ["Visited our booth: Hanover", "Visited our booth"]
        )

    def test_list_of_events_uses_the_same_words(self):
        self.mail_event("clicked", link_id=self.link.id)
        self.env.cr.precommit.run()
        event = self.env["marketing.touchpoint"].search([])
        event = event.with_user(self.user_marketing)
        self.assertEqual(event.description, "Clicked “Prices” in “Spring newsletter”")
        self.assertEqual(event.action_open_record()["res_model"], "mailing.mailing")

    def test_machines_are_marked_and_the_reason_is_in_words(self):
        self.mail_event(
            "clicked", reliability="security_scan", reliability_reasons=["burst"]
        )
        self.mail_event(
            "opened", reliability="unknown", reliability_reasons=["yahoo_proxy"]
        )
        self.mail_event(
            "opened", reliability="human_likely", reliability_reasons=["browser"]
        )
        human, unknown, scan = self.timeline()["touchpoints"]
        self.assertTrue(scan["is_automatic"])
        self.assertEqual(
            scan["reason"],
            "Looks like a mail scanner: followed 3 or more links within 10 seconds.",
        )
        self.assertFalse(unknown["is_automatic"])
        self.assertIn("Not known whether a human did it", unknown["reason"])
        self.assertFalse(human["reason"])

    def test_every_reason_has_words(self):
        clauses = self.env["marketing.touchpoint"]._get_reliability_clauses()
        codes = {"burst", "auto_reply", "no_request"}
        for kind in ("open", "click"):
            for agent in (
                None,
                "curl/8",
                "Mozilla/5.0",
                "GoogleImageProxy",
                "YahooMailProxy",
                "Mozilla/5.0 Chrome/120.0",
                "Something else",
            ):
                for method, seconds in (("GET", 60), ("HEAD", 60), ("GET", 1)):
                    found = reliability.classify_hit(kind, agent, method, seconds)
                    codes.update(found.reasons)
        self.assertLessEqual(codes, clauses.keys())
        openings = self.env["marketing.touchpoint"]._get_reliability_openings()
        self.assertEqual(set(openings), set(reliability.CLASSES))

    def test_money_is_shown_in_the_company_currency(self):
        self.lead.expected_revenue = 12500
        self.lead.action_set_won()
        rows = self.timeline(self.lead, self.user_sales)["touchpoints"]
        won = next(row for row in rows if row["title"].endswith("won"))
        self.assertIn("12,500.00", won["amount"])
