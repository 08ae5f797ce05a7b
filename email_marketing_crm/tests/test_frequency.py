from datetime import datetime, timedelta

from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

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
    # to whom, and which mails
    # ------------------------------------------------------------------

    def test_members_of_a_segment(self):
        self.make_rule((1, "day"), segment_id=self.make_segment(ANA, name="Shy").id)
        self.mail()
        mailing = self.mail(subject="More pumps")
        self.assertEqual(self.wait(mailing)[0], "frequency")
        self.assertEqual(self.outcome(mailing, BEN), "sent")

    def test_bands_of_the_score(self):
        person = self.person_of(ANA)
        model = self.env["marketing.score.model"].search([], limit=1)
        score = self.env["marketing.score"].create(
            {
                "person_id": person.id,
                "model_id": model.id,
                "value": 0,
                "half_life_days": model.half_life_days,
                "grade": "B",
                "update_date": NOW,
            }
        )
        score.value = 60 * score._get_clock().weight(NOW)
        person.score_id = score
        self.assertEqual(score.score, 60)
        person.env["marketing.person"].search(
            [("email_normalized", "=", BEN)]
        ).score_id = False
        for band, ana_waits, ben_waits in (
            ({"score_below": 60}, False, True),
            ({"score_below": 61}, True, True),
            ({"score_from": 60}, True, False),
            ({"score_from": 61}, False, False),
            ({"score_from": 50, "score_below": 70}, True, False),
            ({"grade_from": "B", "grade_to": "C"}, True, False),
            ({"grade_to": "A"}, False, False),
        ):
            with self.subTest(band=band):
                rule = self.make_rule((1, "day"), **band)
                self.mail()
                mailing = self.mail(subject="More pumps")
                waits = [
                    self.outcome(mailing, email) == "planned" for email in (ANA, BEN)
                ]
                self.assertEqual(waits, [ana_waits, ben_waits])
                rule.active = False
                self.env.cr.execute("DELETE FROM marketing_delivery")
                self.env.cr.execute("DELETE FROM marketing_touchpoint")

    def test_a_topic_of_its_own(self):
        self.make_rule((1, "day"), topic_id=self.topic.id)
        for email in (ANA, BEN):
            self.env["marketing.consent"]._set_state(
                self.person_of(email).ids,
                self.topic,
                "in",
                {"source": "form", "legal_basis": "consent"},
            )
        self.mail(subject="No topic")
        first = self.mail(subject="Pumps", marketing_topic_id=self.topic.id)
        self.assertEqual(self.outcome(first), "sent")
        second = self.mail(subject="Pumps again", marketing_topic_id=self.topic.id)
        self.assertEqual(self.wait(second)[0], "frequency")
        self.assertEqual(self.outcome(self.mail(subject="No topic 2")), "sent")

    def test_campaigns_and_journeys_count_together_unless_told_otherwise(self):
        rule = self.make_rule((1, "day"))
        journey = self.make_mailing(marketing_kind="journey")
        person = self.person_of(ANA)
        self.env["marketing.delivery"]._plan(journey, [(person.id, self.ana.id, 1)])
        self.deliver()
        self.assertEqual(self.deliveries_of(journey).state, "sent")
        mailing = self.mail()
        self.assertEqual(self.wait(mailing)[0], "frequency")
        rule.counts_journeys = False
        self.clock.move_to(NOW + DAY)
        self.deliver()
        self.assertEqual(self.outcome(mailing), "sent")
        self.env["marketing.delivery"]._plan(journey, [(person.id, self.ana.id, 2)])
        self.deliver()
        self.assertEqual(self.deliveries_of(journey).mapped("state"), ["sent"] * 2)

    def test_mails_of_odoos_own_queue_count(self):
        self.make_rule((1, "day"))
        self.happened("sent", ANA)
        self.env.cr.precommit.run()
        self.assertEqual(self.wait(self.mail())[0], "frequency")

    def test_high_priority(self):
        rule = self.make_rule((1, "day"))
        self.mail()
        high = {"marketing_priority": "2"}
        self.assertEqual(self.outcome(self.mail(subject="High", **high)), "sent")
        rule.exempts_high_priority = False
        self.assertEqual(self.wait(self.mail(subject="High 2", **high))[0], "frequency")

    def test_transactional_mail_is_neither_held_back_nor_counted(self):
        self.make_rule((1, "day"), exempts_high_priority=False)
        self.person_of(ANA).preferred_frequency = "week"
        for number in range(2):
            mailing = self.mail(
                subject=f"Confirmation {number}", marketing_is_transactional=True
            )
            self.assertEqual(self.outcome(mailing), "sent")
        self.assertEqual(self.outcome(self.mail()), "sent")
        self.assertEqual(
            self.outcome(self.mail(subject="C", marketing_is_transactional=True)),
            "sent",
        )

    def test_the_wish_of_a_person_beats_every_rule(self):
        self.make_rule((5, "day"))
        self.person_of(ANA).preferred_frequency = "week"
        self.mail()
        high = self.mail(subject="More", marketing_priority="2")
        self.assertEqual(self.outcome(high), "frequency")
        self.assertEqual(self.outcome(high, BEN), "sent")

    def test_rules_of_another_company(self):
        self.make_rule((1, "day"), company_id=self.company_other.id)
        self.mail()
        self.assertEqual(self.outcome(self.mail(subject="More")), "sent")

    # ------------------------------------------------------------------
    # salespeople
    # ------------------------------------------------------------------

    def write_by_hand(self, record, **values):
        with self.mock_mail_gateway():
            record.with_user(self.user_sales).message_post(
                body="How are your pumps?",
                subject="Your pumps",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.ana.ids,
                **values,
            )
        self.env.cr.precommit.run()

    def test_a_salespersons_mail_is_an_event_of_the_person(self):
        lead = self.make_lead(ANA, user_id=self.user_sales.id)
        self.write_by_hand(lead)
        self.assertEqual(self.touchpoints_of(ANA, "sales_mail"), ["sales_mail"])
        [event] = self.env["marketing.touchpoint"].search(
            [("type_id.code", "=", "sales_mail")]
        )
        self.assertEqual((event.res_model, event.res_id), ("crm.lead", lead.id))
        self.assertIn("Your pumps", event.description)

    def test_what_is_no_salespersons_mail(self):
        lead = self.make_lead(ANA, user_id=self.user_sales.id)
        lead.with_user(self.user_sales).message_post(body="Call her on Monday")
        with self.mock_mail_gateway():
            lead.message_post(  # the customer writes herself
                body="Hello",
                author_id=self.ana.id,
                message_type="comment",
                partner_ids=self.ben.ids,
                subtype_xmlid="mail.mt_comment",
            )
            lead.message_notify(
                body="Look at this", partner_ids=self.user_sales.partner_id.ids
            )
        self.mail()
        self.assertFalse(self.touchpoints_of(ANA, "sales_mail"))
        self.assertFalse(self.touchpoints_of(BEN, "sales_mail"))

    def test_salespeoples_mails_count_by_their_weight(self):
        self.make_rule((2, "day"), sales_weight=0.5)
        for _mail in range(2):
            self.write_by_hand(self.ana)
        self.assertEqual(self.outcome(self.mail()), "sent")  # 2 × 0.5 + 1 = 2
        self.assertEqual(self.wait(self.mail(subject="More"))[0], "frequency")

    def test_salespeople_are_never_held_back(self):
        self.make_rule((1, "day"), sales_weight=1)
        self.mail()
        self.write_by_hand(self.ana)
        self.assertIn(ANA, [to for mail in self._mails for to in mail["email_to"]][0])

    # ------------------------------------------------------------------
    # what one sees
    # ------------------------------------------------------------------

    def capped(self, user=None):
        usage = self.env["marketing.frequency.usage"].with_user(
            user or self.user_marketing
        )
        rules = self.env["marketing.frequency.rule"].with_user(
            user or self.user_marketing
        )
        action = rules.action_view_capped()
        return usage.search(action["domain"])

    def test_who_is_capped_tomorrow(self):
        self.make_rule((2, "rolling", 7), name="Two in seven days")
        self.mail(self.make_segment(ANA, name="Ana"))
        later = self.make_mailing(
            self.segment,
            subject="Tomorrow morning",
            schedule_type="scheduled",
            schedule_date=NOW + timedelta(hours=20),
        )
        later.with_user(self.user_marketing).action_schedule()
        found = self.capped()
        self.assertEqual(found.person_id.email_normalized, ANA)
        self.assertEqual(found.used, 2)
        self.assertTrue(found.is_full)
        self.assertEqual(found.free_date, NOW + 7 * DAY)
        self.assertEqual(
            found.with_user(self.user_marketing).action_open_person()["res_id"],
            found.person_id.id,
        )
        mails = found.action_view_mails()
        events = self.env[mails["res_model"]].search(mails["domain"])
        self.assertEqual(events.mapped("type_id.code"), ["sent"])

    def test_nobody_is_capped_without_rules(self):
        self.mail()
        self.assertFalse(self.capped())

    def test_the_mails_of_a_person_against_each_rule(self):
        self.make_rule((1, "day"), (3, "week"))
        self.mail()
        person = self.person_of(ANA).with_user(self.user_marketing)
        action = person.action_view_frequency()
        lines = self.env["marketing.frequency.usage"].with_user(self.user_marketing)
        found = {
            line.window_id.unit: (line.used, line.is_full, line.free_date)
            for line in lines.search(action["domain"])
        }
        self.assertEqual(
            found,
            {
                "day": (1, True, datetime(2026, 3, 5)),
                "week": (1, False, False),
            },
        )

    def test_everybody_sees_his_own_look(self):
        self.make_rule((1, "week"))
        self.mail()
        self.assertEqual(len(self.capped()), 2)
        self.assertEqual(len(self.capped(self.user_manager)), 2)
        self.assertEqual(
            self.env["marketing.frequency.usage"]
            .with_user(self.user_marketing)
            .search_count([]),
            2,
        )

    def test_a_rule_in_words(self):
        rule = self.make_rule(
            (1, "day"), (5, "rolling", 30), score_from=50, sales_weight=0.5
        )
        self.assertEqual(
            rule.summary,
            "Score of at least 50: at most 1 a day, 5 within any 30 days. Counted: "
            "campaigns, journeys, salespeople's own mails × 0.5. What is too much "
            "leaves later, at most 7 days; after that it is left out.",
        )

    # ------------------------------------------------------------------
    # what is refused
    # ------------------------------------------------------------------

    def test_a_limit_of_nothing_is_refused(self):
        """In other programs 0 is no limit, or sends nothing; here it cannot be said."""
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            with self.env.cr.savepoint():
                self.make_rule((0, "day"))
        with self.assertRaises(ValidationError):
            self.make_rule()
        with self.assertRaises(ValidationError):
            self.make_rule((1, "day"), counts_campaigns=False, counts_journeys=False)

    def test_who_may_write_rules(self):
        rule = self.make_rule((1, "day"))
        self.assertTrue(rule.with_user(self.user_marketing).summary)
        with self.assertRaises(AccessError):
            rule.with_user(self.user_marketing).write({"name": "Mine"})
        rule.with_user(self.user_manager).write({"name": "Ours"})
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                rule.with_user(user).read(["name"])
        other = self.make_rule((1, "day"), company_id=self.company_other.id)
        self.assertNotIn(
            other,
            self.env["marketing.frequency.rule"]
            .with_user(self.user_marketing)
            .search([]),
        )

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

    def test_the_quick_look_at_everybody_misses_nobody(self):
        """Who is capped is found by a look at all, then by one at some: the same."""
        emails = [f"person{number}@pumps.example" for number in range(12)]
        for number, email in enumerate(emails):
            self.make_partner(
                email, tz=("Pacific/Auckland", "UTC", "America/Los_Angeles")[number % 3]
            )
            for event in range(number % 5):
                self.happened(
                    ("sent", "sales_mail")[event % 2],
                    email,
                    date=NOW - timedelta(hours=9 * event + number * 7),
                )
        self.env.cr.precommit.run()
        windows = (
            self.make_rule((1, "day"), (2, "week"))
            + self.make_rule((2, "rolling", 3), sales_weight=0.5)
        ).window_ids
        usage = self.env["marketing.frequency.usage"]
        found = []
        for person_ids in (
            SQL("SELECT id FROM marketing_person"),
            self.env["marketing.delivery"]._get_nearly_full(windows, NOW, NOW),
        ):
            usage._fill(windows, NOW, SQL("usage.is_full"), person_ids)
            found.append(
                {
                    (row.person_id.id, row.window_id.id, row.used)
                    for row in usage.search([("create_uid", "=", self.env.uid)])
                }
            )
        self.assertEqual(*found)
        self.assertTrue(found[0])

    def test_merged_persons_have_one_ledger(self):
        self.make_rule((1, "day"))
        self.mail()
        ana, ben = self.person_of(ANA), self.person_of(BEN)
        self.ana.marketing_person_id = False
        ana._merge_into(ben)
        mailing = self.mail(self.make_segment(BEN, name="Ben"), subject="More")
        self.assertEqual(self.wait(mailing, BEN)[0], "frequency")

    def test_rules_made_in_the_interface(self):
        rule = (
            self.env["marketing.frequency.rule"]
            .with_user(self.user_manager)
            .create(
                {
                    "name": "Weekly",
                    "window_ids": [Command.create({"limit": 1, "unit": "week"})],
                }
            )
        )
        self.assertEqual(rule.window_ids.summary, "1 a week")
