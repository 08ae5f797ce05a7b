from datetime import datetime, timedelta

from odoo.tests import tagged
from odoo.tools import SQL

from ..tools.best_hour import choose_slot, get_profile, get_slots
from .common import NOW
from .timing_common import ANA, BEN, TimingCase

#: A Thursday, 09:00.
THURSDAY = datetime(2026, 2, 26, 9, 0)
WEEK = timedelta(weeks=1)


@tagged("post_install", "-at_install")
class TestBestHour(TimingCase):
    """Mails that leave when the person reads them, and the reason for it."""

    def clicks(self, email, date=THURSDAY, count=7, code="clicked", **values):
        values = {"reliability": "human_likely", **values}
        for number in range(count):
            self.happened(code, email, date=date - number * WEEK, **values)

    def learn(self):
        now = datetime.now()
        self.run_inbox()
        self.clock.move_to(now)
        while self.env["marketing.person.rhythm"]._learn_batch():
            self.env.cr.precommit.run()
            stale = self.env["marketing.person.rhythm"].search_count(
                [("is_stale", "=", True)]
            )
            if not stale:
                return

    def rhythm_of(self, email):
        return self.env["marketing.person.rhythm"].search(
            [("person_id", "=", self.person_of(email).id)]
        )

    def plan_best(self, within="day", **values):
        return self.launch(
            self.make_mailing(
                self.segment,
                marketing_send_time="best_hour",
                marketing_best_within=within,
                **values,
            )
        )

    # ------------------------------------------------------------------
    # learning
    # ------------------------------------------------------------------

    def test_the_hour_and_its_reason(self):
        self.clicks(ANA, count=5)
        self.clicks(ANA, THURSDAY - timedelta(hours=1), count=2)
        self.clicks(ANA, THURSDAY + timedelta(days=2, hours=4), count=4)
        self.learn()
        rhythm = self.rhythm_of(ANA)
        self.assertEqual((rhythm.near_hits, rhythm.hits), (7, 11))
        self.assertEqual(
            self.person_of(ANA).with_user(self.user_marketing).rhythm_summary,
            "Thursday 09:00, because 7 of 11 clicks, replies and opens came within an "
            "hour of it",
        )

    def test_by_the_persons_own_clock(self):
        self.ana.tz = "Asia/Tokyo"
        self.clicks(ANA)
        self.learn()
        self.assertEqual(self.rhythm_of(ANA).best_hour, 3 * 24 + 18)

    def test_machines_are_no_readers(self):
        self.clicks(ANA, reliability="security_scan")
        self.clicks(ANA, code="opened", reliability="machine_open")
        self.clicks(ANA, code="replied", reliability="machine_open")
        self.learn()
        self.assertFalse(self.rhythm_of(ANA))
        self.clicks(ANA, THURSDAY + timedelta(hours=3))
        self.learn()
        self.assertEqual(self.rhythm_of(ANA).best_hour, 3 * 24 + 12)

    def test_too_little_is_known(self):
        self.clicks(ANA, count=4)
        self.learn()
        self.assertFalse(self.person_of(ANA).rhythm_summary)

    def test_learning_step_by_step_is_learning_at_once(self):
        for number in range(8):
            self.clicks(ANA, THURSDAY - timedelta(hours=17 * number), count=1)
            self.learn()
        stepwise = self.hours_of(ANA)
        self.env.cr.execute("DELETE FROM marketing_person_rhythm")
        self.env["marketing.person.rhythm"]._mark_stale(self.person_of(ANA).ids)
        self.learn()
        self.assertEqual(self.hours_of(ANA), stepwise)

    def hours_of(self, email):
        rows = self.env.execute_query(
            SQL(
                "SELECT hours FROM marketing_person_rhythm WHERE person_id = %s",
                self.person_of(email).id,
            )
        )
        return rows[0][0] if rows else None

    def test_the_profile_is_that_of_the_log(self):
        self.clicks(ANA)
        self.learn()
        hits = self.env["marketing.person.rhythm"]._get_hits(self.person_of(ANA).ids)
        self.assertEqual(self.hours_of(ANA), get_profile(hits[self.person_of(ANA).id]))

    def test_what_is_old_counts_no_more(self):
        self.clicks(ANA)
        self.learn()
        self.clock.move_to(NOW + timedelta(days=300))
        self.env["marketing.person.rhythm"]._learn_batch()
        self.assertFalse(self.rhythm_of(ANA))

    def test_merged_persons_have_one_rhythm(self):
        self.clicks(ANA)
        self.learn()
        ana, ben = self.person_of(ANA), self.person_of(BEN)
        self.ana.marketing_person_id = False
        ana._merge_into(ben)
        self.learn()
        self.assertFalse(self.rhythm_of(ANA))
        self.assertEqual(self.rhythm_of(BEN).hits, 7)

    # ------------------------------------------------------------------
    # planning
    # ------------------------------------------------------------------

    def test_a_mail_leaves_at_the_best_hour(self):
        self.clicks(ANA)
        self.learn()
        mailing = self.plan_best()
        self.assertEqual(self.wait(mailing), ("best_hour", datetime(2026, 3, 5, 9, 0)))
        note = self.delivery_of(mailing).with_user(self.user_marketing).timing_note
        self.assertIn("Thursday", note)
        self.assertIn("7 of 7", note)
        self.clock.move_to(datetime(2026, 3, 5, 8, 59))
        self.deliver()
        self.assertEqual(self.outcome(mailing), "planned")
        self.clock.move_to(datetime(2026, 3, 5, 9, 0))
        self.deliver()
        self.assertEqual(self.outcome(mailing), "sent")

    def test_within_a_day_or_a_week(self):
        self.clicks(ANA, THURSDAY + timedelta(days=3))  # Sundays
        self.learn()
        self.assertEqual(
            self.wait(self.plan_best("week"))[1], datetime(2026, 3, 8, 9, 0)
        )
        within_a_day = self.delivery_of(self.plan_best("day", subject="Soon"))
        self.assertLess(within_a_day.due, NOW + timedelta(days=1))

    def test_who_is_not_known_follows_the_readers_of_the_mailing(self):
        others = [f"reader{number}@pumps.example" for number in range(6)]
        for email in others:
            self.make_partner(email, tz="UTC")
            self.clicks(email, datetime(2026, 2, 25, 15, 0), count=5)
        self.learn()
        segment = self.make_segment(ANA, *others, name="Readers")
        mailing = self.launch(
            self.make_mailing(segment, marketing_send_time="best_hour")
        )
        self.assertEqual(self.wait(mailing), ("best_hour", datetime(2026, 3, 4, 15, 0)))
        self.assertIn("too little", self.delivery_of(mailing).timing_note)

    def test_without_any_evidence_it_leaves_at_once(self):
        self.env.cr.execute("DELETE FROM marketing_person_rhythm")
        mailing = self.plan_best()
        self.deliver()
        self.assertEqual(self.outcome(mailing), "sent")

    def test_never_in_the_quiet_hours(self):
        self.clicks(ANA, THURSDAY + timedelta(hours=14))  # Thursdays at 23:00
        self.learn()
        self.env["marketing.quiet.hours"].create({"hour_from": 21, "hour_to": 8})
        mailing = self.plan_best("week")
        due = self.delivery_of(mailing).due
        self.assertTrue(8 <= due.hour < 21, due)

    def test_transactional_mail_is_never_timed(self):
        self.clicks(ANA)
        self.learn()
        mailing = self.plan_best(marketing_is_transactional=True)
        self.assertEqual(self.delivery_of(mailing).due, NOW)
        self.deliver()
        self.assertEqual(self.outcome(mailing), "sent")

    def test_the_check_knows_who_is_capped_at_his_hour(self):
        """Ana reads tomorrow, when the mail of today still counts; Ben in six days."""
        self.clicks(ANA)
        self.clicks(BEN, THURSDAY + timedelta(days=5))  # Tuesdays
        self.learn()
        self.make_rule((1, "rolling", 2))
        self.mail()
        mailing = self.make_mailing(
            self.segment,
            subject="More",
            marketing_send_time="best_hour",
            marketing_best_within="week",
        )
        mailing.with_user(self.user_marketing).action_check_audience()
        rows = self.env["marketing.delivery.preview"].search(
            [("mailing_id", "=", mailing.id)]
        )
        self.assertEqual(
            {row.email: (row.wait_reason, row.wait_until) for row in rows},
            {
                ANA: ("frequency", NOW + timedelta(days=2)),
                BEN: ("best_hour", datetime(2026, 3, 10, 9, 0)),
            },
        )

    def test_mails_of_journeys(self):
        self.clicks(ANA)
        self.learn()
        mailing = self.make_mailing(
            marketing_kind="journey", marketing_send_time="best_hour"
        )
        self.env["marketing.delivery"]._plan(
            mailing, [(self.person_of(ANA).id, self.ana.id, 1)]
        )
        self.assertEqual(self.wait(mailing), ("best_hour", datetime(2026, 3, 5, 9, 0)))

    def test_the_database_chooses_as_the_formula(self):
        """SQL for a million persons, Python for one: the same hour."""
        rhythms = self.env["marketing.person.rhythm"]
        people = {}
        for number in range(12):
            email = f"reader{number}@pumps.example"
            people[email] = self.make_partner(
                email, tz=("UTC", "Asia/Tokyo", "America/New_York")[number % 3]
            )
            for event in range(4 + number % 4):
                self.clicks(
                    email,
                    THURSDAY - timedelta(hours=number * 31 + event * 5),
                    count=1,
                    code=("clicked", "opened", "replied")[event % 3],
                    reliability="human_confirmed",
                )
        self.learn()
        segment = self.make_segment(*people, name="Readers")
        mailing = self.launch(
            self.make_mailing(
                segment,
                marketing_send_time="best_hour",
                marketing_best_within="week",
            )
        )
        prior = rhythms._get_prior(segment)
        for email in people:
            person = self.person_of(email)
            hits = rhythms._get_hits(person.ids).get(person.id, [])
            profile = get_profile(hits) if len(hits) >= 5 else None
            slots = get_slots(NOW, 168, person._get_zone())
            expected = choose_slot(slots, prior, profile)
            self.assertEqual(self.delivery_of(mailing, email).due, expected.moment)
