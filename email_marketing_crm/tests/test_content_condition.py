from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .content_common import ContentCase


@tagged("post_install", "-at_install")
class TestContentCondition(ContentCase):
    """Who sees a block of a mail."""

    def meets(self, condition):
        """Names of those of the three who meet a condition."""
        partners = self.ana + self.li + self.eva
        met = condition._get_met_conditions(partners.marketing_person_id.ids)
        return [
            partner.name
            for partner in partners
            if condition.id in met[partner.marketing_person_id.id]
        ]

    def test_language(self):
        self.assertEqual(
            self.meets(self.make_condition(lang_ids=self.lang("zh_CN"))), ["Li"]
        )

    def test_chosen_language_counts_before_the_contact(self):
        self.ana.marketing_person_id._set_preferences(
            {"preferred_lang": "zh_CN"}, {"source": "manual"}
        )
        self.assertEqual(
            self.meets(self.make_condition(lang_ids=self.lang("zh_CN"))), ["Ana", "Li"]
        )

    def test_segment(self):
        segment = self.make_segment("eva@example.com", name="Big buyers")
        condition = self.make_condition("Big", segment_ids=segment)
        self.assertEqual(self.meets(condition), ["Eva"])
        segment._exclude_persons(self.eva.marketing_person_id.ids)
        self.assertEqual(self.meets(condition), [])

    def test_life_cycle_stage(self):
        stage = self.env["marketing.lifecycle.stage"].search([], limit=1)
        persons = (self.ana + self.li).marketing_person_id
        self.env["marketing.lifecycle.move"]._move_persons(
            persons.ids, stage.code, "manual"
        )
        self.assertEqual(
            self.meets(self.make_condition("Stage", lifecycle_stage_ids=stage)),
            ["Ana", "Li"],
        )

    def test_grade(self):
        model = self.env["marketing.score.model"].search([], limit=1)
        self.env.cr.execute(
            """
            INSERT INTO marketing_score
                (person_id, model_id, value, half_life_days, fit, grade, update_date)
            VALUES (%s, %s, 0, 30, 0, 'B', now())
            ON CONFLICT (person_id, model_id) DO UPDATE SET grade = 'B'
            RETURNING id
            """,
            [self.li.marketing_person_id.id, model.id],
        )
        [score_id] = self.env.cr.fetchone()
        self.env.cr.execute(
            "UPDATE marketing_person SET score_id = %s WHERE id = %s",
            [score_id, self.li.marketing_person_id.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.meets(self.make_condition("Fit", grades="a, b")), ["Li"])

    def test_persona_and_buyer_stage(self):
        persona = self.env["marketing.persona"].create({"name": "Plant manager"})
        stage = self.env["marketing.buyer.stage"].search([], limit=1)
        for column, value, partner in (
            ("persona_id", persona, self.eva),
            ("buyer_stage_id", stage, self.ana),
        ):
            self.env.cr.execute(
                f"UPDATE marketing_person SET {column} = %s WHERE id = %s",
                [value.id, partner.marketing_person_id.id],
            )
        self.env.invalidate_all()
        self.assertEqual(
            self.meets(self.make_condition("P", persona_ids=persona)), ["Eva"]
        )
        self.assertEqual(
            self.meets(self.make_condition("S", buyer_stage_ids=stage)), ["Ana"]
        )

    def test_all_criteria_hold_and_one_value_is_enough(self):
        segment = self.make_segment("li@example.com", "eva@example.com", name="Buyers")
        condition = self.make_condition(
            "Buyers here",
            segment_ids=segment,
            lang_ids=self.lang("zh_CN") + self.lang("en_US"),
        )
        self.assertEqual(self.meets(condition), ["Li"])
        condition.is_inverted = True
        self.assertEqual(self.meets(condition), ["Ana", "Eva"])

    def test_unknown_language_is_not_the_language(self):
        """Who has no value for a criterion does not meet it; he is the rest."""
        self.env.cr.execute(
            "UPDATE marketing_person SET lang = NULL WHERE id = %s",
            [self.ana.marketing_person_id.id],
        )
        condition = self.make_condition(lang_ids=self.lang("en_US"))
        self.assertEqual(self.meets(condition), [])
        condition.is_inverted = True
        self.assertEqual(self.meets(condition), ["Ana", "Li", "Eva"])

    # ------------------------------------------------------------------
    # KEEPING THEM
    # ------------------------------------------------------------------

    def test_a_condition_says_something(self):
        with self.assertRaises(ValidationError):
            self.make_condition("Nothing")

    def test_grades_are_letters_there_are(self):
        with self.assertRaises(ValidationError):
            self.make_condition("Fit", grades="A, Z")

    def test_summary(self):
        condition = self.make_condition(lang_ids=self.lang("zh_CN"), grades="A")
        self.assertIn("Grades: A", condition.summary)
        condition.is_inverted = True
        self.assertIn("all but", condition.summary)

    def test_used_condition_is_archived_not_deleted(self):
        condition = self.make_condition(lang_ids=self.lang("zh_CN"))
        self.make_mailing(self.everybody, body_html=self.block(condition, "Hi"))
        self.assertEqual(condition.mailing_count, 1)
        with self.assertRaises(UserError):
            condition.unlink()
        condition.active = False
        self.assertEqual(self.meets(condition), ["Li"])

    def test_rights(self):
        condition = self.make_condition(lang_ids=self.lang("zh_CN"))
        condition.with_user(self.user_marketing).name = "Chinese readers"
        mailer = new_test_user(
            self.env, "mailer", groups="mass_mailing.group_mass_mailing_user"
        )
        self.assertTrue(condition.with_user(mailer).name)
        with self.assertRaises(AccessError):
            condition.with_user(mailer).name = "x"
        for user in (self.user_employee, self.user_sales):
            with self.assertRaises(AccessError):
                condition.with_user(user).read(["name"])

    def test_other_company_does_not_see_it(self):
        condition = self.make_condition(
            lang_ids=self.lang("zh_CN"), company_id=self.company_other.id
        )
        self.assertFalse(
            self.env["marketing.content.condition"]
            .with_user(self.user_marketing)
            .search([("id", "=", condition.id)])
        )
