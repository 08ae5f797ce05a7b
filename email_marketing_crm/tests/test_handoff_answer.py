from datetime import datetime, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .handoff_common import HandoffCase


@tagged("post_install", "-at_install")
class TestHandoffAnswer(HandoffCase):
    """What sales does with a hand-off, and what follows from it."""

    def setUp(self):
        super().setUp()
        self.make_lead("ana@example.com", user_id=self.user_sales.id)
        self.ana = self.person_of("ana@example.com")
        self.handoff = self.offer(self.ana)
        self.lead = self.handoff.lead_id
        self.mine = self.handoff.with_user(self.user_sales)

    def reject(self, handoffs, reason, note="", user=None):
        handoffs = handoffs.with_user(user or self.user_sales)
        action = handoffs.action_reject()
        wizard = (
            self.env[action["res_model"]]
            .with_user(user or self.user_sales)
            .with_context(**action["context"])
            .create({"reason_id": reason.id, "note": note})
        )
        return wizard.action_reject()

    # ------------------------------------------------------------------
    # accept
    # ------------------------------------------------------------------

    def test_accepting_makes_an_opportunity(self):
        activity = self.handoff.activity_id
        self.clock.tick(timedelta(minutes=90))
        self.mine.action_accept()
        self.assertEqual(self.handoff.state, "accepted")
        self.assertEqual(self.lead.type, "opportunity")
        self.assertEqual(self.lead.user_id, self.user_sales)
        self.assertFalse(activity.active, "the activity is done")
        self.assertAlmostEqual(self.handoff.response_hours, 1.5)
        self.assertEqual(self.handoff.in_time_rate, 100)
        self.assertEqual(self.handoff.accepted_rate, 100)
        self.assertEqual(
            self.touchpoints_of("ana@example.com", "mql", "accepted"),
            ["mql", "accepted"],
        )
        self.run_inbox()
        self.assertEqual(self.ana.lifecycle_stage_id.code, "sql")

    def test_response_time_counts_working_hours_only(self):
        self.clock.move_to(datetime(2026, 3, 5, 9))  # six hours on, one the next day
        self.mine.action_accept()
        self.assertAlmostEqual(self.handoff.response_hours, 7)
        self.assertEqual(self.handoff.in_time_rate, 0)

    def test_accepting_an_unassigned_lead_takes_it(self):
        self.lead.user_id = False
        self.handoff.with_user(self.colleague).action_accept()
        self.assertEqual(self.lead.user_id, self.colleague)

    def test_buttons_on_the_lead(self):
        lead = self.lead.with_user(self.user_sales)
        self.assertEqual(lead.marketing_handoff_state, "offered")
        self.assertEqual(lead.marketing_handoff_deadline, self.handoff.deadline)
        lead.action_accept_handoff()
        self.assertEqual(lead.marketing_handoff_state, "accepted")

    def test_answering_twice_says_what_happened(self):
        self.mine.action_accept()
        with self.assertRaisesRegex(UserError, "answered already: Accepted"):
            self.mine.action_accept()

    def test_working_on_the_lead_accepts_it(self):
        """Convert, move on, or do an activity: each is an answer."""
        proposition = self.env["crm.stage"].search([])[2]
        for number, work in enumerate(
            (
                lambda lead: lead.convert_opportunity(lead.partner_id),
                lambda lead: lead.write({"stage_id": proposition.id}),
                lambda lead: lead.activity_ids[0].action_done(),
            )
        ):
            with self.subTest(number=number):
                email = f"work{number}@example.com"
                lead = self.make_lead(email, user_id=self.user_sales.id)
                handoff = self.offer(self.person_of(email))
                self.clock.tick(60)
                work(lead.with_user(self.user_sales))
                self.run_inbox(settle=False)
                self.assertEqual(handoff.state, "accepted")
                self.assertEqual(lead.type, "opportunity")
                self.assertAlmostEqual(handoff.response_hours * 60, 1)

    def test_what_the_assignment_does_is_no_answer(self):
        """Converting by the rules, or a journey of a colleague, is nobody's work."""
        lead = self.make_lead("bo@example.com", user_id=False, team_id=self.team.id)
        author = self.env(user=self.user_manager.id, su=True)
        handoff = author["marketing.handoff"]._offer_persons(
            self.person_of("bo@example.com").ids, self.policy.with_env(author)
        )
        self.assertEqual(lead.type, "opportunity")
        self.assertEqual(handoff.assignment, "rules")
        self.clock.tick(60)
        handoff.with_env(self.env).lead_id.stage_id = self.env["crm.stage"].search([])[
            2
        ]  # automation
        self.run_inbox()
        handoff = handoff.with_env(self.env)
        self.assertEqual(handoff.state, "offered")
        self.assertEqual(handoff.person_id.lifecycle_stage_id.code, "mql")

    def test_reassigned_lead_takes_the_hand_off_along(self):
        self.clock.tick(60)
        self.lead.with_user(self.leader).user_id = self.colleague
        self.run_inbox()
        self.assertEqual(self.handoff.user_id, self.colleague)
        self.assertEqual(self.handoff.activity_id.user_id, self.colleague)
        self.assertEqual(self.handoff.state, "offered")

    # ------------------------------------------------------------------
    # reject
    # ------------------------------------------------------------------

    def test_rejected_for_now_goes_back_to_nurturing(self):
        segment = self.env["marketing.segment"].create(
            {"name": "Nurture", "res_model": "crm.lead", "kind": "static"}
        )
        self.policy.recycle_segment_id = segment
        activity = self.handoff.activity_id
        self.reject(self.handoff, self.reason_budget, "Next year")
        self.assertEqual(self.handoff.state, "recycled")
        self.assertEqual(self.handoff.reason_id, self.reason_budget)
        self.assertFalse(activity.exists())
        self.assertIn("<p>Next year</p>", self.lead.message_ids[0].body)
        self.assertEqual(
            self.touchpoints_of("ana@example.com", "rejected", "recycled"),
            ["rejected", "recycled"],
        )
        self.assertEqual(self.ana.lifecycle_stage_id.code, "engaged")
        self.assertEqual(self.ana.segment_ids, segment)
        self.assertTrue(self.lead.active, "the lead was there before the hand-off")

    def test_lead_made_by_the_hand_off_is_closed(self):
        self.reason_bad.lost_reason_id = self.env["crm.lost.reason"].search([], limit=1)
        handoff = self.offer(self.person("bo@example.com", name="Bo"))
        lead = handoff.lead_id
        self.reject(handoff, self.reason_bad, user=handoff.user_id)
        self.assertEqual(lead.won_status, "lost")
        self.assertEqual(lead.lost_reason_id, self.reason_bad.lost_reason_id)
        self.run_inbox()
        self.assertEqual(handoff.state, "rejected", "not lost: it was answered")

    def test_policy_may_keep_the_lead(self):
        self.policy.is_rejected_lead_closed = False
        handoff = self.offer(self.person("bo@example.com", name="Bo"))
        self.reject(handoff, self.reason_bad, user=handoff.user_id)
        self.assertTrue(handoff.lead_id.active)

    def test_several_are_rejected_at_once(self):
        self.make_lead("bo@example.com", user_id=self.user_sales.id)
        both = self.handoff + self.offer(self.person_of("bo@example.com"))
        self.reject(both, self.reason_budget)
        self.assertEqual(set(both.mapped("state")), {"recycled"})

    def test_accepted_may_still_be_given_back(self):
        self.mine.action_accept()
        self.reject(self.handoff, self.reason_budget)
        self.assertEqual(self.handoff.state, "recycled")
        self.assertTrue(self.handoff.accepted_at, "it counts as accepted")

    # ------------------------------------------------------------------
    # offered again
    # ------------------------------------------------------------------

    def test_pause_and_gain_before_the_next_offer(self):
        self.give_score(self.ana, 60)
        self.handoff.sudo().score = 60
        self.reject(self.handoff, self.reason_budget)
        self.give_score(self.ana, 95)
        self.look_at(self.ana)
        self.assertEqual(len(self.handoffs_of(self.ana)), 1, "in the pause")
        self.clock.tick(timedelta(days=31))
        self.give_score(self.ana, 79)
        self.look_at(self.ana)
        self.assertEqual(len(self.handoffs_of(self.ana)), 1, "not enough gained")
        self.give_score(self.ana, 80)
        self.look_at(self.ana)
        self.assertEqual(len(self.handoffs_of(self.ana)), 2)

    def test_pause_holds_for_whoever_offers(self):
        self.reject(self.handoff, self.reason_budget)
        self.assertFalse(self.offer(self.ana))
        self.clock.tick(timedelta(days=31))
        self.assertTrue(self.offer(self.ana))

    def test_rejected_for_good_is_never_offered_again(self):
        self.reject(self.handoff, self.reason_bad)
        self.clock.tick(timedelta(days=1000))
        self.assertFalse(self.offer(self.ana))

    def test_open_hand_off_is_not_repeated(self):
        self.give_score(self.ana, 90)
        self.look_at(self.ana)
        self.assertFalse(self.offer(self.ana))
        self.assertEqual(self.handoffs_of(self.ana), self.handoff)

    # ------------------------------------------------------------------
    # late
    # ------------------------------------------------------------------

    def test_late_answer_is_told_to_the_leader_once(self):
        self.clock.move_to(self.handoff.deadline + timedelta(minutes=1))
        self.assertTrue(self.handoff.is_overdue)
        self.assertEqual(self.env["marketing.handoff"]._expire_overdue(10), (1, 0))
        self.assertEqual(self.handoff.state, "expired")
        escalation = self.handoff.escalation_activity_id
        self.assertEqual(escalation.user_id, self.leader)
        self.assertEqual(escalation.res_id, self.lead.id)
        self.assertEqual(self.env["marketing.handoff"]._expire_overdue(10), (0, 0))
        self.mine.action_accept()
        self.assertEqual(self.handoff.state, "accepted")
        self.assertEqual(self.handoff.in_time_rate, 0)
        self.assertFalse(escalation.exists())

    def test_escalation_user_of_the_policy_comes_first(self):
        self.policy.escalation_user_id = self.colleague
        self.clock.move_to(self.handoff.deadline + timedelta(minutes=1))
        self.env["marketing.handoff"]._expire_overdue(10)
        self.assertEqual(self.handoff.escalation_activity_id.user_id, self.colleague)

    def test_nothing_expires_before_its_deadline(self):
        self.clock.move_to(self.handoff.deadline)
        self.assertEqual(self.env["marketing.handoff"]._expire_overdue(10), (0, 0))

    def test_cron_works_in_batches(self):
        self.make_lead("bo@example.com", user_id=self.user_sales.id)
        self.offer(self.person_of("bo@example.com"))
        self.clock.tick(timedelta(days=5))
        self.assertEqual(self.env["marketing.handoff"]._expire_overdue(1), (1, 1))
        with self.enter_registry_test_mode():
            self.env.ref(
                "email_marketing_crm.ir_cron_handoff_expire"
            ).method_direct_trigger()
        self.assertFalse(
            self.env["marketing.handoff"].search_count([("state", "=", "offered")])
        )

    # ------------------------------------------------------------------
    # the end
    # ------------------------------------------------------------------

    def test_won_and_lost_are_learned(self):
        self.make_lead("bo@example.com", user_id=self.user_sales.id)
        other = self.offer(self.person_of("bo@example.com"))
        self.mine.action_accept()
        self.clock.tick(60)
        self.lead.with_user(self.user_sales).action_set_won()
        other.lead_id.with_user(self.user_sales).action_set_lost()
        self.run_inbox()
        self.assertEqual(self.handoff.state, "won")
        self.assertEqual(other.state, "lost")
        self.assertEqual(self.ana.lifecycle_stage_id.code, "customer")
        self.assertEqual(other.person_id.lifecycle_stage_id.code, "engaged")

    def test_deleted_lead_waits_for_nobody(self):
        self.lead.unlink()
        self.assertEqual(self.handoff.state, "lost")
        self.assertFalse(self.handoff.lead_id)

    # ------------------------------------------------------------------
    # merge
    # ------------------------------------------------------------------

    def test_merged_leads_keep_one_open_hand_off(self):
        self.make_lead("bo@example.com", user_id=self.user_sales.id)
        other = self.offer(self.person_of("bo@example.com"))
        other.with_user(self.user_sales).action_accept()
        survivor = (self.lead + other.lead_id).merge_opportunity()
        handoffs = self.handoff + other
        self.assertEqual(handoffs.lead_id, survivor)
        self.assertEqual(other.state, "accepted", "sales got further with it")
        self.assertEqual(self.handoff.state, "recycled")
        self.assertEqual(self.handoff.reason_id.name, "Duplicate")

    def test_merged_persons_keep_their_hand_offs(self):
        bo = self.person("bo@example.com", name="Bo")
        self.ana._merge_into(bo)
        self.assertEqual(self.handoff.person_id, bo)
        self.assertEqual(bo.lifecycle_stage_id.code, "mql")

    def test_merged_persons_wait_for_one_answer(self):
        self.make_lead("bo@example.com", user_id=self.user_sales.id)
        bo = self.person_of("bo@example.com")
        other = self.offer(bo)
        self.ana._merge_into(bo)
        self.assertEqual((self.handoff + other).person_id, bo)
        self.assertEqual(self.handoff.state, "offered")
        self.assertEqual(other.state, "recycled")

    # ------------------------------------------------------------------
    # analysis
    # ------------------------------------------------------------------

    def test_rates_are_averages(self):
        for number in range(3):
            self.make_lead(f"p{number}@example.com", user_id=self.user_sales.id)
            self.offer(self.person_of(f"p{number}@example.com"))
        self.mine.action_accept()
        ((user, rate, count),) = self.env["marketing.handoff"]._read_group(
            [("policy_id", "=", self.policy.id)],
            ["user_id"],
            ["accepted_rate:avg", "__count"],
        )
        self.assertEqual((user, rate, count), (self.user_sales, 25.0, 4))


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
