from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import NOW
from .timing_common import ANA, BEN, TimingCase

MODELS = "odoo.addons.email_marketing_crm.models"
JOB = f"{MODELS}.marketing_job"
PEOPLE = [f"p{number}@example.com" for number in range(7)]


@tagged("post_install", "-at_install")
class TestJob(TimingCase):
    """What is about many persons is done by a worker, part by part."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for email in PEOPLE:
            cls.make_partner(email, tz="UTC")
        cls.people = cls.make_segment(*PEOPLE, name="People")

    def setUp(self):
        super().setUp()
        # A user waits, and two persons are as many as a million.
        for name, value in (("REQUEST_PERSONS", 2), ("PART_PERSONS", 3)):
            self.startPatcher(patch(f"{JOB}.{name}", value))
        self.startPatcher(patch(f"{JOB}_mailing.REQUEST_PERSONS", 2))
        self.startPatcher(
            patch.object(
                type(self.env["marketing.job"]), "_is_awaited", lambda _jobs: True
            )
        )

    def work(self, parts=None):
        """Let the worker do so many parts, or all there is."""
        for done in range(parts or 50):
            processed, remaining = self.env["marketing.job"]._run_lane(0, 1)
            self.env.flush_all()
            self.env.invalidate_all()
            if not parts and not remaining:
                return
            self.assertTrue(processed, done)

    def job_of(self, mailing):
        return self.env["marketing.job"].search([("mailing_id", "=", mailing.id)])

    def plan(self, **values):
        return self.launch(self.make_mailing(self.people, **values))

    # ------------------------------------------------------------------
    # plan
    # ------------------------------------------------------------------

    def test_a_large_audience_is_planned_by_the_worker(self):
        self.env["mail.blacklist"]._add(PEOPLE[0])
        mailing = self.plan()
        self.assertEqual(mailing.state, "in_queue")
        self.assertFalse(self.deliveries_of(mailing))
        self.assertEqual(mailing.marketing_job_state, "running")
        self.assertIn("segments are brought up to date", mailing.marketing_job_text)
        self.work(2)
        self.assertIn("7 persons is being planned", mailing.marketing_job_text)
        self.assertTrue(self.deliveries_of(mailing))
        self.assertAlmostEqual(mailing.marketing_job_progress, 100 / 3)
        self.deliver()
        self.assertFalse(self.received(), "nothing leaves while it is planned")
        self.assertEqual(mailing.state, "in_queue", "nor is it done")
        self.work()
        self.assertFalse(mailing.marketing_job_state)
        self.assertEqual(self.job_of(mailing).state, "done")
        self.assertEqual(self.job_of(mailing).progress, 100)
        self.deliver()
        expected = dict.fromkeys(PEOPLE, "sent") | {PEOPLE[0]: "blacklisted"}
        self.assertEqual(self.outcomes(mailing), expected)
        self.assertEqual(mailing.state, "done")

    def test_a_small_one_is_planned_at_once(self):
        mailing = self.launch(self.make_mailing(self.segment))
        self.assertEqual(len(self.deliveries_of(mailing)), 2)
        self.assertFalse(self.job_of(mailing))

    def test_crons_and_scripts_do_it_themselves(self):
        with patch.object(
            type(self.env["marketing.job"]), "_is_awaited", lambda _jobs: False
        ):
            self.assertEqual(len(self.deliveries_of(self.plan())), 7)

    def test_parts_make_the_same_plan_as_one_statement(self):
        """Leads of customers, some of whom share an address."""
        partners = self.env["res.partner"].search([("email", "in", PEOPLE)])
        self.env["crm.lead"].create(
            [
                {
                    "name": f"Lead {number}",
                    "partner_id": partners[number % 4].id,
                    "email_from": f"lead{number % 6}@example.com",
                }
                for number in range(12)
            ]
        )
        self.env.cr.precommit.run()
        model = self.env["ir.model"]._get_id("crm.lead")
        segment = self.env["marketing.segment"].create(
            {
                "name": "Leads",
                "res_model": "crm.lead",
                "domain": repr([("name", "=like", "Lead %")]),
            }
        )

        def audience(parts):
            mailing = self.make_mailing(segment, mailing_model_id=model)
            mailing._refresh_segments()
            for part in parts:
                self.env["marketing.delivery"]._plan_audience(mailing, NOW, part)
            return sorted(
                (row.person_id.id, row.res_id, row.email or "", row.reason or "")
                for row in self.deliveries_of(mailing)
            )

        whole = audience([None])
        self.assertGreater(len(whole), 3)
        self.assertEqual(audience([(number, 4) for number in range(4)]), whole)

    def blacklist(self, *emails):
        for email in emails:
            self.env["mail.blacklist"]._add(email)

    def test_the_history_of_many_is_told_while_the_first_mails_leave(self):
        left_out = PEOPLE[:4]
        self.blacklist(*left_out)
        mailing = self.plan()
        self.work(4)
        self.assertFalse(mailing.marketing_job_state, "the plan is complete")
        self.deliver()
        self.assertCountEqual(self.received(), PEOPLE[4:])
        told = [self.touchpoints_of(email, "skipped") for email in left_out]
        self.assertEqual(told, [[]] * 4)
        self.work()
        told = [self.touchpoints_of(email, "skipped") for email in left_out]
        self.assertEqual(told, [["skipped"]] * 4)
        job = self.job_of(mailing).filtered(lambda job: job.kind == "history")
        self.assertEqual((job.state, job.person_count), ("done", 4))

    def test_the_history_of_a_campaign_that_was_taken_back_is_not_told(self):
        self.blacklist(*PEOPLE[:4])
        mailing = self.plan()
        self.work(4)
        mailing.with_user(self.user_marketing).action_cancel()
        self.work()
        self.assertEqual(self.touchpoints_of(PEOPLE[0], "skipped"), [])

    def test_nobody_stops_the_history(self):
        self.blacklist(*PEOPLE[:4])
        mailing = self.plan()
        self.work(4)
        history = self.job_of(mailing)[0]
        history.with_user(self.user_marketing).action_stop()
        self.assertEqual((history.kind, history.state), ("history", "running"))

    def test_nobody_in_the_audience(self):
        self.people.member_ids.person_id.action_suppress()
        empty = self.env["marketing.segment"].create(
            {"name": "Nobody", "kind": "static", "res_model": "res.partner"}
        )
        mailing = self.make_mailing(empty)
        with patch.object(type(mailing), "_is_large", lambda _mailing: True):
            self.launch(mailing)
        self.work()
        self.assertEqual(mailing.state, "draft")
        self.assertEqual(self.job_of(mailing).state, "failed")
        self.assertIn("Nobody is in the audience", self.job_of(mailing).error)
        self.assertIn("Nobody is in the audience", mailing.message_ids[0].body)

    def test_a_plan_that_breaks_leaves_a_draft_without_a_plan(self):
        mailing = self.plan()
        self.work(2)
        broken = patch.object(
            type(self.env["marketing.delivery"]),
            "_insert_plan",
            side_effect=ZeroDivisionError("ouch"),
        )
        with broken, self.assertLogs(f"{MODELS}.marketing_work", "WARNING"):
            self.work()
        self.assertEqual(mailing.state, "draft")
        self.assertFalse(self.deliveries_of(mailing))
        failed = self.job_of(mailing).filtered("error")
        self.assertEqual((failed.kind, failed.error), ("plan", "ouch"))

    def test_stopping_while_it_is_planned(self):
        mailing = self.plan()
        self.work(2)
        planned = len(self.deliveries_of(mailing))
        mailing.with_user(self.user_marketing).action_marketing_stop()
        self.assertEqual(self.job_of(mailing).state, "stopped")
        self.deliver()
        self.assertEqual(list(self.outcomes(mailing).values()), ["canceled"] * planned)
        self.assertEqual(self.env["marketing.job"]._run_lane(0, 1), (0, 0))

    def test_back_to_draft_and_planned_again(self):
        """The old plan is removed by the worker, and only then is the new one made."""
        mailing = self.plan()
        self.work()
        self.assertEqual(len(self.deliveries_of(mailing)), 7)
        mailing.with_user(self.user_marketing).action_cancel()
        self.assertEqual(mailing.state, "draft")
        self.assertIn("being removed", mailing.marketing_job_text)
        mailing.marketing_segment_ids = self.segment
        self.launch(mailing)
        self.work()
        self.assertEqual(set(self.outcomes(mailing)), {ANA, BEN})
        self.deliver()
        self.assertEqual(set(self.outcomes(mailing).values()), {"sent"})

    def test_two_mailings_take_turns(self):
        first, second = self.plan(), self.plan(subject="Second")
        self.work(4)
        self.assertTrue(self.deliveries_of(first))
        self.assertTrue(self.deliveries_of(second))

    # ------------------------------------------------------------------
    # move
    # ------------------------------------------------------------------

    def test_a_new_hour_for_many_mails(self):
        mailing = self.plan()
        self.work()
        later = NOW + timedelta(hours=5)
        mailing.with_user(self.user_marketing).write({"schedule_date": later})
        self.assertIn("get their new hour", mailing.marketing_job_text or "")
        self.deliver()
        self.assertFalse(self.received(), "nothing leaves at the old hour")
        self.work()
        self.assertEqual(set(self.deliveries_of(mailing).mapped("due")), {later})
        self.clock.move_to(later)
        self.deliver()
        self.assertEqual(set(self.outcomes(mailing).values()), {"sent"})

    def test_the_hour_is_moved_twice(self):
        mailing = self.plan(marketing_send_time="local", marketing_send_tz="UTC")
        self.work()
        for hours in (5, 3):
            mailing.schedule_date = NOW + timedelta(hours=hours)
        self.work()
        self.assertEqual(
            set(self.deliveries_of(mailing).mapped("due")), {NOW + timedelta(hours=3)}
        )
        moves = self.job_of(mailing).filtered(lambda job: job.kind == "move")
        self.assertEqual(sorted(moves.mapped("state")), ["done", "stopped"])

    def test_a_move_that_breaks_pauses_the_mailing(self):
        mailing = self.plan()
        self.work()
        mailing.schedule_date = NOW
        broken = patch.object(
            type(mailing), "_move_deliveries", side_effect=ZeroDivisionError("ouch")
        )
        with broken, self.assertLogs(f"{MODELS}.marketing_work", "WARNING"):
            self.work()
        self.assertEqual(mailing.marketing_hold, "paused")
        self.deliver()
        self.assertFalse(self.received())

    # ------------------------------------------------------------------
    # figures
    # ------------------------------------------------------------------

    def show(self, action, user=None):
        """What the user opens once the worker is done with what he asked for."""
        self.assertEqual(action["res_model"], "marketing.job")
        job = self.env["marketing.job"].browse(action["res_id"])
        job = job.with_user(user or self.user_marketing)
        self.assertFalse(job.can_show)
        self.work()
        self.assertTrue(job.can_show)
        return job.action_show()

    def test_the_plan_that_is_only_looked_at(self):
        self.env["mail.blacklist"]._add(PEOPLE[0])
        mailing = self.make_mailing(self.people).with_user(self.user_marketing)
        action = self.show(mailing.action_check_audience())
        plan = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(
            (plan.person_count, plan.planned_count, plan.skipped_count), (7, 6, 1)
        )
        plan = plan.with_user(self.user_marketing)
        people = plan.line_ids.filtered(lambda line: line.code == "blacklisted")
        people = people.action_view_people()
        rows = self.env[people["res_model"]].with_user(self.user_marketing)
        self.assertEqual(rows.search(people["domain"]).mapped("email"), PEOPLE[:1])
        self.assertFalse(self.deliveries_of(mailing.sudo()))

    def test_the_estimate(self):
        self.env["res.partner"].search([("email", "in", PEOPLE[:3])]).tz = "Asia/Tokyo"
        self.env.cr.precommit.run()
        self.run_inbox()
        mailing = self.make_mailing(
            self.people, marketing_send_time="local", marketing_send_tz="UTC"
        ).with_user(self.user_marketing)
        action = self.show(mailing.action_estimate_timing())
        lines = self.env[action["res_model"]].with_user(self.user_marketing)
        self.assertEqual(
            [
                (line.zone, line.due, line.persons)
                for line in lines.search(action["domain"])
            ],
            [("UTC", NOW, 4), ("Asia/Tokyo", datetime(2026, 3, 5, 1, 0), 3)],
        )

    def test_who_is_capped_tomorrow(self):
        self.make_rule((1, "rolling", 7))
        self.mail(self.segment)
        rules = self.env["marketing.frequency.rule"].with_user(self.user_marketing)
        action = self.show(rules.action_view_capped())
        usage = self.env[action["res_model"]].with_user(self.user_marketing)
        found = usage.search(action["domain"])
        self.assertEqual(set(found.person_id.mapped("email_normalized")), {ANA, BEN})

    def test_many_who_are_capped_are_found_part_by_part(self):
        """Each part looks at the same hour, and a look at a person changes nothing."""
        self.make_rule((1, "rolling", 7))
        self.plan()
        self.work()
        self.deliver()
        usage = self.env["marketing.frequency.usage"].with_user(self.user_marketing)
        rules = self.env["marketing.frequency.rule"].with_user(self.user_marketing)
        action = rules.action_view_capped()
        job = self.env["marketing.job"].browse(action["res_id"])
        self.work(1)
        self.assertEqual((job.state, job.part_count), ("running", 3))
        self.clock.tick(timedelta(minutes=5))
        person = self.person_of(PEOPLE[0]).with_user(self.user_marketing)
        looked = person.action_view_frequency()
        self.assertEqual(usage.search(looked["domain"]).person_id, person)
        self.work()
        found = usage.search(job.with_user(self.user_marketing).action_show()["domain"])
        self.assertEqual(
            sorted(found.person_id.mapped("email_normalized")), sorted(PEOPLE)
        )
        self.assertEqual(found.mapped("moment"), [job.date + timedelta(days=1)] * 7)
        self.assertEqual(len(usage.search(looked["domain"])), 1)

    def test_asked_twice_is_answered_once(self):
        mailing = self.make_mailing(self.people).with_user(self.user_marketing)
        for _time in range(2):
            mailing.action_estimate_timing()
        states = self.job_of(mailing.sudo()).mapped("state")
        self.assertEqual(sorted(states), ["running", "stopped"])

    def test_figures_are_of_the_one_who_asked(self):
        mailing = self.make_mailing(self.people)
        other = new_test_user(
            self.env,
            "other_marketer",
            groups="base.group_user,email_marketing_crm.group_marketing_user",
        )
        action = mailing.with_user(self.user_marketing).action_estimate_timing()
        job = self.env["marketing.job"].browse(action["res_id"])
        with self.assertRaises(AccessError):
            job.with_user(other).action_stop()
        self.work()
        with self.assertRaises(UserError):
            job.with_user(other).action_show()
        self.clock.tick(2 * 3600)
        with self.assertRaisesRegex(UserError, "Ask again"):
            job.with_user(self.user_marketing).action_show()

    def test_stopped_by_the_user(self):
        action = (
            self.make_mailing(self.people)
            .with_user(self.user_marketing)
            .action_estimate_timing()
        )
        job = self.env["marketing.job"].browse(action["res_id"])
        job.with_user(self.user_marketing).action_stop()
        self.assertEqual(job.state, "stopped")

    def test_who_may_see_it(self):
        job = self.job_of(self.plan())
        for user in (self.user_marketing, self.user_manager):
            self.assertEqual(
                job.with_user(user).display_name, "Planning the audience: New pumps"
            )
            with self.assertRaises(AccessError):
                job.with_user(user).write({"state": "done"})
            with self.assertRaises(AccessError):
                job.with_user(user).unlink()
        with self.assertRaises(AccessError):
            job.with_user(self.user_employee).read(["kind"])
        foreign = self.env["marketing.job"].create(
            {
                "kind": "capped",
                "user_id": self.env.uid,
                "company_id": self.company_other.id,
                "date": NOW,
            }
        )
        self.assertNotIn(
            foreign, self.env["marketing.job"].with_user(self.user_marketing).search([])
        )

    def test_old_work_is_forgotten(self):
        mailing = self.plan()
        self.work()
        job, running = self.job_of(mailing), self.job_of(self.plan(subject="Next"))
        self.clock.tick(8 * 24 * 3600)
        self.env["marketing.job"]._gc_jobs()
        self.assertFalse(job.exists())
        self.assertTrue(running.exists())
