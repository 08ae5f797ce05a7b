"""Mail that waited for the server is asked about again before it leaves."""

from datetime import timedelta

from odoo import Command
from odoo.tests import tagged

from .plan_gates_common import ANA, BOB, CEM, PlanGatesCase


@tagged("post_install", "-at_install")
class TestPlanWaitedMail(PlanGatesCase):
    def test_a_mail_that_waited_is_asked_about_again(self):
        """The server is down for two days, with all mails composed."""
        out = self.make_segment(name="Competitors")
        mailing = self.make_mailing(
            self.segment,
            marketing_excluded_segment_ids=[Command.set(out.ids)],
            marketing_skips_opportunities=True,
        )
        self.launch(mailing)
        self.compose()
        self.clock.tick(timedelta(days=2))
        out._include_records(self.bob)
        self.make_opportunity(CEM)
        self.send()
        self.assertEqual(self.received(), [ANA])
        self.assertEqual(
            self.outcomes(mailing),
            {ANA: "sent", BOB: "excluded_segment", CEM: "open_opportunity"},
        )
        self.assertFalse(
            self.env["mail.mail"].search(
                [("mailing_id", "=", mailing.id), ("state", "=", "outgoing")]
            )
        )

    def test_of_two_mails_of_a_campaign_that_waited_one_leaves(self):
        """Never both, never none, whichever was composed first."""
        values = {
            "campaign_id": self.campaign.id,
            "marketing_is_once_per_campaign": True,
        }
        for is_first_composed_first in (True, False):
            first, second = (
                self.make_mailing(self.segment, subject=subject)
                for subject in ("First", "Second")
            )
            with self.subTest(is_first_composed_first=is_first_composed_first):
                for mailing in (first, second):
                    self.launch(mailing)
                pair = first | second if is_first_composed_first else second | first
                for mailing in pair:
                    self.env["marketing.delivery"]._compose(
                        mailing, self.deliveries_of(mailing).ids
                    )
                # They become one campaign while both wait for the server.
                (first | second).write(values)
                self.clock.tick(timedelta(days=2))
                self.send()
                self.assertEqual(set(self.outcomes(first).values()), {"sent"})
                self.assertEqual(
                    set(self.outcomes(second).values()), {"campaign_mailed"}
                )
            self.campaign = self.env["utm.campaign"].create({"name": "Summer"})
            values["campaign_id"] = self.campaign.id

    def test_of_two_mails_to_one_address_that_waited_one_leaves(self):
        mailing = self.make_mailing(self.segment)
        self.launch(mailing)
        self.compose()
        first, second = self.deliveries_of(mailing)[:2]
        # As two lanes may compose them that do not see each other.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE marketing_delivery SET email = %s WHERE id = %s",
            [first.email, second.id],
        )
        self.env.invalidate_all()
        self.clock.tick(timedelta(hours=1))
        self.send()
        self.assertEqual(
            (first.state, second.state, second.reason), ("sent", "skipped", "duplicate")
        )
