"""The high-volume lane: what mail servers say and do."""

import smtplib

from odoo.tests import tagged
from odoo.tools import mute_logger

from .volume_common import VolumeFaultCase


@tagged("post_install", "-at_install")
class TestVolumeServers(VolumeFaultCase):
    def test_recipient_refused_for_good(self):
        self.smtp.recipients["volume3@example.com"] = (550, b"No such user")
        self.deliver()
        found = self.states()
        self.assertEqual(found.pop("volume3@example.com"), "failed")
        self.assertEqual(set(found.values()), {"sent"})
        delivery = self.deliveries_of(self.mailing).filtered(
            lambda one: one.state == "failed"
        )
        self.assertEqual(delivery.error, "550 No such user")
        self.assertEqual(delivery.trace_id.trace_status, "error")
        self.assert_nothing_twice()

    def test_recipient_wanted_later(self):
        self.smtp.recipients["volume3@example.com"] = (451, b"Greylisted")
        self.deliver()
        delivery = self.deliveries_of(self.mailing).filtered(
            lambda one: one.state != "sent"
        )
        self.assertEqual(
            (delivery.email, delivery.state), ("volume3@example.com", "planned")
        )
        self.assertFalse(delivery.trace_id)
        self.smtp.recipients.clear()
        self.run_lanes()
        self.assertEqual(delivery.state, "planned", "not before five minutes")
        self.clock.tick(301)
        self.run_lanes()
        self.assertEqual(delivery.state, "sent")
        self.assertEqual(delivery.attempts, 2)
        self.assert_nothing_twice()
        self.assertEqual(
            self.env["mailing.trace"].search_count(
                [("mass_mailing_id", "=", self.mailing.id)]
            ),
            len(self.emails_known),
        )

    def test_content_refused(self):
        self.smtp.contents["volume3@example.com"] = (554, b"Spam")
        self.smtp.contents["volume4@example.com"] = (452, b"Later")
        self.deliver()
        found = self.states()
        self.assertEqual(found.pop("volume3@example.com"), "failed")
        self.assertEqual(found.pop("volume4@example.com"), "planned")
        self.assertEqual(set(found.values()), {"sent"})

    def test_server_hangs_up_within_the_content(self):
        """One mail is in doubt, the rest waits a while."""
        self.smtp.contents["volume3@example.com"] = smtplib.SMTPServerDisconnected()
        self.deliver()
        found = self.states()
        self.assertEqual(found["volume3@example.com"], "unknown")
        self.assertEqual(list(found.values()).count("unknown"), 1)
        self.assertEqual(
            set(found.values()) - {"unknown", "sent"}, {"planned"}, "others wait"
        )
        self.smtp.contents.clear()
        self.clock.tick(301)
        self.run_lanes()
        found = self.states()
        self.assertEqual(found.pop("volume3@example.com"), "unknown")
        self.assertEqual(set(found.values()), {"sent"})
        self.assert_nothing_twice()

    def test_server_hangs(self):
        self.smtp.contents["volume3@example.com"] = TimeoutError("timed out")
        self.deliver()
        self.assertEqual(self.states()["volume3@example.com"], "unknown")
        self.assert_nothing_twice()

    def test_sessions_are_limited(self):
        """A server that says 421 after some mails is asked again at once."""
        self.smtp.mails_per_session = 6
        self.deliver()
        self.assertEqual(set(self.states().values()), {"sent"})
        self.assert_nothing_twice()
        self.assertGreaterEqual(len(self.smtp.sessions), 4)

    def test_server_is_down_for_a_while(self):
        """Nothing fails because nobody is there, however long."""
        self.smtp.is_down = True
        self.deliver()
        for _try in range(8):
            self.clock.tick(3600)
            self.run_lanes()
        self.assertEqual(set(self.states().values()), {"planned"})
        self.smtp.is_down = False
        self.clock.tick(3600)
        self.run_lanes()
        self.assertEqual(set(self.states().values()), {"sent"})
        self.assert_nothing_twice()

    def test_server_without_pipelining(self):
        self.smtp.extensions = ("size",)
        self.smtp.recipients["volume3@example.com"] = (550, b"No such user")
        self.smtp.recipients["volume4@example.com"] = (451, b"Greylisted")
        self.deliver()
        self.assertEqual(self.states()["volume3@example.com"], "failed")
        self.assertEqual(self.states()["volume4@example.com"], "planned")
        self.assertEqual(len(self.smtp.taken), len(self.emails_known) - 2)
        self.assert_nothing_twice()

    def test_mails_begin_with_the_content_of_the_one_before(self):
        """What the server says to each is heard all the same."""
        self.smtp.recipients["volume3@example.com"] = (550, b"No such user")
        self.smtp.contents["volume5@example.com"] = (554, b"Spam")
        self.deliver()
        self.assertEqual(self.smtp.begun_early, len(self.emails_known) - 2)
        found = self.states()
        self.assertEqual(found.pop("volume3@example.com"), "failed")
        self.assertEqual(found.pop("volume5@example.com"), "failed")
        self.assertEqual(set(found.values()), {"sent"})
        self.assert_nothing_twice()

    def test_server_that_gets_lost_over_early_commands(self):
        self.smtp.forgets_early_commands = True
        self.deliver()
        self.assertEqual(self.smtp.begun_early, 1)
        deliveries = self.deliveries_of(self.mailing)
        self.assertEqual(set(deliveries.mapped("state")), {"sent"})
        self.assertEqual(set(deliveries.mapped("attempts")), {1})
        self.assert_nothing_twice()

    def test_who_opts_out_after_his_mail_began(self):
        """It began with the one before, for which the server took seconds."""
        self.smtp.clock, self.smtp.seconds_per_mail = self.clock, 2
        victims = []

        def opt_out(address):
            if not victims:
                place = self.emails_known.index(address)
                victims.append(self.emails_known[place + 1])
                self.env["mail.blacklist"]._add(victims[0])

        self.smtp.on_taken = opt_out
        self.deliver()
        for _run in range(2):  # of twenty seconds each
            self.run_lanes()
        self.assertTrue(self.smtp.begun_early)
        found = self.outcomes(self.mailing)
        self.assertEqual(found.pop(victims[0]), "blacklisted")
        self.assertEqual(set(found.values()), {"sent"})
        self.assert_nothing_twice()

    def test_the_standard_lane_and_what_servers_say(self):
        self.mailing.marketing_sender_id.is_high_volume = False
        self.smtp.recipients["volume3@example.com"] = (550, b"No such user")
        self.smtp.recipients["volume4@example.com"] = (451, b"Greylisted")
        self.smtp.contents["volume5@example.com"] = (554, b"Spam")
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.deliver()
        found = self.states()
        self.assertEqual(found.pop("volume3@example.com"), "failed")
        self.assertEqual(found.pop("volume4@example.com"), "composed")
        self.assertEqual(found.pop("volume5@example.com"), "failed")
        self.assertEqual(set(found.values()), {"sent"})
        self.assert_nothing_twice()
        self.smtp.recipients.clear()
        self.clock.tick(301)
        self.run_lanes()
        self.assertEqual(self.states()["volume4@example.com"], "sent")
