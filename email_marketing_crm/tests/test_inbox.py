from unittest.mock import patch

from psycopg2 import errors

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import MarketingCase

INBOX = "odoo.addons.email_marketing_crm.models.marketing_inbox"


@tagged("post_install", "-at_install")
class TestInbox(MarketingCase):
    def failing_consumer(self, *persons):
        """Let one consumer fail for some persons, in the middle of its work."""
        original = type(self.env["marketing.person"])._consume_inbox

        def consume(model, batch):
            original(model, batch)
            if set(batch.person_ids) & {person.id for person in persons}:
                model.env.cr.execute("SELECT 1 / 0")

        return patch.object(
            type(self.env["marketing.person"]), "_consume_inbox", consume
        )

    def test_one_failing_person_does_not_stop_the_others(self):
        emails = [f"person{number}@example.com" for number in range(20)]
        for email in emails:
            self.happened("clicked", email, reliability="human_likely")
        bad = self.person_of("person7@example.com")
        with self.failing_consumer(bad), mute_logger(INBOX, "odoo.sql_db"):
            self.run_inbox()
        dates = [self.person_of(email).last_click_date for email in emails]
        self.assertEqual([number for number, date in enumerate(dates) if not date], [7])
        waiting = self.env["marketing.inbox"].search([])
        self.assertEqual(set(waiting.mapped("person_id")), {bad.id})
        self.assertIn("division by zero", waiting[0].error)

    def test_what_follows_from_an_event_is_handled_in_the_same_run(self):
        clicked = self.env.ref("email_marketing_crm.touchpoint_type_clicked")
        self.env["marketing.segment"].create(
            {"name": "Clicked", "rule_ids": [Command.create({"type_id": clicked.id})]}
        )
        self.make_partner("ana@example.com")
        self.run_inbox()
        self.happened("clicked", "ana@example.com", reliability="human_likely")
        self.env.cr.precommit.run()
        self.clock.tick(15)
        inbox = self.env["marketing.inbox"]
        self.assertEqual(inbox._run_lane(0, 1), (1, 1), "She entered the segment")
        self.assertEqual(inbox._run_lane(0, 1), (1, 0))
        self.assertEqual(inbox._run_lane(0, 1), (0, 0))

    def test_what_failed_is_tried_again_later_and_counted_once(self):
        self.happened("clicked", "ana@example.com", reliability="human_likely")
        ana = self.person_of("ana@example.com")
        with self.failing_consumer(ana), mute_logger(INBOX, "odoo.sql_db"):
            self.run_inbox()
            self.assertFalse(self.env["marketing.inbox"]._run_lane(0, 1)[0])
            self.clock.tick(6 * 60)
            self.run_inbox()
        self.assertEqual(self.env["marketing.inbox"].search([], limit=1).attempts, 2)
        self.clock.tick(3600)
        self.run_inbox()
        self.assertTrue(self.person_of("ana@example.com").last_click_date)
        self.assertFalse(self.env["marketing.inbox"].search([]))

    def test_a_failed_row_can_be_retried_by_hand(self):
        self.happened("clicked", "ana@example.com", reliability="human_likely")
        ana = self.person_of("ana@example.com")
        with self.failing_consumer(ana), mute_logger(INBOX, "odoo.sql_db"):
            self.run_inbox()
        self.env["marketing.inbox"].search([]).action_retry()
        self.run_inbox(settle=False)
        self.assertTrue(self.person_of("ana@example.com").last_click_date)

    def test_lanes_share_the_work_and_never_meet(self):
        for number in range(12):
            self.happened("form", f"person{number}@example.com")
        self.env.cr.precommit.run()
        self.clock.tick(15)
        first = {row[1] for row in self.env["marketing.inbox"]._claim(0, 3)}
        second = {row[1] for row in self.env["marketing.inbox"]._claim(1, 3)}
        third = {row[1] for row in self.env["marketing.inbox"]._claim(2, 3)}
        self.assertEqual(len(first) + len(second) + len(third), 12)
        self.assertFalse(first & second | second & third | first & third)

    def test_a_click_waits_until_a_scanner_would_have_shown_itself(self):
        self.happened("clicked", "ana@example.com", reliability="human_likely")
        self.run_inbox(settle=False)
        self.assertFalse(self.person_of("ana@example.com").last_click_date)
        self.clock.tick(11)
        self.run_inbox(settle=False)
        self.assertTrue(self.person_of("ana@example.com").last_click_date)

    def test_an_event_without_a_usable_address_is_dropped_with_a_warning(self):
        touchpoints = "odoo.addons.email_marketing_crm.models.marketing_touchpoint"
        with self.assertLogs(touchpoints, "WARNING"):
            self.happened("form", "nobody")
            self.env.cr.precommit.run()

    def test_an_unknown_type_is_a_mistake_of_the_caller(self):
        with self.assertRaises(KeyError):
            self.happened("sneezed", "ana@example.com")


@tagged("post_install", "-at_install")
class TestLane(MarketingCase):
    def lane(self, kind="inbox"):
        return self.env["marketing.lane"].search(
            [("kind", "=", kind), ("number", "=", 0)]
        )

    def run_lane(self, lane):
        """Run a lane where nothing can be committed."""
        with (
            patch.object(
                type(self.env["ir.cron"]), "_commit_progress", return_value=1.0
            ) as commit,
            patch.object(self.env.cr, "rollback"),
        ):
            lane._run()
        return commit

    def test_the_setting_decides_how_many_workers_there_are(self):
        lanes = self.env["marketing.lane"].search([])
        single = len(self.env["marketing.lane"]._get_single_kinds())
        shared = len(self.env["marketing.lane"]._get_kinds()) - single
        self.assertEqual(len(lanes), 2 * shared + single)
        self.assertEqual(len(lanes.cron_id), len(lanes))
        settings = self.env["res.config.settings"].create({"marketing_lanes": 3})
        settings.execute()
        lanes = self.env["marketing.lane"].search([])
        self.assertEqual(len(lanes), 3 * shared + single)
        settings = self.env["res.config.settings"].create({"marketing_lanes": 1})
        settings.execute()
        lanes = self.env["marketing.lane"].search([])
        self.assertEqual(len(lanes), shared + single)
        crons = self.env["ir.cron"].with_context(active_test=False)
        self.assertEqual(
            crons.search_count([("model_id.model", "=", "marketing.lane")]), len(lanes)
        )

    def test_the_setting_is_a_number_that_a_server_can_serve(self):
        for number in (-1, 0, 1000):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.env["res.config.settings"].create({"marketing_lanes": number})

    def test_a_run_is_recorded(self):
        self.env["marketing.lane"].search([]).write({"last_run": False})
        lane = self.lane()
        lane.env["ir.config_parameter"].set_param("email_marketing_crm.lanes", "1")
        for number in range(3):
            self.happened("form", f"person{number}@example.com")
        self.env.cr.precommit.run()
        self.assertEqual(lane.backlog, 3)
        commit = self.run_lane(lane)
        lane.invalidate_recordset()
        self.assertEqual(lane.last_processed, commit.call_args.args[0])
        self.assertGreaterEqual(lane.last_processed, 3)
        self.assertEqual(lane.last_run, self.clock())
        self.assertEqual(lane.state, "ok")
        self.assertEqual(lane.backlog, 0)

    def test_an_error_is_shown_until_a_run_succeeds(self):
        lane = self.lane()
        consumer = type(self.env["marketing.inbox"])
        with patch.object(consumer, "_run_lane", side_effect=ValueError("broken")):
            with mute_logger("odoo.addons.email_marketing_crm.models.marketing_lane"):
                self.run_lane(lane)
        lane.invalidate_recordset()
        self.assertEqual(lane.state, "error")
        self.assertIn("broken", lane.error)
        self.run_lane(lane)
        lane.invalidate_recordset()
        self.assertFalse(lane.error)

    def test_a_conflict_with_another_transaction_is_no_error(self):
        lane = self.lane()
        consumer = type(self.env["marketing.inbox"])
        conflict = errors.SerializationFailure("could not serialize access")
        with patch.object(consumer, "_run_lane", side_effect=conflict):
            commit = self.run_lane(lane)
        lane.invalidate_recordset()
        self.assertFalse(lane.error)
        self.assertEqual(commit.call_args.kwargs["remaining"], 1)

    def test_work_that_waits_for_long_is_shown(self):
        self.env["ir.config_parameter"].set_param("email_marketing_crm.lanes", "1")
        self.happened("form", "ana@example.com")
        self.env.cr.precommit.run()
        self.clock.tick(3600)
        lane = self.lane()
        self.assertEqual(lane.state, "late")
        self.assertEqual((self.clock() - lane.oldest_date).total_seconds(), 3600)
