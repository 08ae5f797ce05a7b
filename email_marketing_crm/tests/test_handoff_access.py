from odoo.exceptions import AccessError
from odoo.tests import tagged

from .handoff_common import HandoffCase


@tagged("post_install", "-at_install")
class TestHandoffAccess(HandoffCase):
    """Who sees and does what."""

    def setUp(self):
        super().setUp()
        self.make_lead("ana@example.com", user_id=self.user_sales.id)
        self.make_lead("bo@example.com", user_id=self.colleague.id)
        self.persons = self.person_of("ana@example.com") + self.person_of(
            "bo@example.com"
        )
        self.mine, self.other = self.offer(self.persons)

    def seen_by(self, user):
        return self.env["marketing.handoff"].with_user(user).search([]).sudo()

    def test_salespeople_see_the_hand_offs_of_their_leads(self):
        self.assertEqual(self.seen_by(self.user_sales), self.mine)
        self.assertEqual(self.seen_by(self.leader), self.mine + self.other)
        self.other.lead_id.user_id = False
        self.assertEqual(self.seen_by(self.user_sales), self.mine + self.other)

    def test_closed_leads_stay_visible(self):
        self.mine.lead_id.action_set_lost()
        self.assertEqual(self.seen_by(self.user_sales), self.mine)

    def test_salespeople_do_not_answer_for_others(self):
        with self.assertRaises(AccessError):
            self.other.with_user(self.user_sales).action_accept()
        with self.assertRaises(AccessError):
            self.other.lead_id.with_user(self.user_sales).action_accept_handoff()
        with self.assertRaises(AccessError):
            self.env["marketing.handoff.reject"].with_user(self.user_sales).create(
                {"handoff_ids": self.other.ids, "reason_id": self.reason_budget.id}
            ).action_reject()

    def test_nobody_writes_a_hand_off(self):
        for user in (self.user_sales, self.leader, self.user_marketing):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.mine.with_user(user).state = "won"
        with self.assertRaises(AccessError):
            self.mine.with_user(self.user_manager).unlink()

    def test_marketers_read_and_leave_the_answer_to_sales(self):
        self.assertEqual(self.seen_by(self.user_marketing), self.mine + self.other)
        with self.assertRaises(AccessError):
            self.mine.with_user(self.user_marketing).action_accept()

    def test_employees_see_nothing(self):
        for model in (
            "marketing.handoff",
            "marketing.handoff.policy",
            "marketing.lifecycle.move",
        ):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(self.user_employee).search([])

    def test_managers_decide_the_policies(self):
        policy = self.policy.with_user(self.user_manager)
        policy.minimum_score = 60
        with self.assertRaises(AccessError):
            self.policy.with_user(self.user_marketing).minimum_score = 70
        with self.assertRaises(AccessError):
            self.policy.with_user(self.leader).minimum_score = 70

    def test_salesperson_reads_forms_and_lists(self):
        lead = self.mine.lead_id.with_user(self.user_sales)
        lead.read(["marketing_handoff_state", "marketing_handoff_cause"])
        handoff = self.mine.with_user(self.user_sales)
        view = handoff.get_view(view_type="form")
        names = [
            name
            for name in view["models"]["marketing.handoff"]
            if name in handoff._fields and name != "person_id"
        ]
        self.assertTrue(handoff.web_read({name: {} for name in names}))
        found = (
            self.env["crm.lead"]
            .with_user(self.user_sales)
            .search([("marketing_handoff_ids.state", "in", ("offered", "expired"))])
        )
        self.assertEqual(found, lead)

    def test_two_companies(self):
        """Each company hands over its own persons, and sees its own hand-offs."""
        team = self.env["crm.team"].create(
            {"name": "Elsewhere", "company_id": self.company_other.id}
        )
        elsewhere = self.make_policy(
            name="Elsewhere", company_id=self.company_other.id, team_id=team.id
        )
        self.policy.company_id = self.company
        self.team.company_id = self.company
        here = self.person("here@example.com", company_id=self.company.id)
        there = self.person("there@example.com", company_id=self.company_other.id)
        for person in here + there:
            self.give_score(person, 90)
        self.look_at(here + there)
        self.assertEqual(self.handoffs_of(here).policy_id, self.policy)
        handoff = self.handoffs_of(there)
        self.assertEqual(handoff.policy_id, elsewhere)
        self.assertEqual(handoff.company_id, self.company_other)
        self.assertEqual(handoff.lead_id.company_id, self.company_other)
        self.assertNotIn(handoff, self.seen_by(self.user_marketing))
        self.assertNotIn(
            elsewhere,
            self.env["marketing.handoff.policy"]
            .with_user(self.user_manager)
            .search([]),
        )

    def test_shared_person_is_handed_over_once_per_company(self):
        team = self.env["crm.team"].create(
            {"name": "Elsewhere", "company_id": self.company_other.id}
        )
        self.make_policy(
            name="Elsewhere", company_id=self.company_other.id, team_id=team.id
        )
        self.policy.company_id = self.company
        self.team.company_id = self.company
        person = self.person("shared@example.com")
        self.give_score(person, 90)
        for _look in range(3):
            self.look_at(person)
        self.assertEqual(
            set(self.handoffs_of(person).mapped("company_id.id")),
            {self.company.id, self.company_other.id},
        )
        self.assertEqual(len(self.handoffs_of(person)), 2)
