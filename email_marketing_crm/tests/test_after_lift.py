"""What a mailing brought, measured on who was held out of it."""

from datetime import timedelta

from odoo.tests import tagged

from .common import NOW
from .common_delivery import DeliveryCase

HOUR = timedelta(hours=1)


@tagged("post_install", "-at_install")
class TestLift(DeliveryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        emails = [f"buyer{number}@example.com" for number in range(60)]
        cls.env["res.partner"].create(
            [{"name": email, "email": email} for email in emails]
        )
        cls.segment = cls.make_segment(*emails)

    def send_to_half(self, **values):
        """A mailing of which half of its sixty persons is held out."""
        mailing = self.make_mailing(
            self.segment, **{"marketing_holdout_percent": 50, **values}
        )
        mailing.action_launch()
        self.deliver()
        self.run_inbox()
        rows = self.deliveries_of(mailing)
        self.got = rows.filtered(lambda row: row.state == "sent").mapped("email")
        self.held = rows.filtered(lambda row: row.reason == "holdout").mapped("email")
        self.assertEqual(len(self.got) + len(self.held), 60)
        self.assertGreater(min(len(self.got), len(self.held)), 15)
        return mailing

    def happen(self, code, emails, when=HOUR, **values):
        for email in emails:
            self.happened(code, email, date=NOW + when, **values)
        self.env.cr.precommit.run()

    def lift(self, mailing):
        self.env.flush_all()
        return mailing.with_user(self.user_marketing).get_results().get("lift")

    def figures(self, mailing):
        """`{figure: persons}`, and the money per person of both groups."""
        rows = self.lift(mailing)["rows"]
        counts = {
            figure["code"]: figure["count"] for row in rows for figure in row["figures"]
        }
        return counts, [row["revenue"] for row in rows]

    def people(self, mailing, figure):
        marketer = mailing.with_user(self.user_marketing)
        action = marketer.action_view_result(figure)
        persons = self.env["marketing.person"].with_user(self.user_marketing)
        return persons.search(action["domain"]).mapped("email_normalized")

    def test_both_groups_are_counted_alike(self):
        """Without a click, too: who was held out has none to make."""
        mailing = self.send_to_half()
        self.happen("lead_created", [*self.got[:12], *self.held[:2]])
        self.happen("lead_created", self.got[:3], 2 * HOUR)
        self.happen("won", self.got[:4], value=300)
        self.happen("won", self.held[:1], value=90)
        counts, revenues = self.figures(mailing)
        self.assertEqual(
            counts,
            {
                "lift_sent": len(self.got),
                "lift_sent_leads": 12,
                "lift_sent_won": 4,
                "lift_held": len(self.held),
                "lift_held_leads": 2,
                "lift_held_won": 1,
            },
        )
        self.assertAlmostEqual(revenues[0], 1200 / len(self.got))
        self.assertAlmostEqual(revenues[1], 90 / len(self.held))
        for figure, count in counts.items():
            self.assertEqual(len(self.people(mailing, figure)), count, figure)
        self.assertEqual(
            set(self.people(mailing, "lift_held_leads")), set(self.held[:2])
        )

    def test_it_says_whether_that_may_be_chance(self):
        mailing = self.send_to_half()
        self.happen("lead_created", [*self.got, self.held[0]])
        leads, won = self.lift(mailing)["verdicts"]
        self.assertIn("more than chance", leads)
        share = 100 - 100 / len(self.held)
        self.assertIn(f"+{share:.2f} percentage points", leads)
        self.assertIn("nobody of either group so far", won)
        self.happen("won", [*self.got[:3], self.held[0]], value=100)
        self.assertIn("may be chance", self.lift(mailing)["verdicts"][1])

    def test_each_number_says_what_it_counts(self):
        lift = self.lift(self.send_to_half())
        for row in lift["rows"]:
            self.assertTrue(row["revenue_help"])
            for figure in row["figures"]:
                self.assertTrue(figure["help"], figure["code"])
                self.assertEqual(
                    figure["share"] is None,
                    figure["code"] in ("lift_sent", "lift_held"),
                )

    def test_the_same_time_for_both_groups(self):
        """From the first mail on, until the window after the last one."""
        mailing = self.send_to_half()
        self.happen("lead_created", [self.got[0], self.held[0]], -HOUR)
        self.happen(
            "lead_created", [self.got[1], self.held[1]], timedelta(days=30, hours=-1)
        )
        self.happen(
            "lead_created", [self.got[2], self.held[2]], timedelta(days=30, hours=1)
        )
        self.assertEqual(self.people(mailing, "lift_sent_leads"), [self.got[1]])
        self.assertEqual(self.people(mailing, "lift_held_leads"), [self.held[1]])

    def test_nothing_to_compare(self):
        draft = self.make_mailing(self.segment, marketing_holdout_percent=50)
        self.assertEqual(draft.get_results(), {"groups": []})
        for figure in ("lift_sent", "lift_held_leads", "lift_sent_won", "lift_nobody"):
            self.assertFalse(self.people(draft, figure))
        everybody = self.make_mailing(self.segment)
        everybody.action_launch()
        self.deliver()
        self.run_inbox()
        self.assertIs(self.lift(everybody), False)
        nobody = self.make_mailing(
            self.make_segment("buyer1@example.com", name="One"),
            marketing_holdout_percent=0.01,
        )
        nobody.action_launch()
        self.deliver()
        self.run_inbox()
        self.assertIs(self.lift(nobody), False, "Nobody was drawn.")
