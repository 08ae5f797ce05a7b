"""Segments: records chosen in a list are put in, kept out, or follow the conditions."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .segment_common import ScreenCase


@tagged("post_install", "-at_install")
class TestSegmentSelection(ScreenCase):
    """From a list of records to a segment."""

    def apply(self, records, user=None, **values):
        wizard = (
            self.env["marketing.segment.add"]
            .with_user(user or self.user_marketing)
            .with_context(active_model=records._name, active_ids=records.ids)
            .create(values)
        )
        return wizard.action_apply()["params"]["message"]

    def test_static_segment_takes_and_gives_back(self):
        ana, bo = (
            self.make_partner("ana@example.com"),
            self.make_partner("bo@x.example"),
        )
        segment = self.make_segment(kind="static")
        self.assertIn("2 persons", self.apply(ana | bo, segment_id=segment.id))
        message = self.apply(bo, segment_id=segment.id, operation="exclude")
        self.assertIn("1 persons were taken out", message)
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        self.assertEqual(
            self.moves_of(segment, "bo@x.example"), ["segment_entered", "segment_left"]
        )
        self.assertFalse(segment.excluded_count)

    def test_conditions_decide_again(self):
        ana = self.make_partner("ana@example.com")
        segment = self.make_segment()
        self.apply(ana, segment_id=segment.id, operation="exclude")
        self.assertEqual(self.members_of(segment), [])
        self.apply(ana, segment_id=segment.id, operation="follow")
        self.assertEqual(self.members_of(segment), ["ana@example.com"])
        static = self.make_segment(kind="static")
        with self.assertRaises(UserError):
            self.apply(ana, segment_id=static.id, operation="follow")

    def test_each_model_has_both_actions(self):
        for model in ("res.partner", "crm.lead", "mailing.contact"):
            bindings = self.env["ir.actions.actions"].get_bindings(model)
            names = [action["name"] for action in bindings.get("action", [])]
            with self.subTest(model=model):
                self.assertIn("Add to Segment", names)
                self.assertIn("Remove from Segment", names)
