from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestTimingTour(HttpCase):
    """A manager says how often and when, and sees what that means for persons."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env,
            "marketing_manager",
            groups="base.group_user,email_marketing_crm.group_marketing_manager",
        )
        cls.env["marketing.frequency.rule"].search([]).active = False
        cls.env["marketing.quiet.hours"].search([]).active = False

    def test_a_rule_and_who_is_capped_by_it(self):
        # Nobody else had a mail lately.
        self.env.cr.execute("DELETE FROM marketing_delivery")
        self.env.cr.execute("DELETE FROM marketing_touchpoint")
        ana = self.env["res.partner"].create(
            {"name": "Ana Pereira", "email": "ana@pumps.example"}
        )
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": "sent",
                    "email": "ana@pumps.example",
                    "date": fields.Datetime.now() - timedelta(days=2),
                    "dedup_key": "tour:sent",
                }
            ]
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env["marketing.person.rhythm"].create(
            {
                "person_id": ana.marketing_person_id.id,
                "is_stale": False,
                "best_hour": 3 * 24 + 9,
                "hits": 11,
                "near_hits": 7,
            }
        )
        self.start_tour(
            "/odoo/marketing-frequency",
            "marketing_frequency",
            login="marketing_manager",
        )
        rule = self.env["marketing.frequency.rule"].search([])
        self.assertEqual((rule.outcome, rule.sales_weight), ("skip", 0.5))
        self.assertEqual(
            [(window.limit, window.unit, window.days) for window in rule.window_ids],
            [(1, "rolling", 7), (3, "month", 7)],
        )

    def test_quiet_hours(self):
        self.start_tour(
            "/odoo/marketing-quiet-hours",
            "marketing_quiet_hours",
            login="marketing_manager",
        )
        quiet = self.env["marketing.quiet.hours"].search([])
        self.assertEqual((quiet.hour_from, quiet.hour_to), (22, 7.5))
