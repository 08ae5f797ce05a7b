"""Helpers of tours: what is there to be clicked, and the lanes that work meanwhile."""

from odoo import Command
from odoo.tests import HttpCase, new_test_user

from odoo.addons.mail.tests.common import MockEmail

BODY = "<p>Look at our pumps.</p>"


class TourCase(HttpCase, MockEmail):
    """Somebody clicks in a browser; mails go to a list instead of a mail server."""

    #: Runs of a lane after which nothing is left to do in a tour.
    runs = 5

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Made once here; else the first page of each tour waits for them.
        for name in ("web.assets_web", "web.assets_tests"):
            bundle = cls.env["ir.qweb"]._get_asset_bundle(name)
            bundle.css()
            bundle.js()

    @classmethod
    def make_user(cls, login, group="user", **values):
        """Somebody of marketing: a `user` of it, or a `manager`."""
        return new_test_user(
            cls.env,
            login,
            groups=f"email_marketing_crm.group_marketing_{group},base.group_user",
            email=f"{login}@tour.example.com",
            **values,
        )

    @classmethod
    def clear_deliveries(cls):
        """What waits from before, or holds mails back, is not part of the story."""
        cls.env.cr.execute("DELETE FROM marketing_delivery")
        cls.env.invalidate_all()
        cls.env["marketing.quiet.hours"].search([]).active = False
        cls.env["marketing.frequency.rule"].search([]).active = False

    @classmethod
    def make_segment(cls, partners, name="Tour readers"):
        segment = cls.env["marketing.segment"].create({"name": name, "kind": "static"})
        segment._include_records(partners)
        return segment

    @classmethod
    def make_mailing(cls, segments=None, user=None, **values):
        """A mailing that a user writes."""
        return (
            cls.env["mailing.mailing"]
            .with_user(user or cls.env.user)
            .create(
                {
                    "subject": "New pumps",
                    "body_arch": BODY,
                    "body_html": BODY,
                    "email_from": "news@pumps.example.com",
                    "reply_to": "news@pumps.example.com",
                    "mailing_model_id": cls.env["ir.model"]._get_id("res.partner"),
                    "marketing_segment_ids": segments and [Command.set(segments.ids)],
                    **values,
                }
            )
        )

    def run_lanes(self, *models):
        """Let lanes work, by default those that compose and send mails."""
        with self.mock_mail_gateway(mail_unlink_sent=True):
            for model in models or ("marketing.delivery", "mail.mail"):
                for _run in range(self.runs):
                    self.env[model]._run_lane(0, 1)
                    self.env.flush_all()
                    self.env.cr.precommit.run()
                    self.env.invalidate_all()

    def received(self):
        """Addresses that mails were sent to, in order."""
        return [address for mail in self.emails for address in mail["smtp_to_list"]]
