"""Members of a segment are left out of a mailing."""

from odoo import Command
from odoo.tests import tagged

from .plan_gates_common import ANA, BOB, CEM, PlanGatesCase


@tagged("post_install", "-at_install")
class TestPlanExcludedSegment(PlanGatesCase):
    def test_members_of_a_segment_are_left_out(self):
        out = self.make_segment(BOB, name="Competitors")
        mailing = self.make_mailing(
            self.segment, marketing_excluded_segment_ids=[Command.set(out.ids)]
        )
        self.assertEqual(
            self.launch(mailing),
            {ANA: "planned", BOB: "excluded_segment", CEM: "planned"},
        )
        self.deliver()
        self.assertCountEqual(self.received(), [ANA, CEM])

    def test_who_enters_the_segment_before_the_mail_is_composed_is_left_out(self):
        out = self.make_segment(name="Competitors")
        mailing = self.make_mailing(
            self.segment, marketing_excluded_segment_ids=[Command.set(out.ids)]
        )
        self.launch(mailing)
        out._include_records(self.bob)
        self.compose()
        self.assertEqual(self.outcomes(mailing)[BOB], "excluded_segment")
        out._include_records(self.cem)
        self.send()
        self.assertEqual(self.outcomes(mailing)[CEM], "sent")

    def test_who_was_kept_out_of_the_segment_by_hand_gets_the_mail(self):
        out = self.make_segment(BOB, name="Competitors")
        out._exclude_persons(self.person_of(BOB).ids)
        mailing = self.make_mailing(
            self.segment, marketing_excluded_segment_ids=[Command.set(out.ids)]
        )
        self.assertEqual(self.launch(mailing)[BOB], "planned")

    def test_the_segment_out_is_brought_up_to_date(self):
        out = self.env["marketing.segment"].create(
            {"name": "Bobs", "domain": "[('name', '=', 'Bob')]"}
        )
        out._refresh()
        self.ana.name = "Bob"
        mailing = self.make_mailing(
            self.segment, marketing_excluded_segment_ids=[Command.set(out.ids)]
        )
        outcomes = self.launch(mailing)
        self.assertEqual(outcomes[ANA], "excluded_segment")

    def test_a_mailing_to_a_list_knows_segments_out_as_well(self):
        mailing = self.make_list_mailing_without(BOB)
        self.assertEqual(
            self.launch(mailing), {ANA: "planned", BOB: "excluded_segment"}
        )

    def test_the_address_counts_that_is_really_used(self):
        """A lead of Cem whose customer is Bob would be mailed to Bob."""
        lead = self.make_lead("cem@example.com")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET partner_id = %s WHERE id = %s", [self.bob.id, lead.id]
        )
        self.env.invalidate_all()
        out = self.make_segment(BOB, name="Competitors")
        segment = self.make_segment(CEM, name="Leads", model="crm.lead")
        mailing = self.make_mailing(
            segment,
            mailing_model_id=self.lead_model,
            marketing_excluded_segment_ids=[Command.set(out.ids)],
        )
        self.assertEqual(self.launch(mailing), {CEM: "excluded_segment"})

    def test_a_copy_leaves_out_the_same(self):
        out = self.make_segment(BOB, name="Competitors")
        stage = self.env["crm.stage"].search([], limit=1)
        mailing = self.make_mailing(
            self.segment,
            marketing_excluded_segment_ids=[Command.set(out.ids)],
            marketing_skips_opportunities=True,
            marketing_opportunity_stage_ids=[Command.set(stage.ids)],
            marketing_holdout_percent=5,
        )
        copied = mailing.copy()
        self.assertEqual(copied.marketing_excluded_segment_ids, out)
        self.assertEqual(copied.marketing_opportunity_stage_ids, stage)
        self.assertEqual(copied.marketing_holdout_percent, 5)
