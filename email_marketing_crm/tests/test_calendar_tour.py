from datetime import timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta

from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestCalendarTour(HttpCase):
    """A marketer looks at what is planned, moves a mailing, and reads what was sent."""

    browser_size = "1600x1200"

    def setUp(self):
        super().setUp()
        self.marketer = new_test_user(
            self.env,
            "calendar_marketer",
            groups="email_marketing_crm.group_marketing_user,base.group_user",
            tz="UTC",
        )

    def make_mailing(self, subject, **values):
        return self.env["mailing.mailing"].create(
            {
                "subject": subject,
                "body_html": "<p>Look</p>",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "email_from": "news@pumps.example.com",
                "reply_to": "news@pumps.example.com",
                "user_id": self.marketer.id,
                **values,
            }
        )

    def make_sent(self, subject, partner):
        sent = self.make_mailing(subject, state="done")
        self.env["mailing.trace"].create(
            {
                "trace_type": "mail",
                "mass_mailing_id": sent.id,
                "model": "res.partner",
                "res_id": partner.id,
                "email": partner.email,
                "sent_datetime": fields.Datetime.now(),
            }
        )

    def test_plan_and_look_back(self):
        partners = self.env["res.partner"].create(
            [
                {"name": name, "email": f"{name}@tour.example.com"}
                for name in ("ana", "bob")
            ]
        )
        segment = self.env["marketing.segment"].create(
            {"name": "Tour buyers", "kind": "static"}
        )
        segment._include_records(partners)
        first = fields.Datetime.now() + relativedelta(
            months=1, day=1, hour=10, minute=0, second=0, microsecond=0
        )
        planned = self.make_mailing(
            "Tour pumps",
            schedule_type="scheduled",
            schedule_date=first,
            marketing_segment_ids=[Command.set(segment.ids)],
        )
        planned.action_put_in_queue()
        self.make_sent("Tour sent", partners[0])
        self.env.flush_all()
        login = "calendar_marketer"
        self.start_tour("/odoo/mail-calendar", "marketing_mail_calendar", login=login)
        self.assertEqual(planned.schedule_date, first + timedelta(days=7))
        deliveries = self.env["marketing.delivery"].search(
            [("mailing_id", "=", planned.id)]
        )
        self.assertEqual(set(deliveries.mapped("due")), {first + timedelta(days=7)})
        self.start_tour("/odoo/mail-volume", "marketing_mail_volume", login=login)

    def test_look_on_a_telephone(self):
        ana = self.env["res.partner"].create(
            {"name": "Ana", "email": "ana@tour.example.com"}
        )
        self.make_sent("Tour sent to all who ever had a pump of ours", ana)
        self.env.flush_all()
        with patch.object(TestCalendarTour, "browser_size", "390x844"):
            self.start_tour(
                "/odoo/mail-calendar",
                "marketing_mail_calendar_telephone",
                login="calendar_marketer",
            )
