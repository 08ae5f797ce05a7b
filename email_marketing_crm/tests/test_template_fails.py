"""A template that fails for three of 5000: they are told why, all others get theirs."""

from collections import Counter
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_delivery import DeliveryCase
from .common_smtp import ScriptedServer

PERSONS = 5000
MODELS = "odoo.addons.email_marketing_crm.models."


@tagged("post_install", "-at_install")
class TestTemplateFails(DeliveryCase):
    maximum_runs = 120

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.make_crowd(PERSONS)
        cls.broken = cls.partners[7] | cls.partners[2345] | cls.partners[4999]
        cls.segment = cls.env["marketing.segment"].create(
            {"name": "Many", "kind": "static", "res_model": "res.partner"}
        )
        cls.segment._include_records(cls.partners)
        # The template is fine when it is launched, and is not asked again for that.
        cls.startClassPatcher(
            patch.object(
                type(cls.env["marketing.mailing.check"]),
                "_render_persons",
                lambda _check, _until: True,
            )
        )

    def send_with_failures(self, is_high_volume):
        mailing = self.make_mailing(
            self.segment,
            body_html='<p>Dear <t t-out=\'object.name[0 if object.ref != "bad" else '
            "99]'/></p>",
        )
        mailing.marketing_sender_id.is_high_volume = is_high_volume
        mailing.action_launch()
        self.broken.ref = "bad"
        server = ScriptedServer()
        with (
            server.patched(self.env),
            patch.object(type(self.env["ir.mail_server"]), "_disable_send", bool),
            mute_logger(
                f"{MODELS}marketing_delivery_high_volume",
                f"{MODELS}marketing_delivery_compose",
                "odoo.addons.mail.models.mail_render_mixin",
            ),
        ):
            self.analyze()
            self.compose()
            self.analyze()
            self._run_lane("mail.mail")
        return mailing, server

    def analyze(self):
        """What the server does by itself once a transaction is committed."""
        self.env.flush_all()
        self.env.cr.execute("ANALYZE marketing_delivery, mail_mail, mailing_trace")

    def assert_three_failed(self, mailing, server):
        deliveries = self.deliveries_of(mailing)
        self.assertEqual(
            Counter(deliveries.mapped("state")), {"sent": PERSONS - 3, "failed": 3}
        )
        failed = deliveries.filtered(lambda delivery: delivery.state == "failed")
        self.assertEqual(
            set(failed.mapped("email")), set(self.broken.mapped("email_normalized"))
        )
        for delivery in failed:
            self.assertIn("index out of range", delivery.error)
        taken = Counter(server.addresses)
        self.assertEqual(set(taken.values()), {1}, "Somebody got it twice.")
        self.assertEqual(
            taken.keys(), set((deliveries - failed).mapped("email")), "Mails are lost."
        )
        self.assertEqual(
            Counter((deliveries - failed).trace_id.mapped("trace_status")),
            {"sent": PERSONS - 3},
        )
        self.assertEqual(mailing.state, "done")
        self.assertFalse(
            self.env["mail.mail"].search([("mailing_id", "=", mailing.id)], limit=1)
        )

    def test_standard_lane(self):
        mailing, server = self.send_with_failures(False)
        self.assert_three_failed(mailing, server)
        self.assertFalse(any(self.deliveries_of(mailing).mapped("is_high_volume")))

    def test_high_volume_lane(self):
        mailing, server = self.send_with_failures(True)
        self.assert_three_failed(mailing, server)
        sent = self.deliveries_of(mailing).filtered("is_high_volume")
        self.assertGreater(len(sent), PERSONS - 50, "Few go mail by mail for it.")
