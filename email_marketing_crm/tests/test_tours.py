"""What users do, click by click, in a browser."""

from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged

from .tour_common import TourCase

ANA = "ana@pumps.example"


@tagged("post_install", "-at_install")
class TestTours(TourCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = cls.make_user("marketer")
        cls.manager = cls.make_user("marketing_manager", "manager")
        cls.salesperson = new_test_user(
            cls.env, "salesperson", groups="sales_team.group_sale_salesman"
        )
        cls.now = fields.Datetime.now()

    def tell_story(self):
        """Ana got a mail, a scanner and she clicked in it; she asked for a quote."""
        partner = self.env["res.partner"].create({"name": "Ana Pereira", "email": ANA})
        self.lead = self.env["crm.lead"].create(
            {
                "name": "Pumps",
                "type": "lead",
                "email_from": ANA,
                "user_id": self.salesperson.id,
            }
        )
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Spring newsletter",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "body_html": '<p>Hello <t t-out="object.name"/>!</p>',
            }
        )
        link = self.env["link.tracker"].create(
            {"url": "https://pumps.example", "title": "Pumps", "label": "Prices"}
        )
        mail = {
            "mailing_id": mailing.id,
            "res_model": "res.partner",
            "res_id": partner.id,
        }
        click = {**mail, "type": "clicked", "link_id": link.id}
        events = [
            {**mail, "type": "sent", "days": 20},
            {**click, "days": 19, "reliability": "security_scan"},
            {**click, "days": 18, "reliability": "human_likely"},
            {"type": "form", "days": 0, "data": {"title": "Ask for a quote"}},
        ] + [{"type": "activity_done", "days": 2 + day / 10} for day in range(40)]
        self.env["marketing.touchpoint"]._capture(
            [
                event
                | {
                    "email": ANA,
                    "date": self.now - timedelta(days=event.pop("days"), hours=1),
                    "dedup_key": f"tour:{number}",
                }
                for number, event in enumerate(events)
            ]
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.cr.execute("UPDATE marketing_inbox SET due = %s", [self.now])
        self.env["marketing.inbox"]._run_lane(0, 1)
        self.env.flush_all()

    def test_a_marketer_reads_what_a_person_did(self):
        self.tell_story()
        self.start_tour(
            "/odoo/marketing-persons", "marketing_person_timeline", login="marketer"
        )

    def test_a_salesperson_reads_what_his_lead_did(self):
        self.tell_story()
        self.start_tour(
            f"/odoo/crm.lead/{self.lead.id}",
            "marketing_lead_timeline",
            login="salesperson",
        )

    def test_a_manager_looks_after_the_workers(self):
        lanes = self.env["marketing.lane"].search([])
        lanes.write({"last_run": self.now - timedelta(hours=1), "error": False})
        lanes[0].write({"error": "Traceback\nKeyError: 'x'", "error_date": self.now})
        self.start_tour(
            "/odoo/marketing-workers",
            "marketing_health_page",
            login="marketing_manager",
        )
        self.assertFalse(lanes[0].error)
