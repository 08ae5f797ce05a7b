"""At night and on holidays, by the clock of each person, mail waits."""

from datetime import datetime, timedelta

from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import NOW
from .timing_common import ANA, BEN, EVENING, ClockCase


@tagged("post_install", "-at_install")
class TestQuietHours(ClockCase):
    """When mail leaves, by the clock of each person."""

    def test_mail_of_the_evening_leaves_in_the_morning(self):
        self.make_quiet()
        self.clock.move_to(EVENING)
        mailing = self.mail()
        self.assertEqual(
            self.wait(mailing), ("quiet_hours", datetime(2026, 3, 5, 8, 0))
        )
        self.clock.move_to(datetime(2026, 3, 5, 7, 59))
        self.deliver()
        self.assertEqual(self.outcome(mailing), "planned")
        self.clock.move_to(datetime(2026, 3, 5, 8, 0))
        self.deliver()
        self.assertEqual(self.outcome(mailing), "sent")

    def test_each_person_has_his_own_night(self):
        self.make_quiet()
        self.live_in(ana="Asia/Tokyo", ben="America/New_York")
        self.clock.move_to(NOW + timedelta(hours=4))  # 23:00 in Tokyo, 09:00 there
        mailing = self.mail()
        self.assertEqual(self.wait(mailing)[1], datetime(2026, 3, 4, 23, 0))
        self.assertEqual(self.outcome(mailing, BEN), "sent")

    def test_quiet_hours_that_come_after_the_plan(self):
        mailing = self.launch(self.make_mailing(self.segment))
        self.make_quiet()
        self.clock.move_to(EVENING)
        self.deliver()
        self.assertEqual(self.wait(mailing)[0], "quiet_hours")

    def test_what_is_ready_does_not_leave_at_night(self):
        """The mail server was down all evening."""
        self.make_quiet()
        mailing = self.launch(self.make_mailing(self.segment))
        self.compose()
        self.assertEqual(self.outcome(mailing), "composed")
        self.clock.move_to(EVENING)
        self.send()
        self.assertEqual(self.outcome(mailing), "composed")
        self.assertFalse(self.received())
        self.assertEqual(self.delivery_of(mailing).wait_reason, "quiet_hours")
        self.clock.move_to(datetime(2026, 3, 5, 8, 1))
        self.send()
        self.assertEqual(self.outcome(mailing), "sent")

    def test_transactional_mail_leaves_at_any_hour(self):
        self.make_quiet()
        self.clock.move_to(EVENING)
        mailing = self.mail(
            marketing_is_transactional=True, marketing_send_time="best_hour"
        )
        self.assertEqual(self.outcome(mailing), "sent")

    def test_mails_of_journeys_obey(self):
        self.make_quiet()
        self.clock.move_to(EVENING)
        mailing = self.make_mailing(marketing_kind="journey")
        self.env["marketing.delivery"]._plan(
            mailing, [(self.person_of(ANA).id, self.ana.id, 1)]
        )
        self.assertEqual(self.wait(mailing)[0], "quiet_hours")

    def test_the_quiet_hours_of_the_company_come_before_those_of_all(self):
        self.make_quiet(0, 23)
        self.make_quiet(company_id=self.env.company.id)
        self.assertEqual(self.outcome(self.mail()), "sent")
        self.make_quiet(0, 23, company_id=self.company_other.id)
        self.assertEqual(self.outcome(self.mail(subject="More")), "sent")

    def test_the_company_that_sends_has_the_quiet_hours(self):
        """A marketer of two companies is logged in to the other one."""
        self.user_marketing.company_ids = self.env.company | self.company_other
        self.make_quiet(0, 23, company_id=self.company_other.id)
        self.topic.company_id = self.company_other
        mailing = self.make_mailing(self.segment, marketing_topic_id=self.topic.id)
        self.env["marketing.consent"]._set_state(
            (self.person_of(ANA) | self.person_of(BEN)).ids,
            self.topic,
            "in",
            {"source": "page"},
        )
        self.launch(mailing)
        self.assertEqual(self.deliveries_of(mailing).company_id, self.company_other)
        self.deliver()
        self.assertEqual(self.wait(mailing)[0], "quiet_hours")
        ours = self.make_mailing(self.segment, subject="Ours")
        self.launch(ours)
        self.deliver()
        self.assertEqual(self.outcome(ours), "sent")

    def test_the_check_asks_the_company_that_sends(self):
        self.user_marketing.company_ids = self.env.company | self.company_other
        self.make_quiet(0, 23, company_id=self.company_other.id)
        colleague = new_test_user(
            self.env,
            "colleague",
            groups="email_marketing_crm.group_marketing_user",
            company_id=self.company_other.id,
            company_ids=[Command.set(self.company_other.ids)],
        )
        mailing = self.make_mailing(self.segment, user_id=colleague.id)
        action = mailing.with_user(self.user_marketing).action_check_audience()
        plan = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(plan.sudo().line_ids.mapped("code"), ["quiet_hours"])

    def test_one_set_of_quiet_hours_a_company(self):
        self.make_quiet()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.env.cr.savepoint(),
        ):
            self.make_quiet(22, 7)

    def make_calendar(self, *days, **values):
        return self.env["resource.calendar"].create(
            {
                "name": "Office",
                "tz": "UTC",
                "attendance_ids": [
                    Command.create(
                        {
                            "name": "Day",
                            "dayofweek": str(day),
                            "hour_from": 9,
                            "hour_to": 17,
                            "day_period": "morning",
                        }
                    )
                    for day in days
                ],
                **values,
            }
        )

    def test_weekends_and_public_holidays(self):
        calendar = self.make_calendar(0, 1, 2, 3, 4)
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Founders' day",
                "calendar_id": calendar.id,
                "date_from": datetime(2026, 3, 9, 0, 0),
                "date_to": datetime(2026, 3, 9, 23, 59),
            }
        )
        quiet = self.make_quiet(is_working_days_only=True, calendar_id=calendar.id)
        self.clock.move_to(datetime(2026, 3, 7, 12, 0))  # a Saturday
        mailing = self.mail()
        self.assertEqual(self.wait(mailing)[1], datetime(2026, 3, 10, 8, 0))
        quiet.skips_holidays = False
        mailing = self.mail(subject="More")
        self.assertEqual(self.wait(mailing)[1], datetime(2026, 3, 9, 8, 0))
        quiet.is_working_days_only = False
        self.assertEqual(self.outcome(self.mail(subject="Even more")), "sent")

    def test_a_calendar_without_working_days_is_refused(self):
        with self.assertRaises(ValidationError):
            self.make_quiet(
                is_working_days_only=True, calendar_id=self.make_calendar().id
            )

    def test_the_latest_moment_wins_and_its_reason_shows(self):
        rule = self.make_rule((1, "day"))
        self.mail()
        self.make_quiet(9, 12)
        mailing = self.mail(subject="More pumps")
        self.assertEqual(self.delivery_of(mailing).due, datetime(2026, 3, 4, 12, 0))
        self.env["marketing.delivery"].search([("state", "=", "planned")])
        self.env.cr.execute(
            "UPDATE marketing_delivery SET due = %s WHERE state = 'planned'", [NOW]
        )
        self.deliver()
        self.assertEqual(self.wait(mailing), ("frequency", NOW + timedelta(days=1)))
        rule.active = False
        self.env.cr.execute(
            "UPDATE marketing_delivery SET due = %s WHERE state = 'planned'", [NOW]
        )
        self.deliver()
        self.assertEqual(
            self.wait(mailing), ("quiet_hours", datetime(2026, 3, 4, 12, 0))
        )

    def test_in_words(self):
        quiet = self.make_quiet(21.5, 8, is_working_days_only=True)
        self.assertEqual(
            quiet.summary,
            "Marketing mail leaves not from 21:30 to 08:00, on working days, except "
            "public holidays, where the person lives.",
        )

    def test_who_may_write_them(self):
        quiet = self.make_quiet()
        quiet.with_user(self.user_manager).hour_from = 20
        self.assertTrue(quiet.with_user(self.user_marketing).summary)
        with self.assertRaises(AccessError):
            quiet.with_user(self.user_marketing).hour_from = 22
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                quiet.with_user(user).read(["summary"])
