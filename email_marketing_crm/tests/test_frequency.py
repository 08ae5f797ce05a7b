from datetime import datetime, timedelta

from odoo.tests import tagged
from odoo.tools import SQL

from .common import NOW
from .timing_common import ANA, BEN, TimingCase

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestFrequencyCap(TimingCase):
    """Who gets no more mail for now, until when, and who gets none at all."""

    # ------------------------------------------------------------------
    # the calendar of limits
    # ------------------------------------------------------------------

    def test_when_the_next_mail_fits(self):
        """Mails so many days ago; what one more mail, due now, has to wait for."""
        monday = datetime(2026, 3, 9, 10, 0)
        for windows, days_ago, expected in (
            # NOW is Wednesday, 10:00
            ([(1, "day")], [0.1], NOW + DAY),
            ([(1, "day")], [0.5], None),  # that was yesterday evening
            ([(3, "week")], [0.1, 1, 2], monday),
            ([(3, "week")], [0.1, 1, 2.5], None),  # that was Sunday
            ([(3, "rolling", 7)], [1, 2, 3], NOW + 4 * DAY),
            ([(3, "rolling", 7)], [1, 2, 3, 4], NOW + 4 * DAY),
            ([(3, "rolling", 7)], [1, 2, 7], None),
            ([(5, "month")], [0.1, 0.2, 1, 2, 3], datetime(2026, 4, 1, 10, 0)),
            # several at once: the last one that becomes free
            ([(1, "day"), (3, "week")], [0.1, 1, 2], monday),
            ([(1, "day"), (3, "week")], [0.1], NOW + DAY),
            ([(1, "day"), (2, "rolling", 5)], [0.1, 1], NOW + 4 * DAY),
        ):
            with self.subTest(windows=windows, days_ago=days_ago):
                self.make_rule(*windows, delay_days=60)
                for days in days_ago:
                    self.happened("sent", ANA, date=NOW - days * DAY)
                self.env.cr.precommit.run()
                mailing = self.mail()
                if expected is None:
                    self.assertEqual(self.outcome(mailing), "sent")
                else:
                    self.assertEqual(self.wait(mailing), ("frequency", expected))
                ben = self.delivery_of(mailing, BEN)
                self.assertEqual(
                    ben.state, "sent", (ben.wait_reason, ben.due, ben.error)
                )
                self.env.cr.execute("DELETE FROM marketing_delivery")
                self.env.cr.execute("DELETE FROM marketing_touchpoint")
                self.env["marketing.frequency.rule"].search([]).active = False

    def test_the_fourth_mail_of_three_a_week_leaves_on_monday(self):
        """However many mails wait with it, none is queued behind the others."""
        self.make_rule((3, "week"), delay_days=21)
        sent = [self.mail(subject=f"Pumps {number}") for number in range(3)]
        self.assertEqual([self.outcome(mailing) for mailing in sent], ["sent"] * 3)
        late = [self.mail(subject=f"Valves {number}") for number in range(3)]
        monday = datetime(2026, 3, 9, 10, 0)
        for mailing in late:
            self.assertEqual(self.wait(mailing), ("frequency", monday))
        self.clock.move_to(monday + timedelta(minutes=1))
        self.deliver()
        self.assertEqual([self.outcome(mailing) for mailing in late], ["sent"] * 3)

    def test_days_and_weeks_are_those_where_the_person_lives(self):
        self.ana.tz = "Pacific/Auckland"  # Wednesday, 23:00
        self.run_inbox()
        self.clock.move_to(NOW)
        self.make_rule((1, "day"))
        self.mail()
        self.clock.move_to(NOW + timedelta(hours=2))  # Thursday there
        mailing = self.mail(subject="More pumps")
        self.assertEqual(self.outcome(mailing), "sent")
        self.assertEqual(self.wait(mailing, BEN)[0], "frequency")

    def test_a_limit_never_lets_a_mail_too_many_through(self):
        self.make_rule((2, "rolling", 3), (4, "week"), delay_days=30)
        for number in range(8):
            self.launch(self.make_mailing(self.segment, subject=f"Mail {number}"))
        for hour in range(0, 24 * 14, 7):
            self.clock.move_to(NOW + timedelta(hours=hour))
            self.deliver()
        sent = sorted(
            self.env["marketing.delivery"]
            .search([("state", "=", "sent"), ("email", "=", ANA)])
            .mapped("sent_date")
        )
        self.assertEqual(len(sent), 8)
        for position, date in enumerate(sent):
            within = [one for one in sent[: position + 1] if one > date - 3 * DAY]
            self.assertLessEqual(len(within), 2)
            week = date.isocalendar()[:2]
            same = [one for one in sent if one.isocalendar()[:2] == week]
            self.assertLessEqual(len(same), 4)

    # ------------------------------------------------------------------
    # who takes the last place
    # ------------------------------------------------------------------

    def test_of_two_mailings_in_one_minute_one_gets_through(self):
        self.make_rule((1, "day"))
        first = self.launch(self.make_mailing(self.segment))
        second = self.launch(self.make_mailing(self.segment, subject="More pumps"))
        self.compose()
        self.assertEqual(self.outcome(first), "composed")
        self.assertEqual(self.wait(second), ("frequency", NOW + DAY))
        self.send()
        self.assertEqual(self.received().count(ANA), 1)

    def test_the_more_important_mailing_gets_through(self):
        self.make_rule((1, "day"), exempts_high_priority=False)
        low = self.launch(self.make_mailing(self.segment, marketing_priority="0"))
        normal = self.launch(self.make_mailing(self.segment, subject="Normal"))
        high = self.launch(
            self.make_mailing(self.segment, subject="High", marketing_priority="2")
        )
        self.deliver()
        self.assertEqual(self.outcome(high), "sent")
        self.assertEqual(self.wait(normal)[0], "frequency")
        self.assertEqual(self.wait(low)[0], "frequency")

    def test_two_lanes_never_share_a_person(self):
        """Whatever is due to one person is composed one by one, in one lane."""
        self.make_rule((1, "day"))
        mailings = [
            self.launch(self.make_mailing(self.segment, subject=f"Mail {number}"))
            for number in range(3)
        ]
        for number in (1, 0, 1, 0):
            self.env["marketing.delivery"]._run_lane(number, 2)
        for email in (ANA, BEN):
            states = [self.outcome(mailing, email) for mailing in mailings]
            self.assertEqual(states.count("composed"), 1, email)

    def test_two_visits_of_one_mailing_in_one_batch(self):
        self.make_rule((1, "day"))
        mailing = self.make_mailing(marketing_kind="journey")
        person = self.person_of(ANA)
        self.env["marketing.delivery"]._plan(
            mailing, [(person.id, self.ana.id, 1), (person.id, self.ana.id, 2)]
        )
        self.compose()
        states = self.deliveries_of(mailing).sorted("id").mapped("state")
        self.assertEqual(states, ["composed", "planned"])
        self.clock.tick(120)
        self.compose()
        self.assertEqual(
            self.deliveries_of(mailing)[1].due, NOW + DAY + timedelta(minutes=1)
        )

    def test_a_mail_that_has_not_left_yet_takes_the_place_of_today(self):
        """Ready since yesterday, as the mail server is down: it may leave now."""
        self.make_rule((1, "day"))
        first = self.launch(self.make_mailing(self.segment))
        self.compose()
        self.clock.move_to(NOW + DAY)
        second = self.mail_only_composed("More pumps")
        self.assertEqual(self.wait(second), ("frequency", NOW + 2 * DAY))
        self.send()
        self.assertEqual(self.outcome(first), "sent")

    def mail_only_composed(self, subject):
        mailing = self.launch(self.make_mailing(self.segment, subject=subject))
        self.compose()
        return mailing

    def test_a_mail_that_was_stopped_makes_room(self):
        self.make_rule((1, "day"))
        first = self.launch(self.make_mailing(self.segment))
        self.compose()
        self.delivery_of(first).with_user(self.user_marketing).action_cancel()
        second = self.mail(subject="More pumps")
        self.assertEqual(self.outcome(second), "sent")

    # ------------------------------------------------------------------
    # what happens to the rest
    # ------------------------------------------------------------------

    def test_left_out(self):
        self.make_rule((1, "day"), outcome="skip")
        self.mail()
        mailing = self.launch(self.make_mailing(self.segment, subject="More pumps"))
        self.assertEqual(self.outcome(mailing), "frequency_cap")
        self.assertEqual(mailing.marketing_audience, mailing.marketing_skipped)

    def test_left_out_when_it_became_too_much_since_the_plan(self):
        self.make_rule((1, "day"), outcome="skip")
        first = self.launch(self.make_mailing(self.segment))
        second = self.launch(self.make_mailing(self.segment, subject="More pumps"))
        self.assertEqual(self.outcome(second), "planned")
        self.deliver()
        self.assertEqual(self.outcome(first), "sent")
        self.assertEqual(self.outcome(second), "frequency_cap")

    def test_who_would_wait_too_long_is_left_out(self):
        self.make_rule((1, "month"), delay_days=7)
        self.mail()
        mailing = self.mail(subject="More pumps")
        self.assertEqual(self.outcome(mailing), "frequency_cap")

    def test_nobody_waits_for_longer_than_the_rule_says(self):
        """Each time it is due something else came first; then patience is over."""
        self.make_rule((1, "day"), delay_days=3, exempts_high_priority=False)
        self.mail()
        mailing = self.mail(subject="Least important", marketing_priority="0")
        for day in range(1, 6):
            self.assertEqual(self.wait(mailing)[0], "frequency", day)
            self.clock.move_to(NOW + day * DAY)
            self.mail(subject=f"Day {day}", marketing_priority="2")
            if self.outcome(mailing) != "planned":
                break
        self.assertEqual(self.outcome(mailing), "frequency_cap")
        self.assertEqual(day, 3)

    def test_the_strictest_outcome_wins(self):
        self.make_rule((1, "day"), outcome="later")
        self.make_rule((1, "week"), outcome="skip")
        self.mail()
        self.assertEqual(self.outcome(self.mail(subject="More")), "frequency_cap")

    # ------------------------------------------------------------------
    # how it works
    # ------------------------------------------------------------------

    def test_the_ledger_of_a_person_is_read_by_indexes(self):
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        windows = self.make_rule((1, "day"), (5, "month")).window_ids
        deliveries = self.env["marketing.delivery"]
        self.env.cr.execute(
            SQL(
                "EXPLAIN %s",
                deliveries._get_usage(windows, SQL("1"), SQL("''"), NOW),
            )
        )
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        self.assertIn("marketing_delivery_ledger", plan)
        self.assertIn("marketing_touchpoint_person_type_date", plan)

    def test_a_batch_costs_as_many_queries_as_one_mail(self):
        self.make_rule((1, "day"), (3, "week"))
        deliveries = self.env["marketing.delivery"]
        mailing = self.launch(self.make_mailing(self.segment))
        ids = self.deliveries_of(mailing).ids
        self.env.flush_all()
        counts = []
        for part in (ids[:1], ids):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            deliveries._get_frequency_waits(mailing, part)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def test_merged_persons_have_one_ledger(self):
        self.make_rule((1, "day"))
        self.mail()
        ana, ben = self.person_of(ANA), self.person_of(BEN)
        self.ana.marketing_person_id = False
        ana._merge_into(ben)
        mailing = self.mail(self.make_segment(BEN, name="Ben"), subject="More")
        self.assertEqual(self.wait(mailing, BEN)[0], "frequency")
