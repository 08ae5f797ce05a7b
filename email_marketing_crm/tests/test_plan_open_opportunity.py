"""Who has an open opportunity is left to the salespeople."""

from odoo import Command
from odoo.tests import tagged

from .plan_gates_common import ANA, BOB, CEM, PlanGatesCase


@tagged("post_install", "-at_install")
class TestPlanOpenOpportunity(PlanGatesCase):
    def test_open_opportunities(self):
        self.make_opportunity(ANA)
        self.make_opportunity(BOB).action_set_won()
        self.make_opportunity(CEM).action_set_lost()
        mailing = self.make_mailing(self.segment, marketing_skips_opportunities=True)
        self.assertEqual(
            self.launch(mailing),
            {ANA: "open_opportunity", BOB: "planned", CEM: "planned"},
        )

    def test_a_lead_is_no_opportunity(self):
        self.make_lead(ANA)
        mailing = self.make_mailing(self.segment, marketing_skips_opportunities=True)
        self.assertEqual(self.launch(mailing)[ANA], "planned")

    def test_opportunities_in_some_stages(self):
        first, second = self.env["crm.stage"].search([], limit=2)
        self.make_opportunity(ANA, stage_id=first.id)
        self.make_opportunity(BOB, stage_id=second.id)
        mailing = self.make_mailing(
            self.segment,
            marketing_skips_opportunities=True,
            marketing_opportunity_stage_ids=[Command.set(second.ids)],
        )
        outcomes = self.launch(mailing)
        self.assertEqual(outcomes[ANA], "planned")
        self.assertEqual(outcomes[BOB], "open_opportunity")

    def test_the_customer_of_an_opportunity_counts(self):
        opportunity = self.make_opportunity("procurement@example.com")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET partner_id = %s WHERE id = %s",
            [self.bob.id, opportunity.id],
        )
        self.env.invalidate_all()
        mailing = self.make_mailing(self.segment, marketing_skips_opportunities=True)
        self.assertEqual(self.launch(mailing)[BOB], "open_opportunity")

    def test_opportunities_of_another_company_do_not_count(self):
        self.make_opportunity(
            ANA, company_id=self.company_other.id, team_id=False, user_id=False
        )
        mailing = self.make_mailing(self.segment, marketing_skips_opportunities=True)
        self.assertEqual(self.launch(mailing)[ANA], "planned")

    def test_an_opportunity_that_is_opened_meanwhile(self):
        """Looked at again at composing, and not after."""
        mailing = self.make_mailing(self.segment, marketing_skips_opportunities=True)
        self.launch(mailing)
        self.make_opportunity(ANA)
        self.compose()
        self.assertEqual(self.outcomes(mailing)[ANA], "open_opportunity")
        self.make_opportunity(BOB)
        self.send()
        self.assertEqual(self.outcomes(mailing)[BOB], "sent")
