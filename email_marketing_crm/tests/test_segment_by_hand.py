"""Segments: whom somebody put in or kept out, and what a merge makes of it."""

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .segment_common import SegmentCase


@tagged("post_install", "-at_install")
class TestSegmentByHand(SegmentCase):
    def test_static_segment_has_who_was_added(self):
        partners = self.make_partner("ana@example.com") | self.make_partner(False)
        partners |= self.make_partner("bo@example.com")
        segment = self.make_segment(kind="static")
        self.assertEqual(self.members_of(segment), [])
        message = self.add(partners, segment)
        self.assertIn("2 persons were added", message)
        self.assertIn("1 records have no usable e-mail address", message)
        self.add(partners, segment)
        segment._refresh()
        self.run_inbox()
        self.assertEqual(
            self.members_of(segment), ["ana@example.com", "bo@example.com"]
        )
        self.assertEqual(self.moves_of(segment, "ana@example.com"), ["segment_entered"])
        self.member(segment, "ana@example.com").action_remove()
        self.assertEqual(self.members_of(segment), ["bo@example.com"])
        self.assertEqual(
            self.moves_of(segment, "ana@example.com"),
            ["segment_entered", "segment_left"],
        )

    def test_list_action_makes_a_new_static_segment(self):
        lead = self.make_lead("ana@example.com")
        wizard = Form(
            self.env["marketing.segment.add"].with_context(
                active_model="crm.lead", active_ids=lead.ids
            )
        )
        wizard.target = "new"
        wizard.name = "Trade fair"
        wizard.save().action_apply()
        segment = self.env["marketing.segment"].search([("name", "=", "Trade fair")])
        self.assertEqual(segment.kind, "static")
        self.assertEqual(segment.member_ids.res_id, lead.id)

    def test_list_action_refuses_other_records(self):
        lead = self.make_lead("ana@example.com")
        with self.assertRaisesRegex(UserError, "other records"):
            self.add(lead, self.make_segment(kind="static"))

    def test_by_hand_survives_every_refresh(self):
        ana = self.make_partner("ana@example.com", city="Porto")
        bo = self.make_partner("bo@example.com", city="Lund")
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        self.add(ana, segment, "exclude")
        self.add(bo, segment)
        for _time in range(2):
            segment._refresh()
            segment._refresh_persons((ana | bo).marketing_person_id.ids)
            self.assertEqual(self.members_of(segment), ["bo@example.com"])
        self.assertEqual((segment.member_count, segment.excluded_count), (1, 1))
        self.assertEqual(
            self.moves_of(segment, "ana@example.com"),
            ["segment_entered", "segment_left"],
        )
        self.assertEqual(self.moves_of(segment, "bo@example.com"), ["segment_entered"])

    def test_conditions_decide_again(self):
        ana = self.make_partner("ana@example.com", city="Porto")
        bo = self.make_partner("bo@example.com", city="Lund")
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.add(ana, segment, "exclude")
        self.add(bo, segment)
        segment.member_ids.action_follow_conditions()
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        self.assertEqual(
            self.moves_of(segment, "bo@example.com"),
            ["segment_entered", "segment_left"],
        )
        self.assertEqual(
            self.moves_of(segment, "ana@example.com"),
            ["segment_entered", "segment_left", "segment_entered"],
        )

    def test_removing_a_member_of_a_dynamic_segment_keeps_him_out(self):
        self.make_partner("ana@example.com")
        segment = self.make_segment()
        self.member(segment, "ana@example.com").action_remove()
        segment._refresh()
        self.assertEqual(self.members_of(segment), [])
        self.assertEqual(segment.excluded_count, 1)

    def test_dynamic_segment_becomes_static(self):
        ana = self.make_partner("ana@example.com", city="Porto")
        bo = self.make_partner("bo@example.com", city="Porto")
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.add(bo, segment, "exclude")
        segment.kind = "static"
        ana.city = "Lund"
        self.run_inbox()
        segment._refresh()
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        self.assertEqual(segment.excluded_count, 0)

    def test_static_member_keeps_a_record_as_long_as_there_is_one(self):
        first = self.make_partner("ana@example.com")
        second = self.make_partner("ana@example.com")
        segment = self.make_segment(kind="static")
        self.add(first, segment)
        first.unlink()
        self.run_inbox()
        self.assertEqual(segment.member_ids.res_id, second.id)
        self.assertEqual(
            segment.member_ids.action_open_record()["res_model"], "res.partner"
        )
        second.unlink()
        self.run_inbox()
        self.assertFalse(segment.member_ids.res_id)
        self.assertEqual(
            segment.member_ids.action_open_record()["res_model"], "marketing.person"
        )

    def test_merge_keeps_members_and_lets_exclusion_win(self):
        ana = self.make_partner("ana@example.com")
        old = self.make_partner("ana@old.example.com")
        kept_out = self.make_segment(name="Kept out")
        static_old = self.make_segment(name="Static of old", kind="static")
        static_both = self.make_segment(name="Static of both", kind="static")
        self.add(old, kept_out, "exclude")
        self.add(old, static_old)
        self.add(ana | old, static_both)
        self.run_inbox()
        target, source = ana.marketing_person_id, old.marketing_person_id
        source._merge_into(target)
        self.run_inbox()
        self.assertFalse(
            self.env["marketing.segment.member"].search(
                [("person_id", "=", source.id), ("segment_id.kind", "=", "static")]
            )
        )
        self.assertEqual(self.members_of(static_old), ["ana@example.com"])
        self.assertEqual(self.members_of(static_both), ["ana@example.com"])
        self.assertNotIn("ana@example.com", self.members_of(kept_out))
        self.assertEqual(self.moves_of(kept_out, "ana@example.com")[-1], "segment_left")
        # The membership of the source goes on: nobody entered anew.
        self.assertEqual(
            self.moves_of(static_old, "ana@example.com"), ["segment_entered"]
        )
