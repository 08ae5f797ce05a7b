"""Of all mailings of a campaign a person gets one."""

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .plan_gates_common import ANA, BOB, CEM, PlanGatesCase


@tagged("post_install", "-at_install")
class TestPlanOncePerCampaign(PlanGatesCase):
    def test_one_mail_of_a_campaign_across_contacts_and_leads(self):
        """One person, one mail, whatever records two mailings go to."""
        self.make_lead(ANA)
        self.make_lead("dan@example.com")
        values = {
            "campaign_id": self.campaign.id,
            "marketing_is_once_per_campaign": True,
        }
        contacts = self.make_mailing(self.segment, **values)
        leads = self.make_mailing(
            self.make_segment(ANA, "dan@example.com", name="Leads", model="crm.lead"),
            mailing_model_id=self.lead_model,
            **values,
        )
        self.launch(contacts)
        self.assertEqual(
            self.launch(leads), {ANA: "campaign_mailed", "dan@example.com": "planned"}
        )
        self.deliver()
        received = self.received()
        self.assertEqual(len(received), len(set(received)))
        self.assertEqual(len(received), 4)

    def test_both_planned_at_once_the_first_one_is_sent(self):
        """Two plans that do not see each other: composing tells them apart."""
        values = {"campaign_id": self.campaign.id}
        first = self.make_mailing(self.segment, **values)
        second = self.make_mailing(self.segment, **values)
        self.launch(first)
        self.launch(second)
        (first | second).marketing_is_once_per_campaign = True
        self.deliver()
        self.assertEqual(set(self.outcomes(first).values()), {"sent"})
        self.assertEqual(set(self.outcomes(second).values()), {"campaign_mailed"})
        self.assertEqual(len(self.received()), 3)

    def test_who_did_not_get_the_other_mailing_gets_this_one(self):
        values = {
            "campaign_id": self.campaign.id,
            "marketing_is_once_per_campaign": True,
        }
        out = self.make_segment(BOB, name="Competitors")
        first = self.make_mailing(
            self.segment,
            marketing_excluded_segment_ids=[Command.set(out.ids)],
            **values,
        )
        self.launch(first)
        self.deliver()
        second = self.make_mailing(self.segment, **values)
        self.assertEqual(
            self.launch(second),
            {ANA: "campaign_mailed", BOB: "planned", CEM: "campaign_mailed"},
        )

    def test_mailings_of_the_standard_queue_count(self):
        stock = self.make_mailing(
            mailing_domain=repr([("id", "=", self.ana.id)]),
            campaign_id=self.campaign.id,
        )
        with self.mock_mail_gateway():
            stock._action_send_mail()
        mailing = self.make_mailing(
            self.segment,
            campaign_id=self.campaign.id,
            marketing_is_once_per_campaign=True,
        )
        self.assertEqual(self.launch(mailing)[ANA], "campaign_mailed")

    def test_without_the_tick_everybody_gets_both(self):
        for _number in range(2):
            mailing = self.make_mailing(self.segment, campaign_id=self.campaign.id)
            self.assertEqual(set(self.launch(mailing).values()), {"planned"})

    def test_the_tick_needs_a_campaign(self):
        with self.assertRaisesRegex(ValidationError, "has no campaign"):
            self.make_mailing(self.segment, marketing_is_once_per_campaign=True)
