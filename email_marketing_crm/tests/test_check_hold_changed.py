"""A mailing that is changed on its way is looked at again before it leaves."""

from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from .check_common import BROKEN_LINK, CITIES, CLEAN, NAMES, HoldCase


@tagged("post_install", "-at_install")
class TestCheckHoldChanged(HoldCase):
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
