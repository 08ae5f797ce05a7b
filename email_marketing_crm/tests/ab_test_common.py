"""Helpers for A/B tests: forty buyers, two versions, and what comes of them."""

from collections import Counter
from datetime import timedelta
from unittest.mock import patch

from odoo import Command

from .common import NOW
from .common_delivery import DeliveryCase


class AbTestCase(DeliveryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addresses = [f"buyer{number}@example.com" for number in range(40)]
        cls.env["res.partner"].create(
            [
                {"name": f"Buyer {number}", "email": email}
                for number, email in enumerate(cls.addresses)
            ]
        )

    def make_test(self, arms=None, **values):
        """A test of two subjects for half of forty persons."""
        mailing = self.make_mailing(self.make_segment(*self.addresses))
        return self.env["marketing.ab.test"].create(
            {
                "mailing_id": mailing.id,
                "key": "pumps",  # the same versions for the same persons, each time
                "test_percent": 50,
                "minimum": 2,
                "arm_ids": [
                    Command.create(arm) for arm in arms or ({}, {"subject": "Better"})
                ],
                **values,
            }
        )

    def launch(self, test):
        test.mailing_id.action_put_in_queue()
        self.deliver()

    def subjects(self, test):
        """`{subject: number of mails}` that left."""
        return Counter(mail["subject"] for mail in self._mails)

    def people(self, arm):
        return (
            self.env["marketing.delivery"]
            .search([("arm_id", "=", arm.id)])
            .person_id.mapped("email_normalized")
        )

    def react(self, arm, code, count, **values):
        """So many of those who got a version do something."""
        values.setdefault("reliability", "human_likely")
        for email in self.people(arm)[:count]:
            self.happened(code, email, mailing_id=arm.test_id.mailing_id.id, **values)
        self.run_inbox()

    def look(self, test, hours):
        """The cron, so many hours after the start."""
        self.clock.move_to(NOW + timedelta(hours=hours))
        with patch.object(self.env.registry["ir.cron"], "_commit_progress"):
            test._cron_look()
        self.env.invalidate_all()
