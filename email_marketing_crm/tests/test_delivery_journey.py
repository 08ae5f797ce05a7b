from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import NOW
from .common_delivery import DeliveryCase


@tagged("post_install", "-at_install")
class TestDeliveryJourney(DeliveryCase):
    """Mails of journeys: the same pipeline, person by person."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ana = cls.make_partner("ana@example.com", "Ana")
        cls.bob = cls.make_partner("bob@example.com", "Bob")
        cls.mailing = cls.make_mailing(marketing_kind="journey")

    def plan(self, *rows):
        self.env["marketing.delivery"]._plan(
            self.mailing,
            [
                (self.person_of(email).id, record and record.id, visit)
                for email, record, visit in rows
            ],
        )

    def test_plan_and_send(self):
        self.plan(("ana@example.com", self.ana, 11))
        self.deliver()
        self.assertEqual(self.received(), ["ana@example.com"])
        self.assertEqual(self.deliveries_of(self.mailing).visit, 11)
        self.assertEqual(self.touchpoints_of("ana@example.com", "sent"), ["sent"])
        self.assertEqual(self.mailing.state, "sending", "A journey is never done")

    def test_planned_twice_is_sent_once(self):
        self.plan(("ana@example.com", self.ana, 11))
        self.plan(("ana@example.com", self.ana, 11))
        self.deliver()
        self.plan(("ana@example.com", self.ana, 11))
        self.deliver()
        self.assertEqual(len(self.deliveries_of(self.mailing)), 1)

    def test_next_visit_gets_the_mail_again(self):
        self.plan(("ana@example.com", self.ana, 11))
        self.deliver()
        self.plan(("ana@example.com", self.ana, 12))
        self.deliver()
        self.assertEqual(self.received(), ["ana@example.com"])
        self.assertEqual(
            self.deliveries_of(self.mailing).mapped("state"), ["sent", "sent"]
        )

    def test_two_visits_at_once(self):
        self.plan(("ana@example.com", self.ana, 11), ("ana@example.com", self.ana, 12))
        self.deliver()
        self.assertEqual(self.received(), ["ana@example.com"] * 2)

    def test_record_is_found_by_person(self):
        self.plan(("bob@example.com", None, 5))
        self.assertEqual(self.deliveries_of(self.mailing).res_id, self.bob.id)

    def test_person_without_record_of_the_model(self):
        self.make_lead("lea@example.com")
        self.plan(("lea@example.com", None, 5))
        delivery = self.deliveries_of(self.mailing)
        self.assertEqual((delivery.state, delivery.reason), ("skipped", "no_address"))

    def test_skip_is_told_at_once(self):
        """A journey that waits for the mail goes on."""
        self.env["mail.blacklist"]._add("ana@example.com")
        self.plan(("ana@example.com", self.ana, 11))
        self.env.cr.precommit.run()
        touchpoint = self.env["marketing.touchpoint"].search(
            [
                ("type_id.code", "=", "skipped"),
                ("mailing_id", "=", self.mailing.id),
            ]
        )
        self.assertEqual(touchpoint.person_id, self.person_of("ana@example.com"))
        self.assertEqual(touchpoint.res_model, "marketing.delivery")
        self.assertEqual(touchpoint.res_id, self.deliveries_of(self.mailing).id)
        self.assertEqual(touchpoint.data, {"reason": "blacklisted"})

    def test_later_due(self):
        self.env["marketing.delivery"]._plan(
            self.mailing,
            [(self.person_of("ana@example.com").id, self.ana.id, 1)],
            due=NOW + timedelta(hours=2),
        )
        self.deliver()
        self.assertEqual(self.outcomes(self.mailing), {"ana@example.com": "planned"})
        self.clock.tick(2 * 3600 + 1)
        self.deliver()
        self.assertEqual(self.outcomes(self.mailing), {"ana@example.com": "sent"})

    def test_cannot_be_sent_past_its_journey(self):
        with self.assertRaisesRegex(UserError, "belongs to a journey"):
            self.mailing._action_send_mail()

    def test_merged_persons(self):
        """Two planned mails become one; of two rows the one that left stays."""
        self.plan(("ana@example.com", self.ana, 0), ("bob@example.com", self.bob, 0))
        self.compose()
        other = self.make_mailing(marketing_kind="journey")
        self.env["marketing.delivery"]._plan(
            other,
            [
                (self.person_of("ana@example.com").id, self.ana.id, 0),
                (self.person_of("bob@example.com").id, self.bob.id, 0),
            ],
        )
        self.person_of("bob@example.com")._merge_into(self.person_of("ana@example.com"))
        self.assertEqual(len(self.deliveries_of(self.mailing)), 1)
        self.assertEqual(len(self.deliveries_of(other)), 1)
        mails = self.env["mail.mail"].search([("mailing_id", "=", self.mailing.id)])
        self.assertEqual(len(mails), 1)
        self.deliver()
        self.assertEqual(self.received(), ["ana@example.com"] * 2)

    def test_merge_keeps_what_was_sent(self):
        self.plan(("bob@example.com", self.bob, 0))
        self.deliver()
        self.plan(("ana@example.com", self.ana, 0))
        ana = self.person_of("ana@example.com")
        self.person_of("bob@example.com")._merge_into(ana)
        self.assertEqual(self.deliveries_of(self.mailing).state, "sent")
        self.assertEqual(self.deliveries_of(self.mailing).person_id, ana)
