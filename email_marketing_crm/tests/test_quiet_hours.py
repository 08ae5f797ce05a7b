from datetime import datetime, timedelta

from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import NOW
from .timing_common import ANA, BEN, TimingCase

#: Wednesday, 22:00 UTC.
EVENING = NOW + timedelta(hours=12)


@tagged("post_install", "-at_install")
class TestQuietHours(TimingCase):
    """When mail leaves, by the clock of each person."""

    @classmethod
    def make_quiet(cls, start=21, stop=8, **values):
        return cls.env["marketing.quiet.hours"].create(
            {"hour_from": start, "hour_to": stop, **values}
        )

    def live_in(self, **zones):
        """Ana and Ben move; the inbox tells their persons."""
        for name, zone in zones.items():
            getattr(self, name).tz = zone
        now = datetime.now()
        self.run_inbox()
        self.clock.move_to(now)

    # ------------------------------------------------------------------
    # quiet hours
    # ------------------------------------------------------------------

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

    # ------------------------------------------------------------------
    # working days
    # ------------------------------------------------------------------

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

    # ------------------------------------------------------------------
    # several reasons
    # ------------------------------------------------------------------

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

    # ------------------------------------------------------------------
    # local time
    # ------------------------------------------------------------------

    def schedule(self, date, user=None, **values):
        user = user or self.user_marketing
        mailing = self.make_mailing(
            self.segment,
            schedule_type="scheduled",
            schedule_date=date,
            marketing_send_time="local",
            **values,
        )
        mailing.with_user(user).action_schedule()
        return mailing

    def test_the_same_hour_everywhere(self):
        self.live_in(ana="Asia/Tokyo", ben="America/New_York")
        # Tuesday 09:00 in Berlin, where it is said
        mailing = self.schedule(
            datetime(2026, 3, 10, 8, 0), marketing_send_tz="Europe/Berlin"
        )
        self.assertEqual(
            self.wait(mailing), ("local_time", datetime(2026, 3, 10, 0, 0))
        )
        self.assertEqual(
            self.wait(mailing, BEN), ("local_time", datetime(2026, 3, 10, 13, 0))
        )
        self.clock.move_to(datetime(2026, 3, 10, 0, 1))
        self.deliver()
        self.assertEqual(self.outcome(mailing), "sent")
        self.assertEqual(self.outcome(mailing, BEN), "planned")
        self.assertIn(mailing.state, ("in_queue", "sending"))
        self.clock.move_to(datetime(2026, 3, 10, 13, 1))
        self.deliver()
        self.send()
        self.assertEqual(self.outcome(mailing, BEN), "sent")
        self.assertEqual(mailing.state, "done")

    def test_whose_hour_is_over_gets_it_the_next_day(self):
        self.live_in(ana="Asia/Tokyo")
        # 11:00 here is over in Tokyo: it is 19:00 there
        mailing = self.schedule(NOW + timedelta(hours=1), marketing_send_tz="UTC")
        self.assertEqual(self.wait(mailing)[1], datetime(2026, 3, 5, 2, 0))
        self.assertEqual(self.delivery_of(mailing, BEN).due, NOW + timedelta(hours=1))

    def test_an_hour_that_does_not_exist(self):
        self.live_in(ana="Europe/Berlin")
        mailing = self.schedule(datetime(2026, 3, 29, 2, 30), marketing_send_tz="UTC")
        self.assertEqual(self.wait(mailing)[1], datetime(2026, 3, 29, 1, 0))

    def test_local_time_obeys_quiet_hours(self):
        self.live_in(ana="Asia/Tokyo")
        self.make_quiet()
        mailing = self.schedule(datetime(2026, 3, 10, 7, 0), marketing_send_tz="UTC")
        self.assertEqual(
            self.wait(mailing), ("quiet_hours", datetime(2026, 3, 9, 23, 0))
        )

    def test_another_hour_moves_everybody(self):
        self.live_in(ana="Asia/Tokyo")
        mailing = self.schedule(datetime(2026, 3, 10, 8, 0), marketing_send_tz="UTC")
        mailing.schedule_date = datetime(2026, 3, 11, 9, 0)
        self.assertEqual(
            self.wait(mailing), ("local_time", datetime(2026, 3, 11, 0, 0))
        )
        self.assertEqual(
            self.delivery_of(mailing, BEN).due, datetime(2026, 3, 11, 9, 0)
        )

    def test_the_zone_of_a_person(self):
        """His own, that of a country with one zone, the company's."""
        germany, usa = self.env.ref("base.de"), self.env.ref("base.us")
        self.assertEqual(germany.marketing_tz, "Europe/Berlin")
        self.assertFalse(usa.marketing_tz)
        for values, expected in (
            ({"tz": "Asia/Tokyo", "country_id": germany.id}, "Asia/Tokyo"),
            ({"tz": False, "country_id": germany.id}, "Europe/Berlin"),
            ({"tz": False, "country_id": usa.id}, "UTC"),
            ({"tz": False, "country_id": False}, "UTC"),
        ):
            self.ana.write(values)
            self.run_inbox()
            self.assertEqual(self.person_of(ANA)._get_zone().key, expected)

    def test_the_clock_of_who_schedules(self):
        self.user_marketing.tz = "Europe/Berlin"
        mailing = (
            self.env["mailing.mailing"]
            .with_user(self.user_marketing)
            .create(
                {
                    "subject": "Local",
                    "mailing_model_id": self.partner_model,
                    "marketing_send_time": "local",
                }
            )
        )
        self.assertEqual(mailing.marketing_send_tz, "Europe/Berlin")

    def test_mails_of_journeys_leave_at_their_hour(self):
        self.live_in(ana="Asia/Tokyo")  # 19:00 there
        mailing = self.make_mailing(
            marketing_kind="journey",
            marketing_send_time="local",
            marketing_send_hour=20.5,
        )
        self.env["marketing.delivery"]._plan(
            mailing,
            [
                (self.person_of(ANA).id, self.ana.id, 1),
                (self.person_of(BEN).id, self.ben.id, 2),
            ],
        )
        self.assertEqual(self.wait(mailing)[1], datetime(2026, 3, 4, 11, 30))
        self.assertEqual(self.wait(mailing, BEN)[1], datetime(2026, 3, 4, 20, 30))

    def test_the_moments_of_a_mailing_are_one_statement(self):
        self.live_in(ana="Asia/Tokyo", ben="America/New_York")
        counts = []
        for send_time in ("at_once", "local"):
            mailing = self.make_mailing(self.segment, marketing_send_time=send_time)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env["marketing.delivery"]._plan_audience(mailing)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2)

    def test_an_estimate_before_anything_is_planned(self):
        self.live_in(ana="Asia/Tokyo")
        mailing = self.make_mailing(self.segment, marketing_send_time="local")
        mailing.marketing_send_tz = "UTC"
        action = mailing.with_user(self.user_marketing).action_estimate_timing()
        lines = (
            self.env["marketing.timing.estimate"]
            .with_user(self.user_marketing)
            .search(action["domain"])
        )
        self.assertEqual(
            [(line.zone, line.due, line.persons) for line in lines],
            [("UTC", NOW, 1), ("Asia/Tokyo", datetime(2026, 3, 5, 1, 0), 1)],
        )
        self.assertFalse(self.deliveries_of(mailing))

    def test_a_segment_says_who_can_be_mailed_later(self):
        """Each person once: a refusal first, then frequency rules, then quiet hours."""
        self.make_quiet()
        self.make_rule((1, "rolling", 7))
        segment = self.segment.with_user(self.user_marketing)

        def figures():
            self.env.invalidate_all()
            outcomes = segment.get_mailing_outcomes()
            return {figure["code"]: figure["count"] for figure in outcomes["figures"]}

        self.assertEqual(figures(), {"mailable": 2})
        self.live_in(ana="Asia/Tokyo")
        self.clock.move_to(NOW + timedelta(hours=4))  # 23:00 in Tokyo
        self.assertEqual(figures(), {"mailable": 1, "later_quiet_hours": 1})
        mailing = self.mail()
        self.assertEqual(self.outcome(mailing, BEN), "sent")
        self.assertEqual(
            figures(), {"mailable": 0, "later_quiet_hours": 1, "later_frequency": 1}
        )
        found = self.env["marketing.person"].search(
            [("segment_outcome", "=", f"{segment.id}:later_frequency")]
        )
        self.assertEqual(found.email_normalized, BEN)
        self.env["mail.blacklist"]._add(BEN)
        self.assertEqual(
            figures(), {"mailable": 0, "later_quiet_hours": 1, "blacklisted": 1}
        )
        labels = {
            figure["code"]: figure["label"]
            for figure in segment.get_mailing_outcomes()["figures"]
        }
        self.assertEqual(
            labels["later_quiet_hours"], "Can be mailed later: Quiet hours"
        )

    def test_a_person_shows_what_he_waits_for(self):
        self.make_quiet()
        self.clock.move_to(EVENING)
        mailing = self.mail()
        person = self.person_of(ANA).with_user(self.user_marketing)
        self.assertEqual(person.waiting_delivery_count, 1)
        action = person.action_view_waiting_deliveries()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(found, self.delivery_of(mailing))
        self.assertEqual(found.timing_note, "Quiet hours")

    def test_the_preview_says_who_gets_it_later(self):
        self.live_in(ana="Asia/Tokyo")
        self.make_quiet()
        mailing = self.make_mailing(
            self.segment,
            schedule_type="scheduled",
            schedule_date=datetime(2026, 3, 10, 18, 0),  # 03:00 in Tokyo
        )
        preview = self.env["marketing.delivery.preview"].with_user(self.user_marketing)
        for send_time, expected in (
            ("at_once", ("quiet_hours", datetime(2026, 3, 10, 23, 0))),
            ("local", ("local_time", datetime(2026, 3, 10, 9, 0))),
        ):
            mailing.write(
                {"marketing_send_time": send_time, "marketing_send_tz": "UTC"}
            )
            mailing.with_user(self.user_marketing).action_check_audience()
            rows = preview.search([("mailing_id", "=", mailing.id)])
            found = {
                row.person_id.email_normalized: (row.wait_reason, row.wait_until)
                for row in rows
            }
            self.assertEqual(found, {ANA: expected, BEN: (False, False)})

    # ------------------------------------------------------------------
    # rights and words
    # ------------------------------------------------------------------

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
