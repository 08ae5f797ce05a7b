"""Scores: reaching the threshold of a model is an event."""

from datetime import timedelta

from odoo.tests import tagged

from .common import NOW
from .score_common import ANA, ScoreCase


@tagged("post_install", "-at_install")
class TestThreshold(ScoreCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model.threshold = 20
        cls.form = cls.make_rule("form", 20)

    def crossings(self, email=ANA):
        return len(self.touchpoints_of(email, "score_threshold"))

    def test_reaching_it_is_an_event(self):
        self.clicked(ANA)
        self.run_inbox()
        self.assertEqual(self.crossings(), 0)
        self.happened("form", ANA)
        self.run_inbox()
        self.assertEqual(self.crossings(), 1)
        touchpoint = self.env["marketing.touchpoint"].search(
            [("type_id.code", "=", "score_threshold")]
        )
        self.assertEqual(touchpoint.data, {"score": 25, "threshold": 20})
        self.happened("form", ANA)
        self.run_inbox()
        self.assertEqual(self.crossings(), 1)

    def test_again_after_falling_below(self):
        self.happened("form", ANA)
        self.run_inbox()
        self.clock.move_to(NOW + timedelta(days=30))
        self.happened("form", ANA)
        self.run_inbox()
        self.assertEqual(self.crossings(), 2)

    def test_a_late_event_may_reach_it(self):
        self.clicked(ANA, NOW)
        self.run_inbox()
        self.happened("form", ANA, NOW - timedelta(hours=1))
        self.run_inbox()
        self.assertEqual(self.crossings(), 1)

    def test_a_rebuild_alone_is_no_event(self):
        self.happened("form", ANA)
        self.run_inbox()
        self.form.points = 100
        self.model.threshold = 60
        self.model.action_recompute()
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 100)
        self.assertEqual(self.crossings(), 1)

    def test_an_event_during_a_rebuild_still_counts(self):
        self.clicked(ANA)
        self.run_inbox()
        self.model.action_recompute()
        self.happened("form", ANA)
        self.run_inbox()
        self.assertEqual(self.crossings(), 1)
