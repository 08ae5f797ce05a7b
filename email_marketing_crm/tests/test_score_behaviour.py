"""Scores: what people do brings points, which fade and have limits."""

from datetime import timedelta

from odoo.tests import tagged

from .common import NOW
from .score_common import ANA, BO, ScoreCase


@tagged("post_install", "-at_install")
class TestBehaviour(ScoreCase):
    def test_events_bring_points(self):
        self.make_rule("form", 20)
        self.clicked(ANA)
        self.clicked(ANA)
        self.happened("form", ANA)
        self.happened("delivered", ANA)
        self.clicked(BO)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 30)
        self.assertEqual(self.points_of(BO), 5)

    def test_points_fade_by_half_in_a_half_life(self):
        self.make_rule("form", 40)
        self.happened("form", ANA)
        self.run_inbox()
        for days, points in ((0, 40), (30, 20), (60, 10), (90, 5), (300, 0)):
            self.clock.move_to(NOW + timedelta(days=days))
            self.assertEqual(self.points_of(ANA), points, f"after {days} days")

    def test_machines_bring_no_points(self):
        self.clicked(ANA, reliability="security_scan")
        self.clicked(ANA, reliability="unknown")
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 0)

    def test_a_rule_may_count_less_certain_events(self):
        self.click.minimum_reliability = "unknown"
        self.clicked(ANA, reliability="unknown")
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 5)

    def test_a_rule_may_look_at_one_mailing(self):
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Spring news",
                "mailing_model_id": self.env["ir.model"]._get_id("mailing.contact"),
            }
        )
        self.make_rule("clicked", 7, mailing_id=mailing.id)
        self.clicked(ANA)
        self.clicked(BO, mailing_id=mailing.id)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 5)
        self.assertEqual(self.points_of(BO), 12)

    def test_limit_of_a_rule(self):
        self.click.maximum = 12
        for minute in range(5):
            self.clicked(ANA, NOW + timedelta(minutes=minute))
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 12)
        self.assertEqual(self.score_of(ANA).line_ids.hits, 5)

    def test_a_limit_gives_again_what_faded(self):
        self.click.maximum = 10
        for minute in range(2):
            self.clicked(ANA, NOW + timedelta(minutes=minute))
        self.run_inbox()
        self.clock.move_to(NOW + timedelta(days=30))
        self.clicked(ANA)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 10)

    def test_limit_shared_by_rules(self):
        group = self.env["marketing.score.group"].create(
            {"model_id": self.model.id, "name": "Reading", "maximum": 8}
        )
        self.click.group_id = group
        self.make_rule("replied", 6, group_id=group.id)
        self.make_rule("form", 20)
        self.clicked(ANA)
        self.happened("replied", ANA)
        self.happened("form", ANA)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 28)

    def test_limit_of_the_model(self):
        self.model.maximum = 30
        self.make_rule("form", 20)
        self.happened("form", ANA)
        self.happened("form", ANA)
        self.run_inbox()
        score = self.score_of(ANA)
        self.assertEqual(score.score, 30)
        self.assertAlmostEqual(self.sum_of_lines(score) / score.value, 1)

    def test_no_limit(self):
        self.model.maximum = 0
        self.make_rule("form", 90)
        self.happened("form", ANA)
        self.happened("form", ANA)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 180)

    def test_negative_points(self):
        self.make_rule("unsubscribed", -20)
        self.clicked(ANA)
        self.happened("unsubscribed", ANA)
        self.happened("unsubscribed", BO)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), -15)
        self.assertEqual(self.points_of(BO), -20)

    def test_an_event_that_arrives_late_counts_where_it_belongs(self):
        """A limit makes the order matter: late must be as if it had been in time."""
        self.click.write({"points": 8, "maximum": 10})
        self.clicked(ANA, NOW)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 8)
        self.clicked(ANA, NOW - timedelta(days=30))
        self.run_inbox()
        self.clock.move_to(NOW)
        score = self.score_of(ANA)
        # 8 faded to 4 when the second click came: it had room for 6.
        self.assertEqual(score.score, 10)
        self.assertEqual(score.line_ids.hits, 2)
        self.assertEqual(score.last_date, NOW)

    def test_taking_a_batch_again_changes_nothing(self):
        self.clicked(ANA)
        self.run_inbox()
        before = self.score_of(ANA).value
        person = self.person_of(ANA)
        self.env.cr.execute(
            """
            INSERT INTO marketing_inbox (person_id, touchpoint_id, kind, due, attempts)
            SELECT person_id, id, 'touchpoint', %s, 0 FROM marketing_touchpoint
             WHERE person_id = %s
            """,
            [NOW, person.id],
        )
        self.run_inbox()
        self.assertEqual(self.score_of(ANA).value, before)
        self.assertEqual(self.score_of(ANA).line_ids.hits, 1)

    def test_a_click_found_out_as_a_scan_loses_its_points(self):
        self.clicked(ANA)
        self.run_inbox()
        person = self.person_of(ANA)
        self.env.cr.execute(
            "UPDATE marketing_touchpoint SET reliability = 'security_scan'"
            " WHERE person_id = %s",
            [person.id],
        )
        self.env["marketing.inbox"]._push([person.id], "rebuild")
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 0)
        self.assertFalse(self.score_of(ANA).line_ids)

    def test_merged_persons_have_the_sum_of_their_events(self):
        for email in (ANA, BO):
            self.clicked(email)
        self.run_inbox()
        ana, bo = self.person_of(ANA), self.person_of(BO)
        bo._merge_into(ana)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 10)
        self.assertFalse(self.score_of(BO))
        self.assertEqual(ana.score_id, self.score_of(ANA))
        self.assertFalse(bo.score_id)

    def test_an_event_of_a_person_that_is_gone_stops_nobody(self):
        person = self.person_of(self.make_partner(BO).email)
        self.run_inbox()
        self.env.cr.execute("DELETE FROM marketing_person WHERE id = %s", [person.id])
        self.env["marketing.inbox"]._push([person.id], "rebuild")
        self.clicked(ANA)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 5)

    def test_two_models_side_by_side(self):
        other = self.make_model(name="Fans", sequence=2)
        self.make_rule("clicked", 1, model=other)
        self.clicked(ANA)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 5)
        self.assertEqual(self.points_of(ANA, other), 1)
        self.assertEqual(self.person_of(ANA).score_id, self.score_of(ANA))

    def test_archived_models_and_rules_do_not_count(self):
        rule = self.make_rule("clicked", 50)
        rule.active = False
        other = self.make_model(name="Fans", sequence=2, active=False)
        self.make_rule("clicked", 1, model=other)
        self.clicked(ANA)
        self.run_inbox()
        self.assertEqual(self.points_of(ANA), 5)
        self.assertFalse(self.score_of(ANA, other))
