from datetime import timedelta

from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import NOW
from .timing_common import ANA, BEN, TimingCase

DAY = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestFrequencyRule(TimingCase):
    """Whom a limit of mails is for, which mails it counts, and who may set one."""

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

    def test_who_cannot_write_a_rule_reads_it_in_words(self):
        """Without a band the form read “from 0 to below 0 points” to him."""
        rules = self.env["marketing.frequency.rule"]
        for user, is_shown in ((self.user_manager, True), (self.user_marketing, False)):
            arch = rules.with_user(user).get_view(view_type="form")["arch"]
            self.assertIn('name="summary"', arch)
            self.assertEqual('name="score_from"' in arch, is_shown)

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
