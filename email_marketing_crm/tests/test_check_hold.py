"""A mailing on its way waits for its check, and stays where that stops it."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .check_common import CLEAN, CheckCase
from .journey_common import JourneyCase

#: Written for each person, which takes a while: everybody has a name, not a city.
NAMES = CLEAN + '<t t-out="object.name.upper()"/>'
CITIES = CLEAN + '<t t-out="object.city.upper()"/>'
BROKEN_LINK = CLEAN.replace("https://pumps.com/new", "#")


class HoldCase(CheckCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        editors = cls.env.ref("mail.group_mail_template_editor")
        editors.user_ids = [
            Command.link(user.id) for user in (cls.user_marketing, cls.user_manager)
        ]

    def begin_check(self, mailing):
        """The user's seconds are over before the mail was written for anybody."""
        return self.env["marketing.mailing.check"]._check_mailing(mailing, -1)

    def launch_early(self, body, **values):
        """Send a mailing whose check is not done yet."""
        mailing = self.make_clean(body_html=body, **values)
        self.begin_check(mailing)
        mailing.action_launch()
        return mailing

    def run_checks(self):
        """Run the worker of checks until nothing is left to do."""
        self._run_lane("marketing.mailing.check")

    def decide(self, mailing, user, reason=None):
        action = mailing.with_user(user).action_decide_check()
        question = self.env[action["res_model"]].browse(action["res_id"])
        question = question.with_user(user)
        question.reason = reason
        question.action_go_on()

    def told(self, mailing):
        """What the one who is responsible for the mailing was told about it."""
        messages = mailing.message_ids.filtered(
            lambda message: (
                self.user_marketing.partner_id in message.notified_partner_ids
            )
        )
        return " ".join(messages.mapped("body"))


@tagged("post_install", "-at_install")
class TestCheckHold(HoldCase):
    # ------------------------------------------------------------------
    # a check that is not done
    # ------------------------------------------------------------------

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

    # ------------------------------------------------------------------
    # a manager decides
    # ------------------------------------------------------------------

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

    # ------------------------------------------------------------------
    # a mailing that is changed on its way
    # ------------------------------------------------------------------

    def schedule(self, **values):
        """A mailing for tomorrow that nothing was found in."""
        mailing = self.make_clean(
            schedule_type="scheduled",
            schedule_date=fields.Datetime.now() + timedelta(days=1),
            **values,
        )
        mailing.action_schedule()
        self.assertEqual((mailing.state, mailing.marketing_hold), ("in_queue", False))
        return mailing

    def test_a_scheduled_mailing_that_is_broken_afterwards_does_not_leave(self):
        mailing = self.schedule()
        mailing.body_html = BROKEN_LINK
        self.assertEqual(mailing.marketing_check_problem, "running")
        self.run_checks()
        self.assertEqual(mailing.marketing_check_problem, "block")
        self.assertIn("See the new pumps", self.told(mailing))
        self.clock.tick(timedelta(days=2))
        self.deliver()
        self.assertEqual(self.received(), [])
        self.assertEqual(set(self.outcomes(mailing).values()), {"planned"})

    def test_a_scheduled_mailing_that_stays_good_leaves_in_time(self):
        mailing = self.schedule()
        mailing.subject = "Our newest pumps are here"
        self.run_checks()
        self.assertFalse(mailing.marketing_hold)
        check = mailing.marketing_check_ids[0]
        self.assertEqual((check.user_id, check.audience), (self.user_marketing, 3))
        self.clock.tick(timedelta(days=2))
        self.deliver()
        self.assertEqual(len(self.received()), 3)

    def test_a_check_that_was_begun_again_is_not_gone_on_with(self):
        mailing = self.launch_early(CITIES)
        mailing.body_html = NAMES
        self.run_checks()
        newer, older = mailing.marketing_check_ids
        self.assertEqual((newer.state, older.state), ("done", "stopped"))
        self.deliver()
        self.assertEqual(len(self.received()), 3)

    def test_many_changed_mailings_are_checked_one_after_the_other(self):
        mailings = self.schedule() + self.schedule() + self.schedule()
        for mailing in mailings:
            mailing.subject = "Our newest pumps are here"
        checks = self.env["marketing.mailing.check"]
        self.assertEqual(checks._run_lane(0, 1), (1, 3))
        self.assertEqual(len(mailings.marketing_check_ids), 4)
        self.run_checks()
        self.assertEqual(set(mailings.mapped("marketing_hold")), {False})
        self.assertEqual(len(mailings.marketing_check_ids), 6)

    def test_what_the_check_does_not_look_at_holds_nothing(self):
        mailing = self.schedule()
        mailing.write({"color": 3, "favorite": True, "subject": mailing.subject})
        self.assertFalse(mailing.marketing_hold)
        self.assertEqual(len(mailing.marketing_check_ids), 1)

    def test_a_language_that_is_broken_afterwards_holds_it(self):
        chinese = self.env["res.lang"]._activate_lang("zh_CN")
        mailing = self.schedule()
        self.env["marketing.mailing.translation"].create(
            {
                "mailing_id": mailing.id,
                "lang_id": chinese.id,
                "subject": "我们的新水泵已经上市，欢迎参观",
                "body_html": "<p>尊敬的[姓名]，我们的新水泵现在可以订购了。</p>",
            }
        )
        self.assertEqual(mailing.marketing_hold, "check")
        self.run_checks()
        self.assertEqual(mailing.marketing_check_problem, "block")

    def test_mails_that_are_composed_wait_as_well(self):
        mailing = self.make_clean()
        mailing.action_launch()
        self.compose()
        mailing.email_from = "Others <others@pumps.example.com>"
        self.send()
        self.assertEqual(self.received(), [])
        self.run_checks()
        self.send()
        self.assertEqual(len(self.received()), 3)

    def test_back_to_draft_is_not_held(self):
        mailing = self.launch_early(NAMES)
        mailing.action_cancel()
        self.assertEqual((mailing.state, mailing.marketing_hold), ("draft", False))

    def test_what_is_paused_is_looked_at_when_it_goes_on(self):
        for body, expected in ((BROKEN_LINK, "check"), (CLEAN + "<p>!</p>", False)):
            mailing = self.schedule()
            mailing.action_marketing_pause()
            mailing.body_html = body
            self.run_checks()
            self.assertEqual(mailing.marketing_hold, "paused")
            mailing.action_marketing_resume()
            self.assertEqual(mailing.marketing_hold, expected)

    def test_resume_does_not_let_go_what_the_check_holds(self):
        mailing = self.launch_early(CITIES)
        self.run_checks()
        mailing.with_user(self.user_marketing).action_marketing_resume()
        self.assertEqual(mailing.marketing_hold, "check")

    def test_who_looks_in_another_language_changes_nothing(self):
        """What a version is called depends on the reader, not on the mailing."""
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"]._load_module_terms(
            ["email_marketing_crm"], ["zh_CN"]
        )
        mailing = self.make_clean()
        self.env["marketing.ab.test"].create(
            {
                "mailing_id": mailing.id,
                "arm_ids": [Command.create({}), Command.create({"subject": "Pumps"})],
            }
        )
        chinese = mailing.with_context(lang="zh_CN")
        self.assertEqual(
            chinese._get_check_fingerprint(), mailing._get_check_fingerprint()
        )

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


@tagged("post_install", "-at_install")
class TestCheckHoldConditions(HoldCase):
    """What decides who sees what of a mailing belongs to what was checked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.berlin = cls.env["marketing.segment"].create(
            {
                "name": "Berlin",
                "res_model": "res.partner",
                "domain": "[('city', '=', 'Berlin')]",
            }
        )

    def make_checked(self, **values):
        """A mailing on its way whose check found nothing."""
        mailing = self.make_clean(**values)
        self.check(mailing)
        mailing.action_put_in_queue()
        self.assertEqual((mailing.state, mailing.marketing_hold), ("in_queue", False))
        return mailing

    def make_condition(self, **values):
        return self.env["marketing.content.condition"].create(
            {"name": "Some", "segment_ids": [Command.set(self.berlin.ids)], **values}
        )

    def make_body(self, condition):
        return CLEAN + f'<p data-marketing-condition="{condition.id}">Near you</p>'

    def assert_looked_at_again(self, mailing):
        """It waits, is checked by itself, and leaves then."""
        mailing.invalidate_recordset()
        self.assertEqual(mailing.marketing_hold, "check")
        self.assertEqual(mailing.marketing_check_result, "stale")
        before = len(mailing.marketing_check_ids)
        self.run_checks()
        mailing.invalidate_recordset()
        self.assertEqual(len(mailing.marketing_check_ids), before + 1)
        self.assertFalse(mailing.marketing_hold)

    def test_a_condition_of_a_block(self):
        condition = self.make_condition()
        mailing = self.make_checked(body_html=self.make_body(condition))
        other = self.make_checked(subject="Our other new pumps are here")
        condition.name = "Berliners"
        mailing.invalidate_recordset()
        self.assertFalse(mailing.marketing_hold, "A name decides nothing")
        condition.is_inverted = True
        self.assertFalse(other.marketing_hold)
        self.assert_looked_at_again(mailing)
        self.berlin.domain = "[('city', '=', 'Bonn')]"
        self.assert_looked_at_again(mailing)

    def test_a_segment_of_the_mailing(self):
        mailing = self.make_checked(
            marketing_excluded_segment_ids=[Command.set(self.berlin.ids)]
        )
        inner = self.env["marketing.segment"].create(
            {
                "name": "Inner",
                "res_model": "res.partner",
                "domain": "[('name', '=', 'Bo')]",
            }
        )
        self.env["marketing.segment.link"].create(
            {"segment_id": self.berlin.id, "other_id": inner.id, "kind": "include"}
        )
        self.assert_looked_at_again(mailing)
        inner.domain = "[('name', '=', 'Chen')]"
        self.assert_looked_at_again(mailing)
        inner.name = "Inmost"
        mailing.invalidate_recordset()
        self.assertFalse(mailing.marketing_hold)

    def test_a_draft_says_that_it_was_checked_before(self):
        condition = self.make_condition()
        mailing = self.make_clean(body_html=self.make_body(condition))
        self.check(mailing)
        self.assertNotEqual(mailing.marketing_check_result, "stale")
        self.berlin.domain = "[('city', '=', 'Bonn')]"
        mailing.invalidate_recordset()
        self.assertEqual(mailing.marketing_check_result, "stale")
        self.assertFalse(mailing.marketing_hold, "A draft waits for its user")
