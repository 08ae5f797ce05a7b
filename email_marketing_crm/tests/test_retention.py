from datetime import datetime, timedelta

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..models import marketing_retention
from .common import NOW
from .common_delivery import DeliveryCase
from .score_common import ScoreCase

OLD = NOW - timedelta(days=3 * 365)


class RetentionCase:
    """Verbs for what happens at night."""

    def delete_old(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                "email_marketing_crm.ir_cron_retention"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def keep(self, **months):
        settings = self.env["res.config.settings"].create(
            {f"marketing_keep_{kind}": number for kind, number in months.items()}
        )
        settings.execute()

    def get_type(self, code):
        types = self.env["marketing.touchpoint.type"]
        return types.browse(types._get_id(code))


@tagged("post_install", "-at_install")
class TestRetention(RetentionCase, DeliveryCase):
    """What is too old goes, and the figures made of it stay."""

    def test_old_events_go_and_young_ones_stay(self):
        self.happened("form", "ana@example.com", date=OLD)
        self.happened("form", "ana@example.com")
        self.run_inbox()
        self.delete_old()
        self.assertEqual(self.touchpoints_of("ana@example.com", "form"), ["form"])

    def test_figures_of_deleted_days_stay(self):
        self.get_type("form").is_kept = False
        before = self.env["marketing.touchpoint.daily"].search([])
        for email in ("ana@example.com", "ana@example.com", "bo@example.com"):
            self.happened("form", email, date=OLD, value=10.5)
        self.happened("form", "ana@example.com", date=OLD + timedelta(days=1))
        self.run_inbox()
        self.patch(marketing_retention, "PERSON_BATCH", 1)
        self.delete_old()
        days = self.env["marketing.touchpoint.daily"].search([]) - before
        self.assertEqual(
            [(day.date, day.count, day.person_count, day.value) for day in days],
            [
                (OLD.date() + timedelta(days=1), 1, 1, 0.0),
                (OLD.date(), 3, 2, 31.5),
            ],
        )
        self.assertEqual(days.type_id, self.get_type("form"))

    def test_what_is_deleted_later_is_added_to_its_day(self):
        for _night in range(2):
            self.happened("form", "ana@example.com", date=OLD, value=2)
            self.run_inbox()
            self.delete_old()
        day = self.env["marketing.touchpoint.daily"].search([("date", "=", OLD)])
        self.assertEqual((len(day), day.count, day.value), (1, 2, 4.0))

    def test_events_that_must_be_provable_stay(self):
        self.get_type("order").is_kept = True
        self.happened("order", "ana@example.com", date=OLD, value=100)
        self.run_inbox()
        self.delete_old()
        self.assertEqual(self.touchpoints_of("ana@example.com", "order"), ["order"])

    def test_zero_keeps_for_ever_and_is_remembered(self):
        self.keep(touchpoints=0, deliveries=12, journeys=12, errors=1)
        self.happened("form", "ana@example.com", date=OLD)
        self.run_inbox()
        self.delete_old()
        self.assertEqual(self.touchpoints_of("ana@example.com", "form"), ["form"])
        values = self.env["res.config.settings"].get_values()
        self.assertEqual(values["marketing_keep_touchpoints"], 0)
        self.assertEqual(values["marketing_keep_deliveries"], 12)
        with self.assertRaises(ValidationError):
            self.keep(touchpoints=-1)

    def test_who_waits_in_the_inbox_is_left_for_the_next_night(self):
        self.happened("form", "ana@example.com", date=OLD)
        self.env.cr.precommit.run()
        self.delete_old()
        self.assertEqual(self.touchpoints_of("ana@example.com", "form"), ["form"])

    def test_dates_of_engagement_survive_a_rebuild(self):
        self.happened(
            "clicked", "ana@example.com", date=OLD, reliability="human_likely"
        )
        self.run_inbox()
        self.delete_old()
        person = self.person_of("ana@example.com")
        self.env["marketing.inbox"]._push(person.ids, "rebuild")
        self.run_inbox()
        person.invalidate_recordset()
        self.assertEqual(person.last_click_date, OLD)
        self.assertEqual(person.last_engagement_date, OLD)

    def test_figures_of_a_mailing_survive_its_rows(self):
        self.clock.move_to(OLD)
        for email in ("ana@example.com", "bo@example.com"):
            self.make_partner(email)
        self.env["marketing.suppression"]._suppress(["bo@example.com"], "manual")
        mailing = self.make_mailing(
            self.make_segment("ana@example.com", "bo@example.com")
        )
        mailing.action_put_in_queue()
        self.env["marketing.delivery"]._plan_audience(mailing)
        self.deliver()
        self.assertEqual(mailing.state, "done")
        self.clock.move_to(NOW)
        self.delete_old()
        self.assertFalse(self.deliveries_of(mailing))
        self.assertEqual(
            (mailing.marketing_audience, mailing.marketing_sent),
            (2, 1),
        )
        self.assertEqual(mailing.marketing_skipped, 1)

    def test_a_mailing_that_is_not_over_keeps_its_rows(self):
        self.clock.move_to(OLD)
        self.make_partner("ana@example.com")
        mailing = self.make_mailing(self.make_segment("ana@example.com"))
        mailing.action_put_in_queue()
        self.env["marketing.delivery"]._plan_audience(mailing)
        self.clock.move_to(NOW)
        self.delete_old()
        self.assertTrue(self.deliveries_of(mailing))

    def test_events_that_failed_long_ago_are_given_up(self):
        self.env.cr.execute(
            "INSERT INTO marketing_inbox (person_id, kind, due, attempts, error)"
            " VALUES (1, 'changed', %s, 9, 'It failed'), (1, 'changed', %s, 9, 'It')"
            " RETURNING id",
            [OLD, datetime.now()],
        )
        ids = [row[0] for row in self.env.cr.fetchall()]
        self.delete_old()
        left = self.env["marketing.inbox"].search([("id", "in", ids)])
        self.assertEqual(left.ids, ids[1:])


@tagged("post_install", "-at_install")
class TestScoreRetention(RetentionCase, ScoreCase):
    """No score loses a point because its events were deleted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model.half_life_days = 400
        cls.env["marketing.touchpoint.type"].search([]).is_kept = False

    def score_of(self, email):
        person = self.person_of(email)
        score = self.env["marketing.score"].search(
            [("person_id", "=", person.id), ("model_id", "=", self.model.id)]
        )
        score.invalidate_recordset()
        return score

    def tell_history(self):
        for days in (900, 899, 850, 20):
            self.happened(
                "clicked",
                "ana@example.com",
                date=NOW - timedelta(days=days),
                reliability="human_likely",
            )
        self.run_inbox()

    def rebuild(self, email):
        self.env["marketing.inbox"]._push(self.person_of(email).ids, "rebuild")
        self.run_inbox()

    def lines_of(self, email):
        return [
            (line.rule_id, round(line.value, 12), line.hits, line.last_date)
            for line in self.score_of(email).line_ids
        ]

    def test_a_rebuild_gives_the_same_score_and_explanation(self):
        self.tell_history()
        value, lines = (
            self.score_of("ana@example.com").value,
            self.lines_of("ana@example.com"),
        )
        self.assertEqual(lines[0][2], 4)
        self.delete_old()
        self.assertEqual(len(self.touchpoints_of("ana@example.com", "clicked")), 1)
        self.rebuild("ana@example.com")
        self.assertAlmostEqual(self.score_of("ana@example.com").value, value, 12)
        self.assertEqual(self.lines_of("ana@example.com"), lines)

    def test_the_next_night_goes_on_from_there(self):
        self.tell_history()
        value = self.score_of("ana@example.com").value
        self.keep(touchpoints=28, deliveries=0, journeys=0, errors=0)
        self.delete_old()
        self.keep(touchpoints=25, deliveries=0, journeys=0, errors=0)
        self.delete_old()
        self.rebuild("ana@example.com")
        self.assertAlmostEqual(self.score_of("ana@example.com").value, value, 12)

    def test_a_rule_that_is_gone_takes_its_points_with_it(self):
        self.tell_history()
        self.delete_old()
        self.click.unlink()
        self.rebuild("ana@example.com")
        self.assertEqual(self.score_of("ana@example.com").value, 0)

    def test_another_half_life_goes_on_from_the_points_there_were(self):
        self.happened(
            "clicked",
            "ana@example.com",
            date=NOW - timedelta(days=800),
            reliability="human_likely",
        )
        self.run_inbox()
        self.delete_old()
        self.model.half_life_days = 800
        self.rebuild("ana@example.com")
        score = self.score_of("ana@example.com")
        clock = score._get_clock()
        self.assertAlmostEqual(
            clock.points(score.value, NOW), self.click.points / 2, places=2
        )

    def test_merged_persons_bring_what_was_deleted_of_both(self):
        for email in ("ana@example.com", "a.pereira@example.com"):
            self.make_partner(email)
            self.happened(
                "clicked",
                email,
                date=NOW - timedelta(days=900),
                reliability="human_likely",
            )
        self.run_inbox()
        value = self.score_of("ana@example.com").value
        self.delete_old()
        self.person_of("a.pereira@example.com")._merge_into(
            self.person_of("ana@example.com")
        )
        self.rebuild("ana@example.com")
        self.assertAlmostEqual(self.score_of("ana@example.com").value, 2 * value, 12)
        self.assertEqual(self.lines_of("ana@example.com")[0][2], 2)
