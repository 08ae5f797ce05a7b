"""A mailing waits for its check, and stays where that stops it."""

from unittest.mock import patch

from odoo.tests import tagged

from .check_common import CITIES, CLEAN, NAMES, HoldCase
from .journey_common import JourneyCase


@tagged("post_install", "-at_install")
class TestCheckHold(HoldCase):
    def test_nothing_leaves_before_the_check_is_done(self):
        mailing = self.launch_early(NAMES)
        self.assertEqual((mailing.state, mailing.marketing_hold), ("in_queue", "check"))
        self.assertEqual(mailing.marketing_check_problem, "running")
        self.deliver()
        self.assertEqual(self.received(), [])
        self.assertEqual(set(self.outcomes(mailing).values()), {"planned"})
        self.run_checks()
        self.assertFalse(mailing.marketing_hold)
        self.deliver()
        self.assertEqual(len(self.received()), 3)

    def test_what_the_worker_finds_stops_it(self):
        mailing = self.launch_early(CITIES)
        self.run_checks()
        self.assertEqual(mailing.marketing_hold, "check")
        self.assertEqual(mailing.marketing_check_problem, "block")
        self.assertIn("cannot be written for 2 persons", self.told(mailing))
        self.run_checks()
        self.assertEqual(self.told(mailing).count("is held"), 1, "told once")
        self.deliver()
        self.assertEqual(self.received(), [])
        mailing.body_html = CLEAN
        self.deliver()
        self.assertEqual(self.received(), [], "not before it was looked at again")
        self.run_checks()
        self.deliver()
        self.assertEqual(len(self.received()), 3)

    def test_a_check_that_breaks_or_is_stopped_lets_nothing_leave(self):
        broken = self.launch_early(NAMES)
        with (
            patch.object(
                self.env.registry["marketing.mailing.check"],
                "_render_persons",
                side_effect=ValueError("Oh"),
            ),
            self.assertLogs("odoo.addons.email_marketing_crm", "WARNING"),
        ):
            self.run_checks()
        stopped = self.launch_early(NAMES, subject="Our other new pumps are here")
        stopped.marketing_check_ids.with_user(self.user_marketing).action_stop()
        self.run_checks()
        self.deliver()
        self.assertEqual(self.received(), [])
        for mailing in broken + stopped:
            self.assertEqual(mailing.marketing_check_problem, "unfinished")
            mailing.with_user(self.user_marketing).action_marketing_check()
        self.run_checks()
        self.deliver()
        self.assertEqual(len(self.received()), 6)

    def test_a_check_of_changed_text_that_breaks_at_once_says_so(self):
        mailing = self.make_clean()
        mailing.action_launch()
        mailing.subject = "Our newest pumps are here"
        with (
            patch.object(
                self.env.registry["marketing.mailing.check"],
                "_check_sets",
                side_effect=ValueError("Oh"),
            ),
            self.assertLogs("odoo.addons.email_marketing_crm", "WARNING"),
        ):
            self.run_checks()
        self.assertEqual(mailing.marketing_check_ids[0].error, "Oh")
        self.assertEqual(mailing.marketing_check_problem, "unfinished")

    def test_the_question_at_launch_says_that_it_will_wait(self):
        mailing = self.make_clean(subject="Act now: our new pumps", body_html=NAMES)
        self.begin_check(mailing)
        action = (
            mailing.with_user(self.user_marketing)
            .with_context(marketing_asks_about_check=True)
            .action_launch()
        )
        question = self.env[action["res_model"]].browse(action["res_id"])
        self.assertTrue(question.is_running)
        question.with_user(self.user_marketing).action_go_on()
        self.assertEqual((mailing.state, mailing.marketing_hold), ("in_queue", "check"))

    def test_odoos_own_queue_waits_too(self):
        mailing = self.make_clean(
            body_html=NAMES,
            marketing_segment_ids=False,
            mailing_domain=repr([("id", "in", self.partners.ids)]),
        )
        self.begin_check(mailing)
        mailing.action_launch()
        self.assertFalse(mailing.marketing_kind)
        self.run_queue()
        self.assertEqual(self.received(), [])
        self.assertEqual(mailing.state, "in_queue")
        self.run_checks()
        self.run_queue()
        self.assertEqual(len(self.received()), 3)

    def run_queue(self):
        with self.enter_registry_test_mode(), self.mock_mail_gateway():
            self.env.ref(
                "mass_mailing.ir_cron_mass_mailing_queue"
            ).method_direct_trigger()


@tagged("post_install", "-at_install")
class TestCheckHoldJourney(JourneyCase):
    def test_mails_of_a_journey_wait_for_their_check(self):
        self.env.company.marketing_compliance_profile_id = False
        journey = self.make_journey(self.mail("Welcome"), publish=False)
        mailing = journey.draft_version_id.step_ids.mailing_id
        mailing.write({"subject": "Our new pumps are here", "body_html": NAMES})
        checks = self.env["marketing.mailing.check"]
        check = checks._check_mailing(mailing, -1)
        journey.action_publish()
        self.assertEqual(journey.state, "running")
        self.assertEqual(mailing.marketing_hold, "check")
        for _run in range(3):
            checks._run_lane(0, 1)
        self.assertEqual(check.state, "done")
        self.assertFalse(mailing.marketing_hold)
