from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .segment_common import SegmentCase


@tagged("post_install", "-at_install")
class TestSegmentAccess(SegmentCase):
    def test_marketing_users_build_segments(self):
        self.make_partner("ana@example.com")
        for user in (self.user_marketing, self.user_manager):
            with self.subTest(user=user.login):
                segments = self.env["marketing.segment"].with_user(user)
                segment = segments.create(
                    {
                        "name": "Mine",
                        "domain": repr([self.in_crowd]),
                        "rule_ids": [
                            Command.create(
                                {
                                    "type_id": self.env[
                                        "marketing.touchpoint.type"
                                    ]._get_id("form"),
                                    "operator": "at_most",
                                    "times": 0,
                                }
                            )
                        ],
                    }
                )
                segment.action_refresh()
                self.assertEqual(segment.member_count, 1)
                self.assertEqual(segment.preview_count, 1)
                member = segment.member_ids
                member.action_remove()
                self.assertEqual(segment.excluded_count, 1)
                segment.member_ids.action_follow_conditions()
                self.assertEqual(segment.member_count, 1)
                segment.unlink()

    def test_marketing_user_adds_the_records_he_may_read(self):
        partners = self.make_partner("ana@example.com")
        partners |= self.make_partner(
            "bo@example.com", company_id=self.company_other.id
        )
        segment = self.make_segment(kind="static", company_id=False)
        wizard = (
            self.env["marketing.segment.add"]
            .with_user(self.user_marketing)
            .with_context(active_model="res.partner", active_ids=partners.ids)
            .create({"segment_id": segment.id})
        )
        wizard.action_apply()
        self.assertEqual(self.members_of(segment), ["ana@example.com"])

    def test_members_are_written_by_the_machines_alone(self):
        self.make_partner("ana@example.com")
        segment = self.make_segment()
        for user in (self.user_marketing, self.user_manager):
            member = segment.member_ids.with_user(user)
            self.assertTrue(member.person_id.email_normalized)
            with self.assertRaises(AccessError):
                member.state = "excluded"
            with self.assertRaises(AccessError):
                member.unlink()
            with self.assertRaises(AccessError):
                self.env["marketing.segment.member"].with_user(user).create({})

    def test_others_see_no_segments(self):
        segment = self.make_segment()
        portal = new_test_user(self.env, "portal_user", groups="base.group_portal")
        for user in (self.user_sales, self.user_employee, portal):
            for model in (
                "marketing.segment",
                "marketing.segment.rule",
                "marketing.segment.member",
                "marketing.segment.add",
            ):
                with self.subTest(user=user.login, model=model):
                    self.assertFalse(self.env[model].with_user(user).has_access("read"))
            with self.assertRaises(AccessError):
                segment.with_user(user).action_refresh()

    def test_domain_tells_nothing_its_author_may_not_read(self):
        self.assertFalse(
            self.env["crm.lead"].with_user(self.user_marketing).has_access("read")
        )
        segments = self.env["marketing.segment"].with_user(self.user_marketing)
        for values in (
            {"res_model": "crm.lead", "domain": "[]"},
            {"domain": "[('opportunity_ids.expected_revenue', '>', 1000)]"},
            {"domain": "[('signup_type', '!=', False)]"},
        ):
            values = {"res_model": "res.partner", "kind": "dynamic", **values}
            with self.subTest(values=values):
                with self.assertRaises(AccessError):
                    segments.create({"name": "Curious", **values})
                draft = segments.new({"name": "Curious", **values})
                self.assertTrue(draft.preview_message)
                self.assertFalse(draft.preview_count)

    # ------------------------------------------------------------------
    # companies
    # ------------------------------------------------------------------

    def test_segment_reaches_records_of_its_company_and_shared_ones(self):
        self.make_partner("shared@example.com")
        self.make_partner("mine@example.com", company_id=self.env.company.id)
        other = self.make_partner("other@example.com", company_id=self.company_other.id)
        mine = self.make_segment()
        self.assertEqual(mine.company_id, self.env.company)
        self.assertEqual(
            self.members_of(mine), ["mine@example.com", "shared@example.com"]
        )
        everybody = self.make_segment(company_id=False)
        self.assertEqual(len(self.members_of(everybody)), 3)
        static = self.make_segment(kind="static")
        self.assertEqual(static._include_records(other), 0)
        wizard = (
            self.env["marketing.segment.add"]
            .with_context(active_model="res.partner", active_ids=other.ids)
            .create({"segment_id": static.id})
        )
        self.assertIn(
            "1 records belong to another company",
            wizard.action_apply()["params"]["message"],
        )
        other.company_id = False
        self.run_inbox()
        self.assertIn("other@example.com", self.members_of(mine))
        mine.company_id = self.company_other
        mine._refresh()
        self.assertEqual(
            self.members_of(mine), ["other@example.com", "shared@example.com"]
        )

    def test_segments_of_other_companies_are_hidden(self):
        self.make_partner("ana@example.com")
        segment = self.make_segment(
            ("form", "at_most", 0, 0), company_id=self.company_other.id
        )
        for record in (segment, segment.rule_ids, segment.member_ids):
            hidden = record.with_user(self.user_marketing)
            self.assertFalse(hidden.search([("id", "in", record.ids)]))
            with self.assertRaises(AccessError):
                hidden.read(["display_name"])
        partner = self.env["res.partner"].search([self.in_crowd])
        self.assertFalse(partner.with_user(self.user_marketing).marketing_segment_ids)
        both = self.make_marketer_of_both_companies()
        self.assertEqual(partner.with_user(both).marketing_segment_ids, segment)

    def test_persons_of_other_companies_are_hidden_in_shared_segments(self):
        self.make_partner("shared@example.com")
        self.make_partner("other@example.com", company_id=self.company_other.id)
        self.run_inbox()
        segment = self.make_segment(company_id=False)
        self.assertEqual(segment.size, 2)
        mine = segment.with_user(self.user_marketing)
        mine.invalidate_recordset()
        self.assertEqual(mine.member_count, 1)
        self.assertEqual(
            mine.preview_person_ids.mapped("email_normalized"), ["shared@example.com"]
        )
        draft = mine.new({"kind": "dynamic"}, origin=mine)
        draft.company_id = False
        self.assertEqual(draft.preview_count, 2)
        self.assertEqual(
            draft.preview_person_ids.mapped("email_normalized"), ["shared@example.com"]
        )

    def test_record_out_of_reach_opens_the_person(self):
        lead = self.make_lead("ana@example.com", name="Secret")
        segment = self.env["marketing.segment"].create(
            {
                "name": "Leads",
                "res_model": "crm.lead",
                "domain": "[('name', '=', 'Secret')]",
            }
        )
        segment._refresh()
        member = segment.member_ids
        self.assertEqual(member.action_open_record()["res_id"], lead.id)
        opened = member.with_user(self.user_marketing).action_open_record()
        self.assertEqual(opened["res_model"], "marketing.person")
