"""Scores: what changed rules say about the past, once somebody asks."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..hooks import post_init_hook
from .score_common import ANA, ScoreCase


@tagged("post_install", "-at_install")
class TestRecompute(ScoreCase):
    def test_recompute_applies_new_rules_to_the_past(self):
        self.clicked(ANA)
        self.run_inbox()
        self.model.is_stale = False
        self.click.points = 8
        self.assertTrue(self.model.is_stale)
        self.assertEqual(self.points_of(ANA), 5)
        self.model.action_recompute()
        self.assertFalse(self.model.is_stale)
        self.assertGreaterEqual(self.model.recompute_waiting, 1)
        self.run_inbox()
        self.model.invalidate_recordset()
        self.assertEqual(self.model.recompute_waiting, 0)
        self.assertEqual(self.points_of(ANA), 8)

    def test_recompute_twice_queues_once(self):
        self.clicked(ANA)
        self.run_inbox()
        self.model.action_recompute()
        waiting = self.model.recompute_waiting
        self.model.action_recompute()
        self.model.invalidate_recordset()
        self.assertEqual(self.model.recompute_waiting, waiting)

    def test_recompute_grades_persons_without_events(self):
        self.make_partner(ANA, phone="+351 1")
        self.run_inbox()
        self.assertFalse(self.score_of(ANA))
        self.make_fit("Phone", [("phone", "!=", False)], 100)
        self.model.action_recompute()
        self.run_inbox()
        self.assertEqual(self.score_of(ANA).grade, "A")

    def test_contacts_from_before_the_installation_are_graded(self):
        self.make_fit("Phone", [("phone", "!=", False)], 100)
        self.make_partner(ANA, phone="+351 1")
        self.env.cr.precommit.run()
        self.env.cr.execute("DELETE FROM marketing_inbox")
        post_init_hook(self.env)
        self.run_inbox()
        self.assertEqual(self.score_of(ANA).grade, "A")

    def test_labels_outdate_nothing(self):
        self.model.is_stale = False
        self.click.name = "Clicked"
        self.model.name = "Buyers of pumps"
        self.assertFalse(self.model.is_stale)
        self.click.maximum = 50
        self.assertTrue(self.model.is_stale)

    def test_archived_models_cannot_be_recomputed(self):
        self.model.active = False
        with self.assertRaisesRegex(UserError, "Activate Buyers first"):
            self.model.action_recompute()
