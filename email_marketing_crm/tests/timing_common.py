"""Helpers for tests about when mails leave and how many."""

from datetime import datetime, timedelta

from odoo import Command

from .common import NOW
from .common_delivery import DeliveryCase

ANA = "ana@pumps.example"
BEN = "ben@valves.example"
#: Wednesday, 22:00 UTC.
EVENING = NOW + timedelta(hours=12)


class TimingCase(DeliveryCase):
    """Ana and Ben get mailings; both live where the clock shows UTC."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["marketing.frequency.rule"].search([]).active = False
        cls.env["marketing.quiet.hours"].search([]).active = False
        cls.env.company.resource_calendar_id.tz = "UTC"
        cls.ana = cls.make_partner(ANA, tz="UTC")
        cls.ben = cls.make_partner(BEN, "Ben Moss", tz="UTC")
        cls.segment = cls.make_segment(ANA, BEN)
        cls.topic = cls.env["marketing.topic"].create({"name": "Pumps"})

    @classmethod
    def make_rule(cls, *windows, **values):
        """A rule of limits: (3, "week") or (2, "rolling", 10)."""
        return cls.env["marketing.frequency.rule"].create(
            {
                "name": "Not too much",
                "window_ids": [
                    Command.create(
                        dict(zip(("limit", "unit", "days"), window, strict=False))
                    )
                    for window in windows
                ],
                **values,
            }
        )

    def launch(self, mailing):
        mailing.with_user(self.user_marketing).action_launch()
        return mailing

    def mail(self, segments=None, **values):
        """Launch a mailing and let it go as far as it may."""
        mailing = self.launch(self.make_mailing(segments or self.segment, **values))
        self.deliver()
        return mailing

    def delivery_of(self, mailing, email=ANA):
        deliveries = self.deliveries_of(mailing)
        deliveries.invalidate_recordset()
        return deliveries.filtered(
            lambda delivery: delivery.person_id.email_normalized == email
        )

    def outcome(self, mailing, email=ANA):
        return self.outcomes(mailing).get(email)

    def wait(self, mailing, email=ANA):
        """(reason for waiting, moment to look again)"""
        delivery = self.delivery_of(mailing, email)
        self.assertEqual(delivery.state, "planned", delivery.reason)
        return delivery.wait_reason, delivery.due


class ClockCase(TimingCase):
    """Quiet hours, and persons whose clock shows another time."""

    @classmethod
    def make_quiet(cls, start=21, stop=8, **values):
        return cls.env["marketing.quiet.hours"].create(
            {"hour_from": start, "hour_to": stop, **values}
        )

    def live_in(self, **zones):
        """Ana and Ben move; the inbox tells their persons."""
        for name, zone in zones.items():
            getattr(self, name).tz = zone
        now = datetime.now()
        self.run_inbox()
        self.clock.move_to(now)
