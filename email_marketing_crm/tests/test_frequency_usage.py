from datetime import datetime, timedelta

from odoo import Command
from odoo.tests import tagged
from odoo.tools import SQL

from .common import NOW
from .timing_common import ANA, TimingCase

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestFrequencyUsage(TimingCase):
    """What one sees of the limits: who is capped, and a person's mails."""

    def capped(self, user=None):
        usage = self.env["marketing.frequency.usage"].with_user(
            user or self.user_marketing
        )
        rules = self.env["marketing.frequency.rule"].with_user(
            user or self.user_marketing
        )
        action = rules.action_view_capped()
        return usage.search(action["domain"])

    def test_who_is_capped_tomorrow(self):
        self.make_rule((2, "rolling", 7), name="Two in seven days")
        self.mail(self.make_segment(ANA, name="Ana"))
        later = self.make_mailing(
            self.segment,
            subject="Tomorrow morning",
            schedule_type="scheduled",
            schedule_date=NOW + timedelta(hours=20),
        )
        later.with_user(self.user_marketing).action_schedule()
        found = self.capped()
        self.assertEqual(found.person_id.email_normalized, ANA)
        self.assertEqual(found.used, 2)
        self.assertTrue(found.is_full)
        self.assertEqual(found.free_date, NOW + 7 * DAY)
        self.assertEqual(
            found.with_user(self.user_marketing).action_open_person()["res_id"],
            found.person_id.id,
        )
        mails = found.action_view_mails()
        events = self.env[mails["res_model"]].search(mails["domain"])
        self.assertEqual(events.mapped("type_id.code"), ["sent"])

    def test_nobody_is_capped_without_rules(self):
        self.mail()
        self.assertFalse(self.capped())

    def test_the_mails_of_a_person_against_each_rule(self):
        self.make_rule((1, "day"), (3, "week"))
        self.mail()
        person = self.person_of(ANA).with_user(self.user_marketing)
        action = person.action_view_frequency()
        lines = self.env["marketing.frequency.usage"].with_user(self.user_marketing)
        found = {
            line.window_id.unit: (line.used, line.is_full, line.free_date)
            for line in lines.search(action["domain"])
        }
        self.assertEqual(
            found,
            {
                "day": (1, True, datetime(2026, 3, 5)),
                "week": (1, False, False),
            },
        )

    def test_everybody_sees_his_own_look(self):
        self.make_rule((1, "week"))
        self.mail()
        self.assertEqual(len(self.capped()), 2)
        self.assertEqual(len(self.capped(self.user_manager)), 2)
        self.assertEqual(
            self.env["marketing.frequency.usage"]
            .with_user(self.user_marketing)
            .search_count([]),
            2,
        )

    def test_a_rule_in_words(self):
        rule = self.make_rule(
            (1, "day"), (5, "rolling", 30), score_from=50, sales_weight=0.5
        )
        self.assertEqual(
            rule.summary,
            "Score of at least 50: at most 1 a day, 5 within any 30 days. Counted: "
            "campaigns, journeys, salespeople's own mails × 0.5. What is too much "
            "leaves later, at most 7 days; after that it is left out.",
        )

    def test_a_rule_that_is_not_written_yet_says_what_is_missing(self):
        rule = self.env["marketing.frequency.rule"].new(
            {"name": "New", "counts_campaigns": False, "counts_journeys": False}
        )
        self.assertEqual(
            rule.summary,
            "Everybody: no limit yet. Add a line that says how many mails are sent at "
            "most, such as 3 in a week.",
        )
        rule.window_ids = [Command.create({"limit": 3, "unit": "week"})]
        self.assertEqual(
            rule.summary,
            "Everybody: at most 3 a week. Counted: nothing yet. What is too much leaves"
            " later, at most 7 days; after that it is left out.",
        )

    def test_the_quick_look_at_everybody_misses_nobody(self):
        """Who is capped is found by a look at all, then by one at some: the same."""
        emails = [f"person{number}@pumps.example" for number in range(12)]
        for number, email in enumerate(emails):
            self.make_partner(
                email, tz=("Pacific/Auckland", "UTC", "America/Los_Angeles")[number % 3]
            )
            for event in range(number % 5):
                self.happened(
                    ("sent", "sales_mail")[event % 2],
                    email,
                    date=NOW - timedelta(hours=9 * event + number * 7),
                )
        self.env.cr.precommit.run()
        windows = (
            self.make_rule((1, "day"), (2, "week"))
            + self.make_rule((2, "rolling", 3), sales_weight=0.5)
        ).window_ids
        usage = self.env["marketing.frequency.usage"]
        found = []
        for person_ids in (
            SQL("SELECT id FROM marketing_person"),
            self.env["marketing.delivery"]._get_nearly_full(windows, NOW, NOW),
        ):
            usage._fill(windows, NOW, SQL("usage.is_full"), person_ids)
            found.append(
                {
                    (row.person_id.id, row.window_id.id, row.used)
                    for row in usage.search([("create_uid", "=", self.env.uid)])
                }
            )
        self.assertEqual(*found)
        self.assertTrue(found[0])
