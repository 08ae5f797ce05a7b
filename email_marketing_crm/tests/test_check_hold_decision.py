"""A manager lets a mailing go that its check holds, and says why."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .check_common import BROKEN_LINK, CITIES, NAMES, HoldCase


@tagged("post_install", "-at_install")
class TestCheckHoldDecision(HoldCase):
    def test_only_a_manager_lets_it_go_and_says_why(self):
        mailing = self.launch_early(CITIES)
        self.run_checks()
        with self.assertRaises(AccessError):
            self.decide(mailing, self.user_marketing, "I want it")
        with self.assertRaisesRegex(UserError, "why"):
            self.decide(mailing, self.user_manager)
        self.decide(mailing, self.user_manager, "Two do without")
        self.assertFalse(mailing.marketing_hold)
        self.assertIn("Two do without", mailing.message_ids[0].body)
        self.run_checks()
        self.deliver()
        self.assertEqual(self.received(), ["ana@pumps.com"], "the others cannot")

    def test_a_manager_does_not_have_to_wait(self):
        mailing = self.launch_early(NAMES)
        self.decide(mailing, self.user_manager, "It is urgent")
        self.run_checks()
        self.assertEqual(mailing.marketing_check_ids.state, "stopped")
        self.deliver()
        self.assertEqual(len(self.received()), 3)

    def test_a_decision_does_not_hold_for_what_is_found_later(self):
        mailing = self.make_clean(body_html=CITIES.replace("Dear", "Dear [NAME]"))
        self.begin_check(mailing)
        action = (
            mailing.with_user(self.user_manager)
            .with_context(marketing_asks_about_check=True)
            .action_launch()
        )
        question = self.env[action["res_model"]].browse(action["res_id"])
        question = question.with_user(self.user_manager)
        self.assertEqual(question.finding_ids.mapped("code").count("placeholder"), 1)
        question.reason = "They are called like that"
        question.action_go_on()
        self.run_checks()
        self.assertEqual(mailing.marketing_check_problem, "block")
        self.deliver()
        self.assertEqual(self.received(), [])

    def test_a_decision_is_about_the_text_that_was_seen(self):
        mailing = self.launch_early(NAMES)
        action = mailing.with_user(self.user_manager).action_decide_check()
        question = self.env[action["res_model"]].browse(action["res_id"])
        question = question.with_user(self.user_manager)
        question.reason = "It is urgent"
        mailing.body_html = BROKEN_LINK
        with self.assertRaisesRegex(UserError, "changed or checked again"):
            question.action_go_on()

    def test_nobody_decides_against_the_law(self):
        mailing = self.launch_early(NAMES)
        profile = self.env["marketing.compliance.profile"].create(
            {"name": "Strict", "check_consent": "ignore", "check_sender": "ignore"}
        )
        self.env.company.marketing_compliance_profile_id = profile
        mailing.body_html = "<p>Our new pumps are here for you: buy some.</p>"
        self.run_checks()
        with self.assertRaisesRegex(UserError, "law"):
            self.decide(mailing, self.user_manager, "The board wants it")
        self.assertEqual(mailing.marketing_hold, "check")
