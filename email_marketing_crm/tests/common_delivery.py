"""Helpers for tests in which mails are planned, composed and sent."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo import Command

from odoo.addons.mail.tests.common import MockEmail

from ..models.ir_mail_server import IrMailServer
from .common import MarketingCase


class DeliveryCase(MarketingCase, MockEmail):
    """A marketer's mailing to a segment, with the mail server replaced by a list."""

    #: Runs of a lane after which it should have come to an end.
    maximum_runs = 50

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner_model = cls.env["ir.model"]._get_id("res.partner")
        # What waits from before is not part of the story.
        cls.env.cr.execute("DELETE FROM marketing_delivery")
        cls.env.cr.execute(
            "UPDATE mail_mail SET state = 'cancel' WHERE state = 'outgoing'"
        )
        cls.env.invalidate_all()

    @classmethod
    def make_segment(cls, *emails, name="Pump buyers", model="res.partner", **values):
        """A static segment of the records that have these addresses."""
        segment = cls.env["marketing.segment"].create(
            {"name": name, "kind": "static", "res_model": model, **values}
        )
        records = cls.env[model].search([("email_normalized", "in", emails)])
        segment._include_records(records)
        return segment

    @classmethod
    def make_mailing(cls, segments=None, **values):
        return cls.env["mailing.mailing"].create(
            {
                "subject": "New pumps",
                "body_html": '<p>Dear <t t-out="object.name"/>, '
                '<a href="https://www.example.com/pumps">look here</a>.</p>',
                "email_from": "Pumps Ltd <news@pumps.example.com>",
                "reply_to": "news@pumps.example.com",
                "mailing_model_id": cls.partner_model,
                "user_id": cls.user_marketing.id,
                "marketing_segment_ids": segments and [Command.set(segments.ids)],
                **values,
            }
        )

    @classmethod
    def make_list_mailing(cls, lists, segments=None, **values):
        """A mailing to the contacts of mailing lists, or to members among them."""
        return cls.make_mailing(
            segments,
            mailing_model_id=cls.env["ir.model"]._get_id("mailing.list"),
            contact_list_ids=[Command.set(lists.ids)],
            **values,
        )

    def compose(self):
        """Run the compose lane until nothing is due."""
        self._run_lane("marketing.delivery")

    def send(self):
        """Run the smtp lane until nothing is ready."""
        with self.mock_mail_gateway(mail_unlink_sent=True), self._note_quick_mails():
            self._run_lane("mail.mail")

    @contextmanager
    def _note_quick_mails(self):
        """Odoo's list of mails misses those that are not built by Odoo's method."""
        build_email = IrMailServer._build_email__

        def note(servers, email_from, email_to, subject, body, **values):
            known = len(self._mails)
            message = build_email(
                servers, email_from, email_to, subject, body, **values
            )
            if len(self._mails) == known:
                self._mails.append(
                    {
                        "email_from": email_from,
                        "email_to": email_to,
                        "subject": subject,
                        "body": body,
                        "EmailMessage": message,
                        **values,
                    }
                )
            return message

        with patch.object(IrMailServer, "_build_email__", note):
            yield

    def deliver(self):
        self.compose()
        self.send()

    def _run_lane(self, model):
        for _run in range(self.maximum_runs):
            processed, remaining = self.env[model]._run_lane(0, 1)
            self.env.flush_all()
            self.env.cr.precommit.run()
            self.env.invalidate_all()
            if not processed or not remaining:
                return
        raise AssertionError(f"The lane of {model} does not come to an end")

    def deliveries_of(self, mailing):
        return self.env["marketing.delivery"].search(
            [("mailing_id", "=", mailing.id)], order="id"
        )

    def outcomes(self, mailing):
        """`{address: state, or the reason of who does not get it}`."""
        return {
            delivery.person_id.email_normalized: delivery.reason or delivery.state
            for delivery in self.deliveries_of(mailing)
        }

    def received(self):
        """Addresses that the mail server took mails for, in order."""
        return [address for mail in self.emails for address in mail["smtp_to_list"]]


class ReadersCase(DeliveryCase):
    """Ana, Ben, Cy and Di, who are in a segment."""

    names = ("ana", "ben", "cy", "di")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.emails = [f"{name}@example.com" for name in cls.names]
        for name, email in zip(cls.names, cls.emails, strict=True):
            cls.make_partner(email, name=name.title())
        cls.segment = cls.make_segment(*cls.emails)
