"""The health page: who sees it, what its buttons do, when it raises the alarm."""

from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import NOW, MarketingCase


@tagged("post_install", "-at_install")
class TestHealthPage(MarketingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["marketing.lane"]._synchronize()
        cls.lanes = cls.env["marketing.lane"].search([])
        cls.lanes.write({"last_run": NOW, "error": False, "error_date": False})
        cls.lanes.cron_id.active = True
        cls.lane = cls.lanes.filtered(lambda lane: lane.kind == "inbox")[:1]

    def test_a_manager_sees_state_and_backlog_of_each_worker(self):
        # Whoever is known from before waits for a look at his address.
        lanes = self.lanes.filtered(lambda lane: lane.kind != "address")
        lanes = lanes.with_user(self.user_manager)
        self.assertEqual(set(lanes.mapped("state")), {"ok"})
        self.assertEqual(sum(lanes.mapped("backlog")), 0)
        self.happened("form", "ana@example.com")
        self.env.cr.precommit.run()
        self.clock.tick(20)
        lanes.invalidate_recordset()
        waiting = lanes.filtered("backlog")
        self.assertEqual(waiting.kind, "inbox")
        self.assertEqual(waiting.oldest_date, NOW)

    def test_a_worker_is_late_when_work_waits_or_it_is_silent(self):
        self.happened("form", "ana@example.com")
        self.env.cr.precommit.run()
        self.clock.tick(timedelta(minutes=11))
        self.lanes.last_run = NOW + timedelta(minutes=11)
        late = self.lanes.filtered(lambda lane: lane.state == "late")
        self.assertEqual(late.mapped("kind"), ["inbox"])
        self.clock.tick(timedelta(minutes=11))
        self.lanes.invalidate_recordset()
        self.assertEqual(set(self.lanes.mapped("state")), {"late"})

    def test_alert_when_no_worker_runs(self):
        model = self.env["marketing.lane"].with_user(self.user_manager)
        self.assertFalse(model.get_health_alert())
        self.clock.tick(timedelta(minutes=11))
        self.assertIn("No worker has run since", model.get_health_alert())
        self.lane.last_run = NOW + timedelta(minutes=11)
        self.assertFalse(model.get_health_alert())
        self.lanes.cron_id.active = False
        self.assertIn("switched off", model.get_health_alert())

    def test_an_error_is_shown_by_its_last_line_until_it_is_cleared(self):
        self.lane.write(
            {
                "error": "Traceback (most recent call last):\n  …\nKeyError: 'x'\n",
                "error_date": NOW,
            }
        )
        lane = self.lane.with_user(self.user_manager)
        self.assertEqual(lane.state, "error")
        self.assertEqual(lane.error_summary, "KeyError: 'x'")
        lane.action_clear_error()
        self.assertFalse(lane.error)

    def test_run_now_asks_the_scheduler(self):
        trigger = self.env["ir.cron.trigger"].sudo()
        trigger.search([("cron_id", "=", self.lane.cron_id.id)]).unlink()
        answer = self.lane.with_user(self.user_manager).action_run_now()
        self.assertEqual(answer["tag"], "display_notification")
        self.assertTrue(trigger.search([("cron_id", "=", self.lane.cron_id.id)]))

    def test_buttons_are_for_managers(self):
        row = self.env["marketing.inbox"].browse(1)
        for user in (self.user_marketing, self.user_sales, self.user_employee):
            for action in (
                self.lane.with_user(user).action_run_now,
                self.lane.with_user(user).action_clear_error,
                self.env["marketing.lane"].with_user(user).get_health_alert,
                row.with_user(user).action_retry,
            ):
                with self.subTest(user=user.login, action=action.__name__):
                    with self.assertRaises(AccessError):
                        action()

    def test_failed_events_are_listed_and_tried_again(self):
        self.happened("form", "ana@example.com")
        self.env.cr.precommit.run()
        rows = self.env["marketing.inbox"].search([])
        self.env.cr.execute(
            "UPDATE marketing_inbox SET attempts = 2, due = %s, error = %s"
            " WHERE id = ANY(%s)",
            [NOW + timedelta(hours=1), "Traceback\nValueError: no", rows.ids],
        )
        self.env.invalidate_all()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_inbox_action"
        )
        self.assertEqual(action["domain"], "[('attempts', '>', 0)]")
        failed = rows.with_user(self.user_manager).search([("attempts", ">", 0)])
        self.assertEqual(failed, rows)
        self.assertEqual(set(failed.mapped("error_summary")), {"ValueError: no"})
        self.assertEqual(failed.person.email_normalized, "ana@example.com")
        failed.action_retry()
        self.assertLess(max(failed.mapped("due")), NOW)
        self.run_inbox()
        self.assertFalse(rows.exists())

    def test_number_of_workers_is_a_setting(self):
        settings = self.env["res.config.settings"].create({"marketing_lanes": 3})
        settings.set_values()
        lanes = self.env["marketing.lane"].search([("kind", "=", "inbox")])
        self.assertEqual(lanes.mapped("number"), [0, 1, 2])
