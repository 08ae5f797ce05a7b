"""Segments: conditions that make no sense are refused with a sentence."""

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .segment_common import SegmentCase


@tagged("post_install", "-at_install")
class TestSegmentRefused(SegmentCase):
    def test_bad_domains_are_refused_with_a_sentence(self):
        for domain in (
            "not a domain",
            "[('city', '=')]",
            "[('city', '~~', 'Porto')]",
            "{'city': 'Porto'}",
            "[('no_such_field', '=', 1)]",
            "[('parent_id.no_such_field', '=', 1)]",
            "[('create_date', '>', 'yesterday-ish')]",
            "[('name', '=', __import__('os').system('true'))]",
            "__import__('os').system('true')",
            "[('name', '=', ''); DROP TABLE res_partner]",
            "['&', ('city', '=', 'Porto')]",
            "[('id', 'in', %s)]" % list(range(30000)),
        ):
            with self.subTest(domain=domain[:60]), self.assertRaises(ValidationError):
                self.make_segment().domain = domain
            self.env.invalidate_all(flush=False)

    def test_values_are_never_part_of_the_statement(self):
        self.make_partner("ana@example.com", name="'; DROP TABLE res_partner; --")
        segment = self.make_segment(
            domain=[("name", "=", "'; DROP TABLE res_partner; --")]
        )
        self.assertEqual(self.members_of(segment), ["ana@example.com"])

    def test_impossible_rules_are_refused(self):
        with self.assertRaises(ValidationError):
            self.make_segment(("form", "at_least", 0, 0))

    def test_segment_may_not_look_at_itself(self):
        first, second = (
            self.make_segment(name="First"),
            self.make_segment(name="Second"),
        )
        second.domain = repr([("marketing_segment_ids", "in", first.ids)])
        with self.assertRaisesRegex(ValidationError, "“First” → “Second” → “First”"):
            first.domain = repr([("marketing_segment_ids", "not in", second.ids)])
        self.env.invalidate_all(flush=False)
        with self.assertRaisesRegex(ValidationError, "depend on itself"):
            first.domain = repr([("marketing_segment_ids", "in", first.ids)])

    def test_segments_are_chosen_by_themselves(self):
        self.make_segment(name="First")
        for condition in (
            ("marketing_segment_ids", "in", ["First"]),
            ("marketing_segment_ids", "ilike", "First"),
            ("marketing_segment_ids.name", "=", "First"),
            ("marketing_segment_ids", "!=", False),
        ):
            with self.subTest(condition=condition), self.assertRaises(UserError):
                self.make_segment(domain=[condition])

    def test_records_of_a_segment_do_not_change(self):
        segment = self.make_segment()
        with self.assertRaisesRegex(UserError, "other records"):
            segment.res_model = "crm.lead"
