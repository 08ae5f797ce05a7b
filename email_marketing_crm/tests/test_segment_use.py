"""Segments: what members are good for: their records, a mailing, a copy."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .segment_common import SegmentCase


@tagged("post_install", "-at_install")
class TestSegmentUse(SegmentCase):
    def test_members_reach_records_of_every_model(self):
        partner = self.make_partner("ana@example.com")
        lead = self.make_lead("ana@example.com")
        segment = self.make_segment()
        domain = segment._get_records_domain()
        self.assertEqual(self.env["res.partner"].search(domain), partner)
        self.assertEqual(self.env["crm.lead"].search(domain), lead)
        self.assertEqual(partner.marketing_segment_ids, segment)
        self.add(partner, segment, "exclude")
        self.env.invalidate_all()
        self.assertFalse(self.env["crm.lead"].search(domain))
        self.assertFalse(partner.marketing_segment_ids)

    def test_mailing_to_the_members(self):
        partner = self.make_partner("ana@example.com")
        self.make_partner("bo@example.com", city="Lund")
        segment = self.make_segment(domain=[("city", "=", False)])
        action = segment.with_user(self.user_marketing).action_send_mailing()
        mailing = self.env["mailing.mailing"].browse(action["res_id"])
        self.assertEqual(mailing.state, "draft")
        self.assertEqual(mailing.mailing_model_real, "res.partner")
        self.assertEqual(mailing._get_recipients(), partner.ids)
        self.assertEqual(mailing.marketing_segment_ids, segment)
        self.assertEqual(segment.mailing_count, 1)
        mailings = segment.action_view_mailings()
        self.assertEqual(
            self.env[mailings["res_model"]].search(mailings["domain"]), mailing
        )
        with self.assertRaisesRegex(UserError, "is meant for this segment"):
            segment.unlink()
        mailing.unlink()
        segment.unlink()

    def test_mailing_needs_a_sender(self):
        self.user_marketing.email = False
        with self.assertRaisesRegex(UserError, "preferences"):
            self.make_segment().with_user(self.user_marketing).action_send_mailing()

    def test_copy_has_the_conditions_and_no_members(self):
        self.make_partner("ana@example.com")
        segment = self.make_segment(("form", "at_most", 0, 0))
        copied = segment.copy()
        self.assertEqual(copied.name, "Readers (copy)")
        self.assertEqual(copied.rule_ids.type_id.code, "form")
        self.assertFalse(copied.member_ids)
        copied._refresh()
        self.assertEqual(self.members_of(copied), ["ana@example.com"])

    def test_actions_open_what_they_count(self):
        partner = self.make_partner("ana@example.com")
        segment = self.make_segment()
        for action in (segment.action_view_members(), segment.action_view_records()):
            model = self.env[action["res_model"]]
            self.assertEqual(model.search_count(action["domain"]), 1)
        excluded = segment.action_view_excluded()
        self.assertEqual(
            self.env["marketing.segment.member"].search_count(excluded["domain"]), 0
        )
        opened = segment.member_ids.action_open_record()
        self.assertEqual(
            (opened["res_model"], opened["res_id"]), ("res.partner", partner.id)
        )
