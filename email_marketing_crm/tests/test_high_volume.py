"""The high-volume lane: everybody gets the mail, and what comes back finds it."""

import email
import re
from email import policy
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import marketing_delivery_sessions as sessions
from .volume_common import VolumeCase


@tagged("post_install", "-at_install")
class TestHighVolume(VolumeCase):
    def test_everybody_gets_the_mail_once(self):
        self.deliver()
        self.assertCountEqual(self.smtp.addresses, self.emails_known)
        deliveries = self.deliveries_of(self.mailing)
        self.assertEqual(set(deliveries.mapped("state")), {"sent"})
        self.assertTrue(all(deliveries.mapped("is_high_volume")))
        self.assertEqual(set(deliveries.trace_id.mapped("trace_status")), {"sent"})
        self.assertEqual(
            deliveries.trace_id.mapped("mail_mail_id_int"),
            deliveries.mapped("mail_mail_id_int"),
        )
        self.assertFalse(
            self.env["mail.mail"].search([("mailing_id", "=", self.mailing.id)]),
            "No mail.mail is written.",
        )
        self.assertFalse(self.env["marketing.handover"].search([]))
        self.assertEqual(self.mailing.state, "done")
        self.assertEqual(
            self.env["marketing.touchpoint"].search_count(
                [("mailing_id", "=", self.mailing.id), ("type_id.code", "=", "sent")]
            ),
            len(self.emails_known),
        )

    def test_opens_clicks_replies_and_bounces_find_their_mail(self):
        self.deliver()
        delivery = self.deliveries_of(self.mailing)[0]
        content = dict(self.smtp.taken)[delivery.email]
        message = email.message_from_bytes(content, policy=policy.SMTP)
        html = message.get_body(("html",)).get_content()
        pixel = re.search(r"mail/track/(\d+)/(\w+)/blank.gif", html)
        self.assertEqual(int(pixel[1]), delivery.mail_mail_id_int)
        self.assertEqual(
            pixel[2],
            self.env["mail.mail"]._generate_mail_recipient_token(int(pixel[1])),
        )
        code, trace, key = re.search(r"/r/(\w+)/m/(\d+)\?k=(\w+)", html).groups()
        self.assertEqual(int(trace), delivery.trace_id.id)
        self.assertTrue(delivery.trace_id._is_link_signed(int(trace), key))
        self.env["link.tracker.click"].add_click(
            code, mailing_trace_id=int(trace), ip="10.0.0.1"
        )
        self.assertEqual(delivery.trace_id.trace_status, "open")
        self.assertTrue(delivery.trace_id.links_click_datetime)
        self.assertEqual(str(message["Message-Id"]), delivery.trace_id.message_id)
        reply = (
            f"From: {delivery.email}\r\nTo: news@pumps.example.com\r\nSubject: Re\r\n"
            f"Message-Id: <reply@example.com>\r\n"
            f"In-Reply-To: {delivery.trace_id.message_id}\r\n"
            f"References: {delivery.trace_id.message_id}\r\n\r\nYes, please."
        )
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].message_process("res.partner", reply.encode())
        self.assertEqual(delivery.trace_id.trace_status, "reply")
        other = self.deliveries_of(self.mailing)[1]
        other.trace_id.set_bounced(
            domain=[("message_id", "in", [other.trace_id.message_id])]
        )
        self.assertEqual(other.trace_id.trace_status, "bounce")

    def test_who_opts_out_a_second_before(self):
        """The gates are asked for each group right before it is handed over."""
        victim = self.partners[7]
        begin = type(self.env["marketing.delivery"])._group_safely

        def opt_out(deliveries, *args):
            found = begin(deliveries, *args)
            self.env["mail.blacklist"]._add(victim.email)
            return found

        with patch.object(
            type(self.env["marketing.delivery"]), "_group_safely", opt_out
        ):
            self.deliver()
        self.assertNotIn(victim.email, self.smtp.addresses)
        self.assertEqual(self.outcomes(self.mailing)[victim.email], "blacklisted")

    def test_who_opts_out_while_a_slow_server_takes_others(self):
        """However slow the server is, nobody is asked about long before his mail."""
        victim = self.partners[7]
        blacklist = self.env["mail.blacklist"]

        class Taken(list):
            def append(self, mail):
                self.extend([mail])
                if len(self) == 3:
                    blacklist._add(victim.email)

        self.smtp.taken = Taken()
        with patch.object(sessions, "GROUP_SECONDS", -1):
            self.deliver()
        self.assertEqual(self.outcomes(self.mailing)[victim.email], "blacklisted")
        self.assertCountEqual(
            self.smtp.addresses,
            [email for email in self.emails_known if email != victim.email],
        )

    def test_links_to_preferences_are_looked_up_together(self):
        """Links to preferences are looked up for many recipients at once."""
        self.mailing.body_html = '<p><a href="/marketing/preferences">Choose</a></p>'
        self.mailing.action_launch()
        urls = type(self.env["marketing.person"])._get_preference_urls
        with patch.object(
            type(self.env["marketing.person"]),
            "_get_preference_urls",
            autospec=True,
            side_effect=urls,
        ) as looked_up:
            self.run_lanes()
        self.assertLess(looked_up.call_count, 10)
        tokens = {
            re.search(rb"preferences/([\w.-]+)", content.replace(b"=\r\n", b""))[1]
            for _address, content in self.smtp.taken
        }
        self.assertEqual(len(tokens), len(self.emails_known))

    def test_who_is_not_tracked(self):
        person = self.partners[5].marketing_person_id
        person.is_do_not_track = True
        self.deliver()
        content = dict(self.smtp.taken)["volume5@example.com"]
        self.assertNotIn(b"mail/track", content.replace(b"=\r\n", b""))
