from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import NOW
from .handoff_common import HandoffCase


@tagged("post_install", "-at_install")
class TestLifecycle(HandoffCase):
    """Where a person stands, and how he came there."""

    def setUp(self):
        super().setUp()
        self.ana = self.person("ana@example.com")
        self.move_model = self.env["marketing.lifecycle.move"]

    def moves_of(self, person):
        return self.move_model.search([("person_id", "=", person.id)], order="id")

    def move(self, code, **values):
        return self.move_model._move_persons(self.ana.ids, code, "Because", **values)

    def test_forward_with_cause_and_date(self):
        self.assertEqual(self.move("lead"), self.ana.ids)
        self.clock.tick(timedelta(days=1))
        self.move("mql")
        first, second = self.moves_of(self.ana)
        self.assertFalse(first.from_stage_id)
        self.assertEqual(second.from_stage_id.code, "lead")
        self.assertEqual(second.to_stage_id.code, "mql")
        self.assertEqual(second.cause, "Because")
        self.assertEqual(second.date, NOW + timedelta(days=1))
        self.assertEqual(self.ana.lifecycle_stage_id.code, "mql")

    def test_never_back_without_being_asked(self):
        self.move("mql")
        self.assertEqual(self.move("lead"), [])
        self.assertEqual(self.move("mql"), [])
        self.assertEqual(self.ana.lifecycle_stage_id.code, "mql")
        self.assertEqual(len(self.moves_of(self.ana)), 1)

    def test_back_with_a_reason(self):
        self.move("mql")
        self.assertEqual(self.move("engaged", backward=True), self.ana.ids)
        self.assertTrue(self.moves_of(self.ana)[-1].is_backward)

    def test_going_back_does_not_go_forward(self):
        self.move("lead")
        self.assertEqual(self.move("engaged", backward=True), [])

    def test_customer_stays_a_customer(self):
        self.move("customer")
        self.assertEqual(self.move("engaged", backward=True), [])

    def test_unknown_stage_is_an_error(self):
        with self.assertRaises(KeyError):
            self.move("evangelist")

    def test_stage_of_a_company_takes_part_in_the_order(self):
        self.env["marketing.lifecycle.stage"].create(
            {"name": "Evangelist", "code": "evangelist", "sequence": 99}
        )
        self.move("customer")
        self.assertEqual(self.move("evangelist"), self.ana.ids)

    def test_code_of_a_stage_never_changes(self):
        with self.assertRaisesRegex(UserError, "Rename the stage instead"):
            self.env.ref("email_marketing_crm.lifecycle_stage_mql").code = "best"

    def test_batch_is_a_constant_number_of_queries(self):
        persons = sum(
            (self.person(f"p{number}@example.com") for number in range(20)),
            self.env["marketing.person"],
        )
        self.move_model._move_persons(persons[:1].ids, "lead", "Because")
        with self.assertQueryCount(1):
            self.move_model._move_persons(persons.ids, "lead", "Because")
        self.assertEqual(
            self.env.ref("email_marketing_crm.lifecycle_stage_lead").person_count, 20
        )

    def test_events_move_a_person_on(self):
        for code, stage in (
            ("sent", "subscriber"),
            ("opened", "subscriber"),
            ("form", "engaged"),
            ("order", "customer"),
            ("sent", "customer"),
        ):
            with self.subTest(code=code):
                self.happened(code, "ana@example.com")
                self.run_inbox()
                self.assertEqual(self.ana.lifecycle_stage_id.code, stage)

    def test_scanner_does_not_engage_anybody(self):
        self.happened("clicked", "ana@example.com", reliability="security_scan")
        self.run_inbox()
        self.assertFalse(self.ana.lifecycle_stage_id)

    def test_lost_lead_takes_back_unless_another_one_runs(self):
        first, second = (
            self.make_lead(
                "ana@example.com", type="opportunity", user_id=self.user_sales.id
            )
            for _number in range(2)
        )
        self.move("opportunity")
        self.clock.tick(60)
        first.action_set_lost()
        self.run_inbox()
        self.assertEqual(self.ana.lifecycle_stage_id.code, "opportunity")
        self.clock.tick(60)
        second.action_set_lost()
        self.run_inbox()
        self.assertEqual(self.ana.lifecycle_stage_id.code, "engaged")
        self.assertEqual(self.moves_of(self.ana)[-1].cause, "Lead lost")

    def test_merged_person_keeps_the_later_stage_and_both_histories(self):
        bo = self.person("bo@example.com", name="Bo")
        self.move("sql")
        self.move_model._move_persons(bo.ids, "lead", "Because")
        self.ana._merge_into(bo)
        self.assertEqual(bo.lifecycle_stage_id.code, "sql")
        self.assertEqual(
            [move.to_stage_id.code for move in self.moves_of(bo)],
            ["sql", "lead", "sql"],
        )

    def test_stage_is_shown_on_contact_and_lead(self):
        lead = self.make_lead("ana@example.com", user_id=self.user_sales.id)
        self.move("mql")
        self.assertEqual(
            lead.with_user(self.user_sales).marketing_lifecycle_stage_id.display_name,
            "Marketing Qualified",
        )

    def test_numbers_open_what_they_count(self):
        self.move("lead")
        stage = self.env.ref("email_marketing_crm.lifecycle_stage_lead")
        action = stage.action_open_persons()
        persons = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(len(persons), stage.person_count)
