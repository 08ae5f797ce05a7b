from datetime import datetime, timedelta

from odoo.exceptions import UserError
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
