"""A mailing with a finding that stops it does not leave."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .check_common import CLEAN, CheckCase
from .journey_common import JourneyCase


@tagged("post_install", "-at_install")
class TestCheckLaunch(CheckCase):
    def press(self, mailing, button="action_launch", user=None):
        """Press a button of the form; returns the question, where there is one."""
        action = getattr(
            mailing.with_user(user or self.user_marketing).with_context(
                marketing_asks_about_check=True
            ),
            button,
        )()
        if action and action.get("res_model") == "marketing.mailing.check.launch":
            return (
                self.env[action["res_model"]]
                .with_user(user or self.user_marketing)
                .browse(action["res_id"])
            )
        return None

    def make_broken(self, **values):
        return self.make_clean(
            body_html=CLEAN.replace("https://pumps.com/new", "#"), **values
        )

    def test_a_clean_mailing_is_sent_without_a_question(self):
        mailing = self.make_clean()
        self.assertIsNone(self.press(mailing))
        self.assertEqual(mailing.state, "in_queue")

    def test_what_stops_it_is_named(self):
        mailing = self.make_broken()
        with self.assertRaisesRegex(UserError, "See the new pumps"):
            mailing.action_launch()
        self.assertEqual(mailing.state, "draft")

    def test_a_warning_is_shown_and_accepted(self):
        mailing = self.make_clean(subject="Act now: our new pumps")
        question = self.press(mailing)
        self.assertEqual(mailing.state, "draft")
        self.assertEqual(question.finding_ids.mapped("code"), ["spam_word"])
        question.action_go_on()
        self.assertEqual(mailing.state, "in_queue")
        self.assertEqual(mailing.marketing_audience, 3)

    def test_who_works_in_another_company_is_told_who_sends_it(self):
        mailing = self.make_clean(subject="Act now: our new pumps")
        stranger = new_test_user(
            self.env,
            "stranger@launch",
            "base.group_user,email_marketing_crm.group_marketing_manager",
            company_id=self.company_other.id,
            company_ids=[Command.set(self.company_other.ids)],
        )
        with self.assertRaisesRegex(UserError, mailing.user_id.company_id.name):
            self.press(mailing, user=stranger)
        self.assertEqual(mailing.state, "draft")

    def test_notes_alone_ask_nobody(self):
        mailing = self.make_clean(preview="")
        self.assertIsNone(self.press(mailing))
        self.assertEqual(mailing.state, "in_queue")

    def test_a_marketer_cannot_decide_against_what_stops_it(self):
        mailing = self.make_broken()
        question = self.press(mailing)
        self.assertEqual(question.block_count, 1)
        question.reason = "I want it"
        with self.assertRaises(AccessError):
            question.action_go_on()
        self.assertEqual(mailing.state, "draft")

    def test_a_manager_decides_with_a_reason_that_is_kept(self):
        mailing = self.make_broken()
        question = self.press(mailing, user=self.user_manager)
        with self.assertRaisesRegex(UserError, "why"):
            question.action_go_on()
        question.reason = "The link is meant for print"
        question.action_go_on()
        self.assertEqual(mailing.state, "in_queue")
        check = mailing.marketing_check_ids
        self.assertEqual(check.override_user_id, self.user_manager)
        self.assertEqual(check.override_reason, "The link is meant for print")
        self.assertIn("meant for print", mailing.message_ids[0].body)

    def test_a_decision_holds_for_this_text_only(self):
        mailing = self.make_broken()
        question = self.press(mailing, user=self.user_manager)
        question.reason = "Meant so"
        question.action_go_on()
        mailing.action_cancel()
        mailing.body_html = CLEAN.replace("https://pumps.com/new", "##")
        with self.assertRaises(UserError):
            mailing.action_launch()

    def test_nobody_decides_against_the_law(self):
        profile = self.env["marketing.compliance.profile"].create(
            {"name": "Strict", "check_consent": "ignore", "check_sender": "ignore"}
        )
        self.env.company.marketing_compliance_profile_id = profile
        body = CLEAN.replace("/unsubscribe_from_list", "https://pumps.com/x")
        mailing = self.make_clean(body_html=body)
        question = self.press(mailing, user=self.user_manager)
        question.reason = "The board wants it"
        with self.assertRaisesRegex(UserError, "law"):
            question.action_go_on()
        self.assertEqual(mailing.state, "draft")
        self.env["marketing.check.policy"].search([]).write({"level": "off"})
        with self.assertRaisesRegex(UserError, "unsubscribe"):
            mailing.action_launch()

    def test_a_changed_mailing_is_checked_again(self):
        mailing = self.make_clean()
        check = self.check(mailing)
        self.assertEqual(mailing.marketing_check_result, "passed")
        mailing.body_html = CLEAN.replace("https://pumps.com/new", "#")
        mailing.invalidate_recordset()
        self.assertEqual(mailing.marketing_check_result, "stale")
        self.assertTrue(check.is_stale)
        with self.assertRaises(UserError):
            mailing.action_launch()

    def test_a_mailing_that_did_not_change_is_not_checked_again(self):
        mailing = self.make_clean()
        check = self.check(mailing)
        mailing.action_launch()
        self.assertEqual(mailing.marketing_check_ids, check)

    def test_a_check_of_yesterday_says_nothing_about_the_audience_of_now(self):
        mailing = self.make_clean()
        self.check(mailing)
        self.clock.tick(timedelta(days=2))
        mailing.action_launch()
        self.assertEqual(len(mailing.marketing_check_ids), 2)

    def test_scheduling_asks_too(self):
        mailing = self.make_clean(subject="Act now: our new pumps")
        later = fields.Datetime.now() + timedelta(days=1)
        dialog = (
            self.env["mailing.mailing.schedule.date"]
            .with_user(self.user_marketing)
            .with_context(marketing_asks_about_check=True)
            .create({"mass_mailing_id": mailing.id, "schedule_date": later})
        )
        action = dialog.action_schedule_date()
        self.assertEqual(action["res_model"], "marketing.mailing.check.launch")
        self.assertEqual(mailing.state, "draft")
        self.env[action["res_model"]].browse(action["res_id"]).with_user(
            self.user_marketing
        ).action_go_on()
        self.assertEqual((mailing.state, mailing.schedule_date), ("in_queue", later))

    def test_a_mailing_of_the_standard_queue_is_checked_too(self):
        mailing = self.make_broken(
            marketing_segment_ids=False,
            mailing_domain=repr([("id", "in", self.partners.ids)]),
        )
        self.assertFalse(mailing.marketing_kind)
        self.assertTrue(self.press(mailing), "A question")
        self.assertEqual(mailing.state, "draft")

    def test_who_is_no_marketer_is_refused_a_broken_mailing_of_odoo(self):
        mailing = self.make_broken(
            marketing_segment_ids=False,
            mailing_domain=repr([("id", "in", self.partners.ids)]),
        )
        stock_user = new_test_user(
            self.env, "mailer", groups="mass_mailing.group_mass_mailing_user"
        )
        with self.assertRaises(UserError):
            self.press(mailing, user=stock_user)

    def test_ten_thousand_persons_are_checked_within_seconds(self):
        """Measured here with 400; one statement a value, whatever the number."""
        partners = self.env["res.partner"].create(
            [
                {"name": f"Person {number}", "email": f"p{number}@crowd.com"}
                for number in range(400)
            ]
        )
        segment = self.make_segment(*partners.mapped("email"), name="Crowd")
        body = CLEAN + 'in <t t-out="object.city"/>'
        counts = []
        for audience in (self.segment, segment):
            mailing = self.make_clean(
                body_html=body, marketing_segment_ids=[(6, 0, audience.ids)]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            check = self.check(mailing)
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(self.codes(check), ["missing_value"])
        self.assertLess(counts[1] - counts[0], 20)


@tagged("post_install", "-at_install")
class TestCheckJourney(JourneyCase):
    def setUp(self):
        super().setUp()
        self.env.company.marketing_compliance_profile_id = False
        self.journey = self.make_journey(self.mail("Welcome"), publish=False)
        step = self.journey.draft_version_id.step_ids
        self.mailing = step.mailing_id
        self.mailing.write({"subject": "Our new pumps are here", "body_html": CLEAN})

    def test_a_clean_journey_is_published(self):
        self.journey.action_publish()
        self.assertEqual(self.journey.state, "running")
        check = self.mailing.marketing_check_ids
        self.assertEqual(check.audience, 3, "the members of the segment")

    def test_a_mail_that_is_stopped_stops_the_journey(self):
        self.mailing.body_html = CLEAN.replace("https://pumps.com/new", "#")
        with self.assertRaisesRegex(UserError, "Our new pumps are here: The link"):
            self.journey.action_publish()
        self.assertEqual(self.journey.state, "draft")

    def test_the_check_of_a_journey_shows_the_findings(self):
        self.mailing.subject = "Act now: our new pumps"
        action = self.journey.with_user(self.user_marketing).action_check()
        findings = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(findings.mapped("code"), ["spam_word"])
        self.assertEqual(findings.mailing_id, self.mailing)

    def test_a_manager_publishes_with_warnings(self):
        self.mailing.subject = "Act now: our new pumps"
        journey = self.journey.with_user(self.user_manager).with_context(
            marketing_asks_about_check=True
        )
        action = journey.action_publish()
        self.assertEqual(journey.state, "draft")
        question = self.env[action["res_model"]].browse(action["res_id"])
        question.with_user(self.user_manager).action_go_on()
        self.assertEqual(journey.state, "running")

    def test_nothing_is_asked_of_a_journey_whose_mail_did_not_change(self):
        self.journey.action_publish()
        checks = self.env["marketing.mailing.check"]
        with patch.object(type(checks), "_check_mailing") as again:
            self.mailing._get_fresh_check()
            again.assert_not_called()
