from odoo.tests import tagged

from .handoff_common import HandoffCase


@tagged("post_install", "-at_install")
class TestHandoffThreshold(HandoffCase):
    """Whom the inbox offers."""

    def test_score_and_grade_decide(self):
        for points, grade, offered in (
            (50, "C", True),
            (49, "A", False),
            (90, "D", False),
            (90, None, True),  # nobody has a grade where there are no fit rules
        ):
            with self.subTest(points=points, grade=grade):
                person = self.person(f"p{points}{grade}@example.com".lower())
                self.give_score(person, points, grade)
                self.look_at(person)
                handoff = self.handoffs_of(person)
                self.assertEqual(bool(handoff), offered)
                if offered:
                    self.assertEqual(handoff.score, points)
                    self.assertEqual(handoff.grade or None, grade)
                    self.assertIn(str(points), handoff.cause)

    def test_from_touchpoints_to_the_salesperson(self):
        company = self.make_partner("info@pumps.example.com", name="Pumps")
        self.make_partner(
            "ana@example.com",
            parent_id=company.id,
            function="Buyer",
            phone="+32 2 123 45 67",
        )
        for _number in range(3):
            self.happened("form", "ana@example.com")
            self.happened("replied", "ana@example.com")
        self.run_inbox()
        handoff = self.handoffs_of(self.person_of("ana@example.com"))
        self.assertEqual(len(handoff), 1)
        self.assertEqual(handoff.assignment, "rules")
        self.assertEqual(handoff.person_id.lifecycle_stage_id.code, "mql")
        self.assertIn("Form submitted", handoff.evidence)

    def test_first_policy_wins(self):
        urgent = self.make_policy(name="Urgent", minimum_score=80, sequence=1)
        person = self.person("ana@example.com")
        self.give_score(person, 90)
        self.look_at(person)
        self.assertEqual(self.handoffs_of(person).policy_id, urgent)

    def test_who_reported_spam_is_not_called(self):
        person = self.person("ana@example.com")
        self.give_score(person, 90)
        person.sudo().suppression = "complaint"
        self.look_at(person)
        self.assertFalse(self.handoffs_of(person))

    def test_open_opportunity_is_left_out_when_asked(self):
        lead = self.make_lead(
            "ana@example.com", type="opportunity", user_id=self.user_sales.id
        )
        person = self.person_of("ana@example.com")
        self.give_score(person, 90)
        self.policy.is_open_opportunity_excluded = True
        self.look_at(person)
        self.assertFalse(self.handoffs_of(person))
        self.policy.is_open_opportunity_excluded = False
        self.look_at(person)
        self.assertEqual(self.handoffs_of(person).lead_id, lead)

    def test_more_than_a_batch_can_take_wait_for_the_next(self):
        persons = sum(
            (self.person(f"p{number}@example.com") for number in range(5)),
            self.env["marketing.person"],
        )
        for points, person in zip((60, 70, 80, 90, 100), persons, strict=True):
            self.give_score(person, points)
        module = "odoo.addons.email_marketing_crm.models.marketing_handoff_policy"
        self.patch(__import__("sys").modules[module], "MAX_OFFERS", 2)
        self.look_at(persons)
        self.assertEqual(self.handoffs_of(persons).person_id, persons[3:])
        self.env.cr.precommit.run()
        waiting = self.env["marketing.inbox"].search([("kind", "=", "changed")])
        self.assertLessEqual(set(persons[:3].ids), set(waiting.mapped("person_id")))
