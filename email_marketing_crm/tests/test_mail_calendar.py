"""The calendar of mails: what is planned and sent, how large it is, and moving it."""

import random
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import SQL

from .campaign_common import CampaignCase
from .common import NOW

SOON = "2026-03-10 08:30:00"
#: The month of the tests, as a calendar asks for it.
MONTH = [
    ("date", "<=", "2026-04-05 21:59:59"),
    ("date_stop", ">=", "2026-02-22 23:00:00"),
]


class CalendarCase(CampaignCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What was planned before is not part of the story.
        cls.env.cr.execute(
            "UPDATE mailing_mailing SET schedule_date = NULL, state = 'draft',"
            " marketing_kind = NULL, marketing_approval_state = 'none'"
        )
        cls.env.cr.execute("UPDATE mailing_trace SET mass_mailing_id = NULL")
        cls.env.cr.execute("DELETE FROM marketing_mail_hour")
        cls.env.invalidate_all()
        cls.user_marketing.tz = cls.user_manager.tz = "Asia/Shanghai"

    def entries(self, user=None, domain=()):
        """The month as a marketer sees it."""
        self.env.flush_all()
        self.env.invalidate_all()
        calendar = self.env["marketing.mail.calendar"]
        calendar = calendar.with_user(user or self.user_marketing)
        return calendar.search([*MONTH, *domain])

    def entry_of(self, mailing):
        entry = self.entries(domain=[("mailing_id", "=", mailing.id)])
        self.assertLessEqual(len(entry), 1)
        return entry

    def make_planned(self, segments=None, date=SOON, **values):
        return self.make_mailing(
            self.segment if segments is None else segments,
            schedule_type="scheduled",
            schedule_date=date,
            **values,
        )

    def make_own(self, **values):
        """A mailing that Odoo's own queue sends."""
        return self.make_planned(
            self.segment.browse(),
            mailing_domain=repr([("id", "in", (self.ana + self.bob).ids)]),
            **values,
        )

    def make_automated(self, **values):
        """The mail of a journey."""
        return self.make_mailing(subject="Welcome", marketing_kind="journey", **values)

    def make_traces(self, mailing, count, date, **values):
        return self.env["mailing.trace"].create(
            [
                {
                    "trace_type": "mail",
                    "mass_mailing_id": mailing.id,
                    "model": "res.partner",
                    "res_id": self.ana.id,
                    "email": f"reader{number}@example.com",
                    "sent_datetime": date,
                    **values,
                }
                for number in range(count)
            ]
        )

    def move(self, entry, date, **values):
        """As a marketer drops it somewhere else."""
        entry.with_user(self.user_marketing).write({"date": date, **values})
        self.env.flush_all()
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestMailCalendar(CalendarCase):
    # ------------------------------------------------------------------
    # what is in it
    # ------------------------------------------------------------------

    def test_everything_planned_and_sent_is_there_with_its_state_and_size(self):
        self.segment._refresh()
        draft = self.make_planned(subject="Draft")
        undated = self.make_mailing(self.segment, subject="Some day")
        asked = self.make_mailing(self.segment, subject="Asked")
        asked.with_user(self.user_marketing).action_request_approval()
        scheduled = self.make_planned(subject="Scheduled")
        paused = self.make_planned(subject="Paused")
        checked = self.make_planned(subject="Checked")
        own = self.make_own(subject="Own")
        (scheduled + paused + checked + own).action_put_in_queue()
        paused.action_marketing_pause()
        checked.marketing_hold = "check"
        sent = self.make_mailing(self.segment, subject="Sent")
        sent.action_put_in_queue()
        self.deliver()
        self.env["mailing.mailing"]._update_campaign_states()
        found = {
            entry.mailing_id.subject: (entry.state, entry.display_name)
            for entry in self.entries()
        }
        self.assertEqual(
            found,
            {
                "Draft": ("draft", "Draft (2)"),
                "Asked": ("approval", "Asked (2)"),
                "Scheduled": ("scheduled", "Scheduled (2)"),
                "Paused": ("paused", "Paused (2)"),
                "Checked": ("check", "Checked (2)"),
                "Own": ("scheduled", "Own (2)"),
                "Sent": ("sent", "Sent (2)"),
            },
        )
        self.assertFalse(self.entry_of(undated))
        self.assertEqual(self.entry_of(draft).date, scheduled.schedule_date)
        today = self.entry_of(asked)
        self.assertTrue(today.is_all_day, "It has no hour, and waits for today.")
        self.assertEqual(today.date, NOW.replace(hour=0))

    def test_a_mailing_on_its_way_tells_how_far_it_is(self):
        mailing = self.make_planned(date=NOW)
        mailing.action_put_in_queue()
        self.env.flush_all()
        one = self.deliveries_of(mailing)[0]
        self.env.cr.execute(
            "UPDATE marketing_delivery SET due = due + interval '1 day' WHERE id = %s",
            [one.id],
        )
        self.env.invalidate_all()
        self.deliver()
        mailing._update_campaign_states()
        entry = self.entry_of(mailing)
        self.assertEqual(entry.state, "sending")
        self.assertEqual((entry.sent_count, entry.planned_count), (1, 2))
        self.assertEqual(entry.display_name, "New pumps (1 of 2)")

    def test_a_mailing_that_took_days_is_as_long_as_that(self):
        mailing = self.make_own(state="done", sent_date="2026-03-12 10:40:00")
        self.make_traces(mailing, 3, "2026-03-10 08:31:00")
        self.make_traces(mailing, 2, "2026-03-12 10:12:00")
        entry = self.entry_of(mailing)
        self.assertEqual(str(entry.date), SOON, "The hour it was scheduled for.")
        self.assertEqual(str(entry.date_stop), "2026-03-12 10:40:00")
        self.assertEqual(entry.sent_count, 5)

    def test_what_is_canceled_has_no_size_any_more(self):
        mailing = self.make_planned()
        mailing.action_put_in_queue()
        self.assertEqual(mailing.marketing_planned_count, 2)
        mailing.action_cancel()
        self.assertEqual(mailing.marketing_planned_count, 0)
        self.assertFalse(self.entry_of(mailing))

    def test_mails_of_journeys_are_one_entry_a_day_where_the_user_is(self):
        first, second = self.make_automated(), self.make_automated()
        # 23:30 on the 2nd and 01:00 on the 3rd in Shanghai; half past five in UTC.
        self.make_traces(first, 2, "2026-03-02 15:30:00")
        self.make_traces(first, 3, "2026-03-02 17:00:00")
        self.make_traces(second, 4, "2026-03-02 17:30:00")
        self.env["marketing.delivery"]._plan(
            first,
            [(self.person_of("ana@example.com").id, self.ana.id, 1)],
            due=NOW + timedelta(days=2),
        )
        found = self.entries()
        self.assertEqual(
            [
                (str(entry.date.date()), entry.sent_count, entry.display_name)
                for entry in found
            ],
            [
                ("2026-03-02", 2, "Automated mail (2)"),
                ("2026-03-03", 7, "Automated mail (7)"),
                ("2026-03-06", 0, "Automated mail (1)"),
            ],
        )
        self.assertEqual(set(found.mapped("state")), {"automated"})
        action = found[1].action_open()
        volume = self.env[action["res_model"]].with_user(self.user_marketing)
        lines = volume.search(action["domain"])
        self.assertEqual(sum(lines.mapped("count")), 7)
        self.assertEqual(lines.mailing_id, first + second)

    def test_it_is_searched_for_any_days(self):
        """The range of days saves work and changes nothing."""
        mailing = self.make_automated()
        self.make_traces(mailing, 2, NOW)
        self.make_planned()
        found = self.entries()
        self.assertEqual(len(found), 2)
        calendar = found.browse().with_user(self.user_marketing)
        for domain in (
            [],
            [("date", ">=", "today")],
            ["|", ("date", ">=", NOW.replace(hour=0)), ("state", "=", "draft")],
            ["!", ("date", "<", NOW.replace(hour=0))],
            [("date", ">=", NOW.date()), ("date", "<", SOON.replace(":30", ":31"))],
        ):
            with self.subTest(domain=domain):
                self.assertEqual(calendar.search(domain), found)

    def test_an_entry_opens_its_mailing(self):
        mailing = self.make_planned()
        action = self.entry_of(mailing).action_open()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("mailing.mailing", mailing.id)
        )

    def test_a_day_begins_a_mailing_for_it(self):
        mailings = self.env["mailing.mailing"].with_user(self.user_marketing)
        form = Form(
            mailings.with_context(
                default_calendar_date=SOON, default_mailing_type="mail"
            ),
        )
        form.subject = "Spring"
        form.mailing_model_id = self.env["ir.model"].browse(self.partner_model)
        mailing = form.save()
        self.assertEqual(str(mailing.schedule_date), SOON)
        self.assertEqual(self.entry_of(mailing).state, "draft")

    def test_a_month_reads_no_mail(self):
        """Neither deliveries nor traces; what waits of journeys by partial indexes."""
        mailings = self.make_own(state="done", sent_date=NOW) + self.make_automated()
        self.env.flush_all()
        # In an empty table one index is as good as the other.
        self.env.cr.execute(
            """
            WITH person AS (
                INSERT INTO marketing_person (email_normalized, suppression)
                SELECT 'reader' || n || '@example.com', 'none'
                  FROM generate_series(1, 3000) AS n RETURNING id)
            INSERT INTO marketing_delivery
                   (mailing_id, person_id, visit, state, due, planned_date)
            SELECT mailing_id, person.id, 0, 'sent', now(), now()
              FROM person, unnest(%s::int[]) AS mailing_id;
            ANALYZE marketing_delivery;
            """,
            [mailings.ids],
        )
        calendar = self.env["marketing.mail.calendar"].with_user(self.user_marketing)
        query = calendar._search(MONTH)
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute(SQL("EXPLAIN %s", query.select()))
        plan = "\n".join(line for (line,) in self.env.cr.fetchall())
        self.assertNotIn("mailing_trace", plan)
        self.assertIn("marketing_mail_hour_mailing_hour", plan)
        reads = [line for line in plan.split("\n") if "on marketing_delivery" in line]
        self.assertEqual(len(reads), 2)
        for read in reads:
            self.assertRegex(read, "marketing_delivery_(planned|composed|figures)")

    # ------------------------------------------------------------------
    # another day
    # ------------------------------------------------------------------

    def test_a_scheduled_mailing_is_moved_with_its_mails(self):
        mailing = self.make_planned()
        mailing.action_put_in_queue()
        self.move(self.entry_of(mailing), "2026-03-17 08:30:00")
        later = fields.Datetime.to_datetime("2026-03-17 08:30:00")
        self.assertEqual(mailing.schedule_date, later)
        self.assertEqual(set(self.deliveries_of(mailing).mapped("due")), {later})
        self.assertEqual(mailing.state, "in_queue")
        self.assertEqual(self.entry_of(mailing).date, later)

    def test_a_mailing_of_odoo_s_queue_is_moved(self):
        mailing = self.make_own()
        mailing.action_put_in_queue()
        self.move(self.entry_of(mailing), "2026-03-17 08:30:00")
        self.assertEqual(str(mailing.schedule_date), "2026-03-17 08:30:00")
        self.assertEqual(mailing.state, "in_queue")

    def test_a_draft_is_moved_and_stays_a_draft(self):
        mailing = self.make_planned()
        self.move(self.entry_of(mailing), "2026-03-17 08:30:00")
        self.assertEqual(str(mailing.schedule_date), "2026-03-17 08:30:00")
        self.assertEqual(mailing.state, "draft")

    def test_who_had_no_hour_gets_the_morning(self):
        mailing = self.make_mailing(self.segment)
        mailing.with_user(self.user_marketing).action_request_approval()
        self.move(self.entry_of(mailing), "2026-03-17", is_all_day=True)
        self.assertEqual(
            str(mailing.schedule_date), "2026-03-17 01:00:00", "Nine in Shanghai."
        )
        self.assertEqual(mailing.marketing_approval_state, "requested")

    def test_what_has_left_stays(self):
        sent = self.make_own(state="done", sent_date=NOW)
        sending = self.make_own(state="sending")
        stopped = self.make_planned()
        stopped.action_put_in_queue()
        stopped.action_marketing_stop()
        scheduled = self.make_planned()
        scheduled.action_put_in_queue()
        automated = self.make_automated()
        self.make_traces(automated, 1, NOW)
        [of_journeys] = self.entries(domain=[("state", "=", "automated")])
        for entry, date, reason in (
            (self.entry_of(sent), "2026-03-17 08:30:00", "was sent"),
            (self.entry_of(sending), "2026-03-17 08:30:00", "on its way"),
            (self.entry_of(stopped), "2026-03-17 08:30:00", "was stopped"),
            (self.entry_of(scheduled), "2026-03-02 08:30:00", "that is over"),
            (of_journeys, "2026-03-17 08:30:00", "journeys"),
        ):
            with self.subTest(reason=reason), self.assertRaisesRegex(UserError, reason):
                self.move(entry, date)
        self.assertEqual(str(scheduled.schedule_date), SOON)

    def test_while_its_audience_is_planned_it_stays(self):
        mailing = self.make_planned()
        mailing.action_put_in_queue()
        self.env["marketing.job"]._add("plan", mailing)
        with self.assertRaisesRegex(UserError, "right now"):
            self.move(self.entry_of(mailing), "2026-03-17 08:30:00")

    # ------------------------------------------------------------------
    # who sees it
    # ------------------------------------------------------------------

    def test_each_company_has_its_own_calendar(self):
        here, there = self.make_planned(), self.make_planned(subject="There")
        theirs = self.env["marketing.topic"].create(
            {
                "name": "Theirs",
                "company_id": self.company_other.id,
            }
        )
        there.marketing_topic_id = theirs
        mails = self.make_automated() + self.make_automated(
            marketing_topic_id=theirs.id
        )
        for mailing, count in zip(mails, (1, 5), strict=True):
            self.make_traces(mailing, count, NOW)
        mine = self.entries()
        self.assertEqual(mine.mailing_id, here)
        self.assertEqual(sum(mine.mapped("sent_count")), 1)
        volume = self.env["marketing.mail.volume"].with_user(self.user_marketing)
        self.assertEqual(sum(volume.search([]).mapped("count")), 1)
        foreign = self.env["marketing.mail.calendar"].search(
            [("mailing_id", "=", there.id)]
        )
        with self.assertRaises(AccessError):
            self.move(foreign, "2026-03-17 08:30:00")
        self.user_marketing.company_ids = [Command.link(self.company_other.id)]
        both = self.user_marketing.company_ids.ids
        calendar = self.env["marketing.mail.calendar"].with_user(self.user_marketing)
        found = calendar.with_context(allowed_company_ids=both).search(MONTH)
        self.assertEqual(found.mailing_id, here + there)
        self.assertEqual(sum(found.mapped("sent_count")), 6)

    def test_it_is_for_marketers(self):
        mailing = self.make_planned()
        entry = self.entry_of(mailing)
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                entry.with_user(user).read(["state"])
        with self.assertRaises(AccessError):
            entry.unlink()
        with self.assertRaisesRegex(UserError, "only its day"):
            entry.write({"state": "sent"})


@tagged("post_install", "-at_install")
class TestMailHours(CalendarCase):
    """What left in which hour is counted as mails leave."""

    def hours(self):
        self.env.flush_all()
        return sorted(
            self.env.execute_query(
                SQL(
                    "SELECT mailing_id, hour, sum(mails) FROM marketing_mail_hour"
                    " GROUP BY mailing_id, hour HAVING sum(mails) <> 0"
                )
            )
        )

    def test_whatever_happens_to_traces_the_hours_are_theirs(self):
        draw = random.Random(58)
        mailings = self.make_own() + self.make_automated()
        dates = [NOW + timedelta(minutes=25 * number) for number in range(8)] + [False]
        hours = self.env["marketing.mail.hour"]
        for number in range(8):
            traces = self.make_traces(
                draw.choice(mailings),
                draw.randint(1, 6),
                draw.choice(dates),
                is_test_trace=draw.random() < 0.2,
            )
            traces[::2].write({"trace_status": "open"})
            traces[1::2].sent_datetime = draw.choice(dates)
            traces[:1].mass_mailing_id = draw.choice(mailings)
            self.env.flush_all()
            everybody = self.env["mailing.trace"].search(
                [("mass_mailing_id", "in", mailings.ids)]
            )
            draw.choice(everybody).unlink()
            counted = self.hours()
            if number % 3 == 2:
                hours._roll_up()
                self.assertEqual(self.hours(), counted)
                rows = hours.search([])
                self.assertEqual(len(rows), len(counted))
            self.assertFalse(hours._correct(), "Nothing was miscounted")
        self.assertTrue(counted)

    def test_what_was_miscounted_is_corrected_at_night(self):
        self.make_traces(self.make_own(), 3, NOW)
        counted = self.hours()
        self.env.cr.execute("UPDATE marketing_mail_hour SET mails = 7")
        with self.assertLogs("odoo.addons.email_marketing_crm", "WARNING"):
            self.env["marketing.mailing.count"]._cron_correct()
        self.assertEqual(self.hours(), counted)

    def test_one_off_against_automated(self):
        self.make_traces(self.make_own(), 3, NOW)
        self.make_traces(self.make_automated(), 2, NOW)
        self.make_planned().action_put_in_queue()
        self.env.flush_all()
        volume = self.env["marketing.mail.volume"].with_user(self.user_marketing)
        found = volume._read_group([], ["state", "volume"], ["count:sum"])
        self.assertEqual(
            sorted(found),
            [
                ("sent", "automated", 2),
                ("sent", "one_off", 3),
                ("waiting", "one_off", 2),
            ],
        )
