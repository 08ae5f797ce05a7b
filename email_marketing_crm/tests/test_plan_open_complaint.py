"""Who has an open complaint gets no marketing mail."""

from odoo import Command
from odoo.tests import tagged

from .plan_gates_common import ANA, BOB, CEM, PlanGatesCase


@tagged("post_install", "-at_install")
class TestPlanOpenComplaint(PlanGatesCase):
    def use_complaint_segment(self, *emails):
        segment = self.make_segment(*emails, name="Service case open")
        company = self.user_marketing.company_id
        company.marketing_complaint_segment_ids = segment
        return segment

    def test_open_complaints_by_segment(self):
        self.use_complaint_segment(BOB)
        self.assertEqual(
            self.launch(self.make_mailing(self.segment))[BOB], "complaint_open"
        )

    def test_open_complaints_by_tag(self):
        tag = self.env["crm.tag"].create({"name": "Complaint"})
        self.user_marketing.company_id.marketing_complaint_tag_ids = tag
        self.make_lead(ANA, tag_ids=[Command.set(tag.ids)])
        case = self.make_opportunity(BOB, tag_ids=[Command.set(tag.ids)])
        self.make_lead(CEM)
        self.assertEqual(
            self.launch(self.make_mailing(self.segment)),
            {ANA: "complaint_open", BOB: "complaint_open", CEM: "planned"},
        )
        case.action_set_won()
        mailing = self.make_mailing(self.segment)
        self.assertEqual(self.launch(mailing)[BOB], "planned", "It was settled")

    def test_a_complaint_a_second_before_counts(self):
        segment = self.use_complaint_segment()
        mailing = self.make_mailing(self.segment)
        self.launch(mailing)
        segment._include_records(self.ana)
        self.compose()
        self.assertEqual(self.outcomes(mailing)[ANA], "complaint_open")
        segment._include_records(self.bob)
        self.send()
        self.assertEqual(self.outcomes(mailing)[BOB], "complaint_open")
        self.assertEqual(self.received(), [CEM])

    def test_a_complaint_of_another_company_does_not_count(self):
        segment = self.make_segment(BOB, name="Cases of the others")
        self.company_other.marketing_complaint_segment_ids = segment
        self.assertEqual(self.launch(self.make_mailing(self.segment))[BOB], "planned")

    def test_who_complains_gets_transactional_mail(self):
        self.use_complaint_segment(BOB)
        mailing = self.make_mailing(self.segment, marketing_is_transactional=True)
        self.assertEqual(self.launch(mailing)[BOB], "planned")
