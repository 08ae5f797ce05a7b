"""Segments set tags on their members and take them back."""

from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .segment_common import MODELS, SegmentCase


@tagged("post_install", "-at_install")
class TestSegmentAction(SegmentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tag = cls.env["res.partner.category"].create({"name": "High intent"})
        cls.lead_tag = cls.env["crm.tag"].create({"name": "High intent"})

    def make_setting(self, segment, **values):
        action = self.env["marketing.segment.action"].create(
            {"segment_id": segment.id, "partner_tag_id": self.tag.id, **values}
        )
        self.work_through()
        return action

    def work_through(self):
        """What the worker does with new settings."""
        for action in self.env["marketing.segment.action"].search(
            [("waiting_from", ">", 0)]
        ):
            while action.waiting_from:
                action._apply_waiting()

    def follow(self, segment):
        segment._refresh()
        self.run_inbox()

    def test_who_enters_gets_the_tag_and_who_leaves_loses_it(self):
        partner = self.make_partner("ana@example.com", city="Lund")
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.make_setting(segment)
        self.assertNotIn(self.tag, partner.category_id)
        partner.city = "Porto"
        self.run_inbox()
        self.assertIn(self.tag, partner.category_id)
        partner.city = "Faro"
        self.run_inbox()
        self.assertNotIn(self.tag, partner.category_id)
        self.assertIn(self.crowd, partner.category_id)

    def test_behavior_sets_the_tag(self):
        """R-034: who downloads the white paper is of high intent at once."""
        partner = self.make_partner("ana@example.com")
        self.make_setting(self.make_segment(("download", "at_least", 1, 14)))
        self.happened("download", "ana@example.com")
        self.run_inbox()
        self.run_inbox()
        self.assertIn(self.tag, partner.category_id)

    def test_members_there_already_follow_in_batches(self):
        partners = self.env["res.partner"]
        for number in range(5):
            partners |= self.make_partner(f"ana{number}@example.com")
        segment = self.make_segment()
        action = self.env["marketing.segment.action"].create(
            {"segment_id": segment.id, "partner_tag_id": self.tag.id}
        )
        self.assertTrue(segment.is_setting)
        with (
            patch.object(
                type(self.env["ir.cron"]), "_commit_progress", return_value=1.0
            ) as commit,
            patch(f"{MODELS}.marketing_segment_action.MEMBERS_PER_BATCH", 2),
        ):
            action._cron_apply_waiting()
        self.assertEqual(commit.call_count, 4)
        self.assertFalse(action.waiting_from)
        self.assertFalse(segment.is_setting)
        self.assertEqual(
            partners.filtered(lambda p: self.tag in p.category_id), partners
        )

    def test_a_batch_that_met_a_lane_is_tried_again(self):
        self.make_partner("ana@example.com")
        action = self.env["marketing.segment.action"].create(
            {"segment_id": self.make_segment().id, "partner_tag_id": self.tag.id}
        )
        crons = type(self.env["ir.cron"])
        with (
            patch.object(type(action), "_apply", side_effect=SerializationFailure),
            patch.object(self.env.cr, "rollback") as rollback,
            patch.object(crons, "_commit_progress", return_value=1.0) as commit,
            patch.object(type(action), "_wake_up") as wake_up,
        ):
            action._cron_apply_waiting()
        self.assertTrue(action.waiting_from)
        for call in (rollback, commit, wake_up):
            call.assert_called_once()

    def test_what_was_there_before_stays(self):
        partner = self.make_partner("ana@example.com")
        partner.category_id |= self.tag
        segment = self.make_segment(("form", "at_most", 0, 0))
        self.make_setting(segment)
        self.happened("form", "ana@example.com")
        self.run_inbox()
        self.assertEqual(self.members_of(segment), [])
        self.run_inbox()
        self.assertIn(self.tag, partner.category_id)

    def test_what_somebody_takes_away_stays_away(self):
        partner = self.make_partner("ana@example.com", city="Porto")
        segment = self.make_segment(domain=[("city", "!=", False)])
        self.make_setting(segment)
        self.assertIn(self.tag, partner.category_id)
        partner.category_id -= self.tag
        partner.city = "Lund"
        self.run_inbox()
        self.follow(segment)
        self.assertNotIn(self.tag, partner.category_id)

    def test_a_new_record_of_a_member_gets_the_tag(self):
        self.make_partner("ana@example.com")
        segment = self.make_segment()
        self.make_setting(
            segment, kind="lead_tag", partner_tag_id=False, lead_tag_id=self.lead_tag.id
        )
        lead = self.make_lead("ana@example.com")
        self.run_inbox()
        self.assertIn(self.lead_tag, lead.tag_ids)

    def test_leavers_may_keep_it(self):
        partner = self.make_partner("ana@example.com")
        segment = self.make_segment(("form", "at_most", 0, 0))
        self.make_setting(segment, remove_on_leave=False)
        self.happened("form", "ana@example.com")
        self.run_inbox()
        self.run_inbox()
        self.assertEqual(self.members_of(segment), [])
        self.assertIn(self.tag, partner.category_id)

    def test_a_tag_that_another_segment_wants_stays(self):
        partner = self.make_partner("ana@example.com", city="Porto")
        first = self.make_segment(domain=[("city", "=", "Porto")], name="First")
        second = self.make_segment(name="Second")
        self.make_setting(first)
        self.make_setting(second)
        partner.city = "Lund"
        self.run_inbox()
        self.run_inbox()
        self.assertIn(self.tag, partner.category_id)
        second._exclude_persons(partner.marketing_person_id.ids)
        self.run_inbox()
        self.assertNotIn(self.tag, partner.category_id)

    def test_records_of_other_companies_are_left_alone(self):
        mine = self.make_partner("ana@example.com")
        other = self.make_partner("ana@example.com", company_id=self.company_other.id)
        self.make_setting(self.make_segment())
        self.assertIn(self.tag, mine.category_id)
        self.assertNotIn(self.tag, other.category_id)

    def test_another_tag_starts_anew(self):
        partner = self.make_partner("ana@example.com")
        action = self.make_setting(self.make_segment())
        urgent = self.env["res.partner.category"].create({"name": "Urgent"})
        action.partner_tag_id = urgent
        self.work_through()
        self.assertIn(urgent, partner.category_id)
        self.assertIn(self.tag, partner.category_id)

    def test_a_segment_cannot_chase_its_own_tag(self):
        without_tag = [("category_id", "not in", self.tag.ids)]
        segment = self.make_segment(domain=without_tag)
        with self.assertRaises(ValidationError) as refusal:
            self.make_setting(segment)
        self.assertIn("“Readers” → “Readers”", str(refusal.exception))
        self.make_setting(segment, remove_on_leave=False)
        tagged_ = self.make_segment(
            domain=[("category_id", "in", self.tag.ids)], name="B"
        )
        other = self.env["res.partner.category"].create({"name": "Other"})
        self.make_setting(tagged_, partner_tag_id=other.id)
        first = self.make_segment(
            domain=[("category_id", "not in", other.ids)], name="A"
        )
        with self.assertRaises(ValidationError) as refusal:
            self.make_setting(first)
        self.assertIn("“A” → “B” → “A”", str(refusal.exception))

    def test_marketers_decide_what_is_set(self):
        partner = self.make_partner("ana@example.com")
        segment = self.make_segment().with_user(self.user_marketing)
        segment.action_ids = [Command.create({"partner_tag_id": self.tag.id})]
        self.assertIn("High intent", segment.action_ids.explanation)
        self.work_through()
        self.assertIn(self.tag, partner.category_id)
        with self.assertRaises(ValidationError):
            segment.action_ids = [Command.create({"kind": "lead_tag"})]
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                segment.action_ids.with_user(user).read(["kind"])
        segment.sudo().company_id = self.company_other
        with self.assertRaises(AccessError):
            segment.action_ids.with_user(self.user_marketing).read(["kind"])

    # ------------------------------------------------------------------
    # persona
    # ------------------------------------------------------------------

    def make_persona_setting(self, segment):
        persona = self.env["marketing.persona"].create({"name": "IT manager"})
        self.make_setting(
            segment, kind="persona", partner_tag_id=False, persona_id=persona.id
        )
        return persona

    def say(self, person, persona):
        """The person says who he is."""
        self.env["marketing.profile.value"]._set_values(
            [
                {
                    "person_id": person.id,
                    "attribute": "persona",
                    "value": persona,
                    "origin": "form",
                }
            ]
        )

    def test_persona_comes_and_goes_with_the_membership(self):
        partner = self.make_partner("ana@example.com", city="Porto")
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        persona = self.make_persona_setting(segment)
        person = partner.marketing_person_id
        self.assertEqual(person.persona_id, persona)
        partner.city = "Lund"
        self.run_inbox()
        self.run_inbox()
        self.assertFalse(person.persona_id)

    def test_what_a_human_said_is_never_overwritten(self):
        partner = self.make_partner("ana@example.com", city="Porto")
        person = partner.marketing_person_id
        doctor = self.env["marketing.persona"].create({"name": "Doctor"})
        self.say(person, doctor)
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        persona = self.make_persona_setting(segment)
        self.assertEqual(person.persona_id, doctor)
        partner.city = "Lund"
        self.run_inbox()
        self.assertEqual(person.persona_id, doctor)
        bo = self.make_partner("bo@example.com", city="Porto")
        self.run_inbox()
        self.run_inbox()
        self.assertEqual(bo.marketing_person_id.persona_id, persona)
        self.say(bo.marketing_person_id, doctor)
        bo.city = "Lund"
        self.run_inbox()
        self.run_inbox()
        self.assertEqual(bo.marketing_person_id.persona_id, doctor)

    def test_persona_of_a_merged_person_is_taken_back_as_well(self):
        ana = self.make_partner("ana@example.com", city="Porto")
        bo = self.make_partner("bo@example.com", city="Porto")
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        persona = self.make_persona_setting(segment)
        target = bo.marketing_person_id
        ana.marketing_person_id._merge_into(target)
        self.run_inbox()
        self.assertEqual(target.persona_id, persona)
        (ana | bo).city = "Lund"
        self.run_inbox()
        self.run_inbox()
        self.assertFalse(target.persona_id)
        self.assertFalse(segment.action_ids.mark_ids)

    def test_persona_cannot_decide_about_itself(self):
        segment = self.make_segment(
            domain=[("marketing_person_id.persona_id", "=", False)]
        )
        with self.assertRaises(ValidationError):
            self.make_persona_setting(segment)

    # ------------------------------------------------------------------
    # relationship
    # ------------------------------------------------------------------

    def test_relationship_is_set_where_nobody_said_one(self):
        ana = self.make_partner("ana@example.com", city="Porto")
        bo = self.make_partner(
            "bo@example.com", city="Porto", marketing_relationship="partner"
        )
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        action = self.make_setting(
            segment, kind="relationship", partner_tag_id=False, relationship="prospect"
        )
        self.assertIn("Prospect", action.explanation)
        partners = ana | bo
        self.assertEqual(
            partners.mapped("marketing_relationship"), ["prospect", "partner"]
        )
        partners.city = "Lund"
        self.run_inbox()
        self.run_inbox()
        self.assertEqual(partners.mapped("marketing_relationship"), [False, "partner"])

    def test_relationship_that_somebody_changed_stays(self):
        ana = self.make_partner("ana@example.com", city="Porto")
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.make_setting(
            segment, kind="relationship", partner_tag_id=False, relationship="prospect"
        )
        ana.marketing_relationship = "customer"
        ana.city = "Lund"
        self.run_inbox()
        self.run_inbox()
        self.assertEqual(ana.marketing_relationship, "customer")

    # ------------------------------------------------------------------
    # rights
    # ------------------------------------------------------------------

    def test_what_was_set_is_seen_by_the_company_and_changed_by_nobody(self):
        self.make_partner("ana@example.com", city="Porto")
        segment = self.make_segment(domain=[("city", "=", "Porto")], company_id=False)
        self.make_setting(segment)
        marks = self.env["marketing.segment.action.mark"]
        mark = marks.search([("action_id.segment_id", "=", segment.id)])
        self.assertTrue(mark.is_ours)
        for user in (self.user_marketing, self.user_manager):
            self.assertTrue(mark.with_user(user).is_ours)
            for attempt in (
                lambda own: own.write({"is_ours": False}),
                lambda own: own.unlink(),
            ):
                with self.assertRaises(AccessError):
                    attempt(mark.with_user(user))
        segment.company_id = self.company_other
        self.env.flush_all()
        self.env.invalidate_all()
        for user in (self.user_marketing, self.user_manager):
            self.assertFalse(marks.with_user(user).search([("id", "=", mark.id)]))
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                mark.with_user(user).read(["is_ours"])
