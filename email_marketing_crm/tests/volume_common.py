"""Helpers for tests of the high-volume lane: a crowd, and a mail server that acts."""

from unittest.mock import patch

from .common_delivery import DeliveryCase
from .common_smtp import ScriptedServer

LOGGER = "odoo.addons.email_marketing_crm.models.marketing_delivery_high_volume"
BODY = """
<div class="o_layout"><p>Dear <t t-out="object.name">friend</t>, how is
<t t-out="object.city">your town</t>?</p>
<p>{text}</p>
<p><a href="https://www.example.com/pumps?a=1&amp;b=2">Pumps</a> and
<a href="https://www.example.com/valves">valves</a>,
<a href="/view">in your browser</a>.</p>
<p><a href="/unsubscribe_from_list">Unsubscribe</a> or
<a href="/marketing/preferences">choose</a></p></div>
"""


class VolumeCase(DeliveryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.emails_known = [f"volume{number}@example.com" for number in range(20)]
        names = ["Ana", "O'Brien & Co", "张三", "Ünal", 'Bo "Bee"', "Dr. Who, MD"]
        cls.partners = cls.env["res.partner"].create(
            [
                {
                    "name": names[number % len(names)],
                    "email": address,
                    "city": "Ghent" if number % 3 else False,
                }
                for number, address in enumerate(cls.emails_known)
            ]
        )
        cls.segment = cls.make_segment(*cls.emails_known)
        cls.mailing = cls.make_volume_mailing()

    def setUp(self):
        super().setUp()
        self.smtp = ScriptedServer()

    @classmethod
    def make_volume_mailing(cls, **values):
        mailing = cls.make_mailing(
            cls.segment, **{"body_html": BODY.format(text="Look: " * 30), **values}
        )
        mailing.marketing_sender_id.is_high_volume = True
        return mailing

    def deliver(self, mailing=None):
        """Run both lanes with the scripted server."""
        (mailing or self.mailing).action_launch()
        self.run_lanes()

    def run_lanes(self):
        with (
            self.smtp.patched(self.env),
            patch.object(type(self.env["ir.mail_server"]), "_disable_send", bool),
        ):
            self.compose()
            self._run_lane("mail.mail")

    def states(self):
        return {
            delivery.email: delivery.state
            for delivery in self.deliveries_of(self.mailing)
        }


class VolumeFaultCase(VolumeCase):
    """Whatever happens on the way: nothing twice, nothing lost."""

    def assert_nothing_twice(self):
        self.assertEqual(len(self.smtp.addresses), len(set(self.smtp.addresses)))
