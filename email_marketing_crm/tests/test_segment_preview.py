"""Segments: what the form shows before it is saved."""

from odoo.tests import Form, tagged

from .segment_common import SegmentCase


@tagged("post_install", "-at_install")
class TestSegmentForm(SegmentCase):
    def test_preview_shows_what_is_not_saved(self):
        self.make_partner("ana@example.com", city="Porto")
        self.make_partner("bo@example.com", city="Lund")
        self.happened("form", "bo@example.com")
        self.run_inbox()
        form = Form(self.env["marketing.segment"])
        form.name = "Readers"
        form.domain = repr([self.in_crowd])
        self.assertEqual(form.preview_count, 2)
        form.domain = repr([self.in_crowd, ("city", "=", "Porto")])
        self.assertEqual(form.preview_count, 1)
        self.assertEqual(
            form.preview_person_ids.ids,
            self.person_of("ana@example.com").ids,
        )
        form.domain = repr([self.in_crowd])
        with form.rule_ids.new() as rule:
            rule.type_id = self.env["marketing.touchpoint.type"].search(
                [("code", "=", "form")]
            )
            rule.operator = "at_most"
            rule.times = 0
        self.assertEqual(form.preview_count, 1)
        form.domain = "[('no_such_field', '=', 1)]"
        self.assertIn("no_such_field", form.preview_message)
        self.assertEqual(form.preview_count, 0)
        form.domain = repr([self.in_crowd])
        self.assertFalse(form.preview_message)
        segment = form.save()
        self.assertFalse(segment.member_ids)
        segment._refresh()
        self.assertEqual(segment.preview_count, 1)

    def test_preview_of_a_saved_segment_knows_who_was_put_by_hand(self):
        ana = self.make_partner("ana@example.com", city="Porto")
        bo = self.make_partner("bo@example.com", city="Lund")
        self.make_partner("cy@example.com", city="Porto")
        segment = self.make_segment(domain=[("city", "=", "Porto")])
        self.add(ana, segment, "exclude")
        self.add(bo, segment)
        with Form(segment) as form:
            form.domain = repr([self.in_crowd, ("city", "in", ["Porto", "Faro"])])
            self.assertEqual(form.preview_count, 2)

    def test_other_records_take_a_new_domain(self):
        form = Form(self.env["marketing.segment"])
        form.domain = "[('city', '=', 'Porto')]"
        form.res_model = "crm.lead"
        self.assertEqual(form.domain, "[]")
