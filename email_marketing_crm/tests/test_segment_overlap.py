"""Segments: how many people two or three of them share."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .segment_common import ScreenCase


@tagged("post_install", "-at_install")
class TestSegmentOverlap(ScreenCase):
    def setUp(self):
        super().setUp()
        for name, city in (("ana", "Porto"), ("bo", "Porto"), ("cy", "Lund")):
            self.make_partner(f"{name}@example.com", city=city)
        self.run_inbox()
        self.porto = self.make_segment(domain=[("city", "=", "Porto")], name="Porto")
        self.early = self.make_segment(
            domain=[("email", "in", ["bo@example.com", "cy@example.com"])],
            name="Early",
        )

    def compare(self, segments, user=None):
        action = segments.with_user(user or self.user_marketing).action_compare()
        return (
            self.env["marketing.segment.overlap"]
            .with_user(user or self.user_marketing)
            .browse(action["res_id"])
        )

    def test_parts_of_two_segments(self):
        overlap = self.compare(self.porto | self.early)
        self.assertEqual(
            {line.name: line.person_count for line in overlap.line_ids},
            {"only “Porto”": 1, "only “Early”": 1, "both “Early” and “Porto”": 1},
        )
        self.assertEqual(overlap.person_count, 3)
        for line in overlap.line_ids:
            with self.subTest(line=line.name):
                people = self.people(line.action_view_people(), self.user_marketing)
                self.assertEqual(len(people), line.person_count)
        both = overlap.line_ids.filtered(lambda line: len(line.segment_ids) == 2)
        self.assertEqual(self.people(both.action_view_people()), ["bo@example.com"])

    def test_three_segments(self):
        everybody = self.make_segment(name="Crowd")
        overlap = self.compare(self.porto | self.early | everybody)
        self.assertEqual(len(overlap.line_ids), 7)
        self.assertEqual(sum(overlap.line_ids.mapped("person_count")), 3)
        for line in overlap.line_ids:
            people = self.people(line.action_view_people(), self.user_marketing)
            self.assertEqual(len(people), line.person_count, line.name)

    def test_segment_of_a_part_follows_the_segments(self):
        overlap = self.compare(self.porto | self.early)
        line = overlap.line_ids.filtered(
            lambda part: part.segment_ids.ids == self.porto.ids
        )
        action = line.action_make_segment()
        segment = self.env["marketing.segment"].browse(action["res_id"])
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        self.make_partner("di@example.com", city="Porto")
        self.run_inbox()
        segment._refresh()
        self.assertEqual(
            self.members_of(segment), ["ana@example.com", "di@example.com"]
        )

    def test_one_segment_asks_for_another(self):
        overlap = self.compare(self.porto)
        self.assertFalse(overlap.line_ids)
        with self.assertRaises(UserError):
            overlap.action_compare()
        overlap.segment_ids |= self.early.with_user(self.user_marketing)
        overlap.action_compare()
        self.assertEqual(overlap.person_count, 3)

    def test_persons_of_other_companies_are_not_counted(self):
        self.make_partner(
            "other@example.com", city="Porto", company_id=self.company_other.id
        )
        self.run_inbox()
        (self.porto | self.early).company_id = False
        self.porto._refresh()
        self.assertEqual(len(self.members_of(self.porto)), 3)
        self.assertEqual(self.compare(self.porto | self.early).person_count, 3)
        both = self.make_marketer_of_both_companies()
        overlap = self.compare(self.porto | self.early, both)
        overlap = overlap.with_context(
            allowed_company_ids=(self.env.company | self.company_other).ids
        )
        overlap.action_compare()
        self.assertEqual(overlap.person_count, 4)

    def test_others_compare_nothing(self):
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                self.porto.with_user(user).action_compare()
