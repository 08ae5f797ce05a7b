"""Segments: members come and go with what happens, and each move is told once."""

from odoo.tests import tagged

from .segment_common import SegmentCase


@tagged("post_install", "-at_install")
class TestSegmentRefresh(SegmentCase):
    def test_entered_and_left_happen_exactly_once(self):
        ana = self.make_partner("ana@example.com", city="Porto")
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        for _time in range(3):
            segment._refresh()
            self.run_inbox()
        self.assertEqual(self.moves_of(segment, "ana@example.com"), ["segment_entered"])
        # Leaving and coming back within the same second are two more events.
        for city in ("Lund", "Porto"):
            ana.city = city
            self.env.flush_all()
            segment._refresh()
        segment._refresh()
        self.run_inbox()
        self.assertEqual(
            self.moves_of(segment, "ana@example.com"),
            ["segment_entered", "segment_left", "segment_entered"],
        )

    def test_moves_are_queued_for_the_other_consumers(self):
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.make_partner("ana@example.com", city="Porto")
        self.run_inbox()
        self.env.cr.execute("DELETE FROM marketing_segment_member")
        segment._refresh()
        self.env.cr.execute(
            """
            SELECT type.code FROM marketing_inbox inbox
              JOIN marketing_touchpoint t ON t.id = inbox.touchpoint_id
              JOIN marketing_touchpoint_type type ON type.id = t.type_id
             WHERE t.res_model = 'marketing.segment' AND t.res_id = %s
            """,
            [segment.id],
        )
        self.assertEqual(self.env.cr.fetchall(), [("segment_entered",)])

    def test_nothing_changed_writes_nothing(self):
        self.make_partner("ana@example.com")
        segment = self.make_segment(("form", "at_most", 0, 0))
        self.env.cr.execute("SELECT xmin, ctid FROM marketing_segment_member")
        before = self.env.cr.fetchall()
        self.env.cr.execute("SELECT count(*) FROM marketing_touchpoint")
        touchpoints = self.env.cr.fetchone()
        segment._refresh()
        segment._refresh_persons(segment.member_ids.person_id.ids)
        self.env.cr.execute("SELECT xmin, ctid FROM marketing_segment_member")
        self.assertEqual(self.env.cr.fetchall(), before)
        self.env.cr.execute("SELECT count(*) FROM marketing_touchpoint")
        self.assertEqual(self.env.cr.fetchone(), touchpoints)

    def test_event_and_write_reach_the_segment_through_the_inbox(self):
        ana = self.make_partner("ana@example.com", city="Lund")
        segment = self.make_segment(
            ("form", "at_least", 1, 0), domain=[("city", "=", "Porto")]
        )
        self.happened("form", "ana@example.com")
        self.run_inbox()
        self.assertEqual(self.members_of(segment), [])
        ana.city = "Porto"
        self.run_inbox()
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        ana.active = False
        self.run_inbox()
        self.assertEqual(self.members_of(segment), [])

    def test_new_record_and_changed_address_reach_the_segment(self):
        segment = self.make_segment()
        ana = self.make_partner("ana@example.com")
        self.run_inbox()
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        ana.email = "ana@work.example.com"
        self.run_inbox()
        self.assertEqual(self.members_of(segment), ["ana@work.example.com"])
        ana.unlink()
        self.run_inbox()
        self.assertEqual(self.members_of(segment), [])

    def test_attributes_of_the_person_reach_the_segment(self):
        """What is computed from the log is looked at after every event."""
        self.make_partner("ana@example.com")
        segment = self.make_segment(
            domain=[("marketing_last_engagement_date", ">=", "today -7d")]
        )
        self.assertEqual(self.members_of(segment), [])
        self.happened("replied", "ana@example.com")
        self.run_inbox()
        self.assertEqual(self.members_of(segment), ["ana@example.com"])

    def test_only_watched_fields_queue_persons(self):
        segments = self.env["marketing.segment"]
        self.assertNotIn("barcode", segments._get_watched_fields("res.partner"))
        segment = self.make_segment(domain=[("barcode", "=", "7")])
        self.assertIn("barcode", segments._get_watched_fields("res.partner"))
        segment.domain = "[]"
        self.assertNotIn("barcode", segments._get_watched_fields("res.partner"))
        segment.domain = "[('barcode', '=', '7')]"
        segment.active = False
        self.assertNotIn("barcode", segments._get_watched_fields("res.partner"))

    def test_fields_behind_computed_and_linked_ones_are_watched(self):
        self.make_segment(
            domain=[("is_blacklisted", "=", False), ("parent_id.vat", "=", "7")]
        )
        watched = self.env["marketing.segment"]._get_watched_fields("res.partner")
        self.assertTrue({"email_normalized", "parent_id", "vat"} <= watched, watched)

    def test_blacklisting_reaches_the_segment(self):
        self.make_partner("ana@example.com")
        free = self.make_segment(domain=[("is_blacklisted", "=", False)])
        blocked = self.make_segment(domain=[("is_blacklisted", "!=", False)])
        self.assertEqual(self.members_of(free), ["ana@example.com"])
        self.assertEqual(self.members_of(blocked), [])
        self.env["mail.blacklist"]._add("ana@example.com")
        self.run_inbox()
        self.assertEqual(self.members_of(free), [])
        self.assertEqual(self.members_of(blocked), ["ana@example.com"])

    def test_segment_that_counts_entries_does_not_chase_itself(self):
        self.make_partner("ana@example.com")
        segment = self.make_segment(("segment_entered", "at_most", 0, 0))
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        self.run_inbox()  # fails when the inbox does not become empty
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        follower = self.make_segment(("segment_entered", "at_least", 1, 0))
        self.run_inbox()
        self.assertEqual(self.members_of(follower), ["ana@example.com"])

    def test_segment_in_segment(self):
        ana = self.make_partner("ana@example.com", city="Porto")
        inner = self.make_segment(domain=[("city", "=", "Porto")], name="Inner")
        outer = self.make_segment(
            domain=[("marketing_segment_ids", "in", inner.ids)], name="Outer"
        )
        self.assertEqual(self.members_of(outer), ["ana@example.com"])
        ana.city = "Lund"
        self.run_inbox()
        self.assertEqual(self.members_of(outer), [])

    def test_full_refresh_repairs_what_a_lane_could_not_see(self):
        """Two lanes decide at once: the second look, at the event, finds the truth."""
        ana = self.make_partner("ana@example.com", city="Lund")
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.run_inbox()
        # The full refresh still saw Porto and let her in.
        self.env.cr.execute(
            "UPDATE res_partner SET city = 'Porto' WHERE id = %s", ana.ids
        )
        segment._refresh()
        self.env.cr.execute(
            "UPDATE res_partner SET city = 'Lund' WHERE id = %s", ana.ids
        )
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        self.run_inbox()
        self.assertEqual(self.members_of(segment), [])
