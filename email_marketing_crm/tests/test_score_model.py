"""Scores: settings of a model, which one is primary, and what its form counts."""

from psycopg2 import errors

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .score_common import ANA, BO, ScoreCase


@tagged("post_install", "-at_install")
class TestModel(ScoreCase):
    def test_another_primary_model_takes_over(self):
        self.make_partner(ANA)
        self.clicked(ANA)
        self.run_inbox()
        other = self.make_model(name="Fans", sequence=5, active=False)
        self.make_rule("clicked", 1, model=other)
        other.active = True
        self.assertTrue(self.model.is_primary)
        other.sequence = 0
        self.assertEqual(self.model._get_primary(), other.id)
        self.assertTrue(other.is_primary)
        self.run_inbox()
        self.assertEqual(self.person_of(ANA).score_id.model_id, other)
        self.assertEqual(self.person_of(ANA).score, 1)

    def test_without_active_model_nobody_has_a_score(self):
        self.clicked(ANA)
        self.run_inbox()
        self.model.active = False
        self.assertFalse(self.model._get_primary())
        self.assertFalse(self.person_of(ANA).score_id)

    def test_a_copy_is_an_archived_draft_with_its_own_limits(self):
        group = self.env["marketing.score.group"].create(
            {"model_id": self.model.id, "name": "Reading", "maximum": 8}
        )
        self.click.group_id = group
        copy = self.model.copy()
        self.assertFalse(copy.active)
        self.assertEqual(copy.rule_ids.type_id, self.types["clicked"])
        self.assertEqual(copy.rule_ids.group_id, copy.group_ids)
        self.assertNotEqual(copy.group_ids, group)

    def test_a_model_in_use_is_not_deleted(self):
        with self.assertRaisesRegex(UserError, "Archive a score model"):
            self.model.unlink()
        self.model.active = False
        self.model.unlink()

    @mute_logger("odoo.sql_db")
    def test_settings_that_make_no_sense_are_refused(self):
        for values in (
            {"half_life_days": 6},
            {"threshold": 101},
            {"grade_b": 90},
            {"grade_d": 0},
            {"fit_maximum": 0},
            {"maximum": -1},
        ):
            with (
                self.assertRaises(errors.CheckViolation, msg=values),
                self.env.cr.savepoint(),
            ):
                self.model.write(values)
                self.env.flush_all()

    def test_a_score_gives_no_points_for_its_threshold(self):
        with self.assertRaisesRegex(ValidationError, "reaching its threshold"):
            self.make_rule("score_threshold", 5)

    def test_limits_of_another_model_are_refused(self):
        other = self.make_model(name="Fans", sequence=5)
        group = self.env["marketing.score.group"].create(
            {"model_id": other.id, "name": "Reading", "maximum": 8}
        )
        with self.assertRaisesRegex(ValidationError, "another score model"):
            self.click.group_id = group

    def test_numbers_of_the_form_open_what_they_count(self):
        self.model.threshold = 10
        self.make_fit("Phone", [("phone", "!=", False)], 100)
        self.make_partner(ANA, phone="+351 1")
        self.make_partner(BO)
        for _time in range(2):
            self.clicked(ANA)
        self.run_inbox()
        self.model.invalidate_recordset()
        model = self.model
        for context, count in (
            ({}, model.count_all),
            ({"grade": "A"}, model.count_a),
            ({"grade": "F"}, model.count_f),
            ({"reached": True}, model.count_reached),
        ):
            action = model.with_context(**context).action_view_scores()
            found = self.env["marketing.score"].search_count(action["domain"])
            self.assertEqual(found, count, context)
        self.assertEqual((model.count_a, model.count_f), (1, 1))
        self.assertEqual(model.count_reached, 1)

    def test_a_draft_is_tried_before_it_is_activated(self):
        self.clicked(ANA)
        self.clicked(BO)
        self.happened("form", BO)
        self.run_inbox()
        draft = self.model.copy({"threshold": 20})
        self.make_rule("form", 20, model=draft)
        message = draft.action_preview()["params"]["message"]
        self.assertIn("at the threshold", message)
        self.assertFalse(self.score_of(BO, draft))

    def test_the_shipped_model_scores(self):
        shipped = self.env.ref("email_marketing_crm.score_model_default")
        shipped.active = True
        self.env["res.partner"].create(
            {
                "name": "Pumps Lda",
                "is_company": True,
                "child_ids": [
                    Command.create(
                        {"name": "Ana", "email": ANA, "phone": "1", "function": "CEO"}
                    )
                ],
            }
        )
        self.happened("replied", ANA)
        self.happened("form", ANA)
        self.happened("download", ANA)
        self.run_inbox()
        score = self.score_of(ANA, shipped)
        self.assertEqual(score.score, 50)
        self.assertEqual((score.fit, score.grade), (80, "A"))
        self.assertIn("score_threshold", self.touchpoints_of(ANA))
