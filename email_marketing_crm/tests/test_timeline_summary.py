"""The timeline: what stands above it, in numbers and warnings."""

from datetime import timedelta

from odoo.tests import tagged

from .common import NOW
from .timeline_common import ANA, TimelineCase


@tagged("post_install", "-at_install")
class TestTimelineSummary(TimelineCase):
    def test_summary_counts_humans_and_machines_apart(self):
        for days in (1, 2, 40):
            self.mail_event(
                "clicked",
                date=NOW - timedelta(days=days),
                reliability="human_likely",
            )
        self.mail_event(
            "clicked", date=NOW - timedelta(hours=1), reliability="security_scan"
        )
        self.run_inbox()
        summary = self.lead.with_user(self.user_sales).marketing_summary()
        tiles = {tile["code"]: tile for tile in summary["engagement"]}
        self.assertEqual(tiles["clicked"]["count"], 2)
        self.assertEqual(tiles["clicked"]["automatic"], 1)
        self.assertEqual(tiles["clicked"]["date"], "2026-03-03 10:00:00")
        self.assertFalse(tiles["replied"]["date"])

    def test_summary_explains_the_score(self):
        self.happened("form", ANA, data={"title": "Ask for a quote"})
        self.run_inbox()
        summary = self.lead.with_user(self.user_sales).marketing_summary()
        self.assertGreater(summary["score"]["score"], 0)
        behaviour = [
            line for line in summary["score"]["lines"] if line["kind"] == "behaviour"
        ]
        self.assertEqual(
            summary["score"]["score"], sum(line["points"] for line in behaviour)
        )

    def test_summary_says_why_somebody_gets_no_mail(self):
        partner = self.partner.with_user(self.user_sales)
        self.assertEqual(partner.marketing_summary()["warnings"], [])
        self.mail_event("hard_bounce")
        self.env["mail.blacklist"]._add(ANA)
        self.run_inbox()
        bounced, blacklisted = partner.marketing_summary()["warnings"]
        self.assertIn("the address does not exist", bounced)
        self.assertIn("unsubscribed from all mailings", blacklisted)

    def test_only_who_may_read_persons_is_offered_to_open_one(self):
        for user, offered in ((self.user_marketing, True), (self.user_sales, False)):
            with self.subTest(user=user.login):
                summary = self.partner.with_user(user).marketing_summary()
                self.assertEqual(summary["may_open_person"], offered)
        person = self.person.with_user(self.user_marketing)
        self.assertFalse(person.marketing_summary()["may_open_person"])
