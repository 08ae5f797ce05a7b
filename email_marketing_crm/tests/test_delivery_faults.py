import smtplib
from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import mail_mail, marketing_delivery_sessions, marketing_handover
from ..tools.delivery_handover import MAX_ATTEMPTS, Handover
from .common import NOW
from .volume_common import VolumeCase

VICTIM = "volume3@example.com"
HANDOVER_LOGGER = "odoo.addons.email_marketing_crm.models.mail_mail_handover"
LOGGERS = (
    "odoo.addons.mail.models.mail_mail",
    "odoo.addons.email_marketing_crm.models.marketing_delivery_state",
    HANDOVER_LOGGER,
)


class FaultCase(VolumeCase):
    """A mailing of one of the lanes, and a server that does as the test says."""

    is_high_volume = True

    def setUp(self):
        super().setUp()
        self.sender = self.mailing.marketing_sender_id
        self.sender.is_high_volume = self.is_high_volume
        self.smtp.clock = self.clock
        self.enterContext(mute_logger(*LOGGERS))

    def delivery_of(self, address):
        return self.deliveries_of(self.mailing).filtered(
            lambda delivery: delivery.email == address
        )

    def results(self):
        """`{outcome: mails}`, as the sender knows them."""
        return self.sender._get_totals(NOW - timedelta(days=1))

    def run_until_quiet(self):
        """Runs of the lanes in one minute."""
        for _run in range(4):
            self.run_lanes()

    def assert_waits(self, delivery):
        self.assertEqual(
            delivery.state, "planned" if self.is_high_volume else "composed"
        )


class ServerFaults:
    """What both lanes have to know about servers."""

    def assert_only_the_victim_waits(self):
        """His mail is tried some times, then it has failed; all others left."""
        self.mailing.action_launch()
        self.run_until_quiet()
        delivery = self.delivery_of(VICTIM)
        self.assert_waits(delivery)
        self.assertEqual(delivery.attempts, 1)
        self.assertEqual(delivery.due, NOW + timedelta(minutes=5))
        others = self.deliveries_of(self.mailing) - delivery
        self.assertEqual(set(others.mapped("state")), {"sent"})
        self.assertEqual(set(others.mapped("attempts")), {1})
        self.assertEqual(len(self.smtp.addresses), len(set(self.smtp.addresses)))
        self.assertEqual(self.results(), {"sent": len(others), "deferred": 1})
        for _day in range(MAX_ATTEMPTS):
            self.clock.tick(24 * 3600)
            self.run_until_quiet()
        self.assertEqual((delivery.state, delivery.attempts), ("failed", MAX_ATTEMPTS))

    def test_server_says_421_to_one_recipient(self):
        self.smtp.recipients[VICTIM] = (421, b"4.7.0 Try again later")
        self.assert_only_the_victim_waits()

    def test_server_hangs_up_on_one_recipient(self):
        self.smtp.recipients[VICTIM] = smtplib.SMTPServerDisconnected("closed")
        self.assert_only_the_victim_waits()

    def test_server_does_not_answer_to_one_recipient(self):
        self.smtp.recipients[VICTIM] = TimeoutError("timed out")
        self.assert_only_the_victim_waits()

    def test_server_ends_sessions_within_a_group(self):
        """That says nothing about the mail it was asked to take."""
        self.smtp.connections = [None, smtplib.SMTPServerDisconnected("closed")]
        sessions = self.smtp.sessions

        def hang_up(_address):
            sessions[-1].is_closed = len(self.smtp.taken) % 6 == 0

        self.smtp.on_taken = hang_up
        self.mailing.action_launch()
        self.run_until_quiet()
        self.clock.tick(301)
        self.run_until_quiet()
        deliveries = self.deliveries_of(self.mailing)
        self.assertEqual(set(deliveries.mapped("state")), {"sent"})
        self.assertEqual(set(deliveries.mapped("attempts")), {1})
        self.assertEqual(self.results(), {"sent": len(deliveries)})

    def test_server_that_always_breaks_off_within_the_content(self):
        """Three mails are in doubt, then the sender waits and its owner knows."""
        self.sender.user_id = self.user_marketing
        self.smtp.contents = dict.fromkeys(
            self.emails_known, smtplib.SMTPServerDisconnected("closed")
        )
        self.mailing.action_launch()
        with (
            patch.object(marketing_delivery_sessions, "FIRST_GROUP", 5),
            patch.object(marketing_delivery_sessions, "VOLUME_GROUP", 5),
            patch.object(mail_mail, "SEND_BATCH", 5),
        ):
            for _run in range(8):
                self.run_lanes()
                self.clock.tick(301)
        self.assertEqual(list(self.states().values()).count("unknown"), 3)
        self.assertEqual(self.smtp.taken, [])
        brake = self.sender.brake_ids
        self.assertEqual((brake.cause, brake.provider), ("server", False))
        self.assertEqual((brake.count, brake.total), (3, 3))
        self.assertIn("3 of 3 mails", self.sender.brake_text)
        self.sender._tell_owners()
        self.assertEqual(self.sender.activity_ids.user_id, self.user_marketing)
        # It ends by itself, at the full pace.
        self.smtp.contents.clear()
        self.clock.move_to(brake.until + timedelta(seconds=1))
        self.env["marketing.sender"]._run_lane(0, 1)
        self.assertEqual(self.sender.brake_state, "free")
        self.assertFalse(self.sender.provider_ids)
        self.clock.tick(3600)
        self.run_until_quiet()
        states = list(self.states().values())
        self.assertEqual((states.count("unknown"), states.count("sent")), (3, 17))

    def test_server_that_worked_all_day_and_takes_nothing_now(self):
        self.env["marketing.sender"]._note_result(
            [(self.sender.id, "other", "sent", 100000)]
        )
        self.clock.tick(60)
        self.env["marketing.sender"]._note_result(
            [(self.sender.id, "other", "unknown", 2)]
        )
        self.assertEqual(self.sender.brake_state, "free")
        self.env["marketing.sender"]._note_result(
            [(self.sender.id, "other", "unknown", 1)]
        )
        self.assertEqual(self.sender.brake_state, "braked")

    def test_what_somebody_else_took_over_is_left_to_him(self):
        """A worker that lost its locks notes what left, and nothing else."""
        self.mailing.action_launch()
        if not self.is_high_volume:
            self.compose()
        deliveries = self.deliveries_of(self.mailing)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE marketing_delivery SET state = 'sending', is_high_volume = %s"
            " WHERE mailing_id = %s",
            [self.is_high_volume, self.mailing.id],
        )
        deliveries.invalidate_recordset()
        journal = self.env["marketing.handover"]._begin(deliveries.ids)
        handover = Handover({str(one): one for one in deliveries.ids}, journal)
        handover.take(deliveries[0].id)
        handover.finish(deliveries[0].id)
        handover.take(deliveries[1].id)
        handover.accepted = True
        # Another worker finds the row without a lock behind it, and goes on.
        self.env["mail.mail"]._settle_abandoned(0, 1)
        self.assertEqual(deliveries[0].state, "sent")
        self.assertEqual(deliveries[1].state, "unknown")
        self.assert_waits(deliveries[2])
        self.run_lanes()
        self.assertEqual(set(deliveries[2:].mapped("state")), {"sent"})
        # Now the first one comes back.
        self.env["mail.mail"]._settle_safely(handover, OSError("gone"))
        self.assertEqual(set(deliveries.mapped("state")), {"sent"})
        self.assertEqual(set(deliveries.mapped("attempts")), {1, 2})
        self.run_until_quiet()
        self.assertEqual(len(self.smtp.taken), len(deliveries) - 2)

    def test_slow_server(self):
        """A run ends in time; what is left waits for the next one, which comes."""
        self.smtp.seconds_per_mail = 6
        self.mailing.action_launch()
        with (
            self.smtp.patched(self.env),
            patch.object(type(self.env["ir.mail_server"]), "_disable_send", bool),
        ):
            if not self.is_high_volume:
                self.compose()
            lane = "marketing.delivery" if self.is_high_volume else "mail.mail"
            _processed, remaining = self.env[lane]._run_lane(0, 1)
        self.assertEqual(remaining, 1)
        self.assertEqual(len(self.smtp.taken), 4)
        waiting = self.deliveries_of(self.mailing).filtered(
            lambda delivery: delivery.state != "sent"
        )
        self.assertEqual(len(waiting), 16)
        for delivery in waiting:
            self.assert_waits(delivery)
        self.assertEqual(set(waiting.mapped("attempts")), {0})
        self.smtp.seconds_per_mail = 0
        self.run_until_quiet()
        self.assertEqual(set(self.states().values()), {"sent"})
        self.assertEqual(len(self.smtp.taken), 20)


@tagged("post_install", "-at_install")
class TestVolumeServerFaults(ServerFaults, FaultCase):
    def test_server_that_answers_421_to_everybody(self):
        """Some mails count as tried, by which the sender slows down; others wait."""
        self.smtp.recipients = dict.fromkeys(self.emails_known, (421, b"4.3.2 busy"))
        self.deliver()
        deliveries = self.deliveries_of(self.mailing)
        self.assertEqual(set(deliveries.mapped("state")), {"planned"})
        self.assertEqual(sum(deliveries.mapped("attempts")), 3)
        self.assertEqual(self.results(), {"deferred": 3})
        self.assertLessEqual(len(self.smtp.sessions), 5)
        for _run in range(4):
            self.clock.tick(301)
            self.run_lanes()
        self.assertEqual(self.sender.brake_ids.cause, "deferral")

    def test_server_that_cannot_be_reached_again(self):
        """Whatever it says to a new connection says nothing about a recipient."""
        for error in (
            smtplib.SMTPConnectError(554, b"5.7.1 No service"),
            smtplib.SMTPHeloError(550, b"Go away"),
            smtplib.SMTPAuthenticationError(535, b"5.7.8 Wrong password"),
            smtplib.SMTPNotSupportedError("SMTP AUTH extension not supported"),
            ConnectionRefusedError("Connection refused"),
        ):
            with self.subTest(error):
                mailing = self.make_volume_mailing()
                self.smtp.taken.clear()
                self.smtp.mails_per_session = 5
                self.smtp.connections = [None, error]
                self.deliver(mailing)
                deliveries = self.deliveries_of(mailing)
                states = deliveries.mapped("state")
                self.assertEqual(
                    (states.count("sent"), states.count("planned")), (5, 15)
                )
                self.assertEqual(sum(deliveries.mapped("attempts")), 5)
                self.assertFalse(
                    self.env["marketing.touchpoint"].search(
                        [
                            ("mailing_id", "=", mailing.id),
                            ("type_id.code", "like", "bounce"),
                        ]
                    )
                )
                self.clock.tick(301)
                self.run_lanes()
                self.assertEqual(set(deliveries.mapped("state")), {"sent"})


@tagged("post_install", "-at_install")
class TestStandardServerFaults(ServerFaults, FaultCase):
    is_high_volume = False

    def test_server_hangs_up_within_the_content(self):
        """One mail is in doubt; the others wait a while, and do not follow at once."""
        self.smtp.contents[VICTIM] = smtplib.SMTPServerDisconnected("closed")
        self.deliver()
        self.run_until_quiet()
        states = self.states()
        self.assertEqual(states.pop(VICTIM), "unknown")
        self.assertEqual(set(states.values()), {"sent", "composed"})
        self.clock.tick(301)
        self.run_lanes()
        states = self.states()
        self.assertEqual(states.pop(VICTIM), "unknown")
        self.assertEqual(set(states.values()), {"sent"})
        self.assertEqual(len(self.smtp.addresses), len(set(self.smtp.addresses)))
        self.assertEqual(self.results(), {"sent": 19, "unknown": 1})

    def test_who_opts_out_while_a_slow_server_takes_a_batch(self):
        """The gates are asked again after a second, not with the next batch."""
        self.smtp.seconds_per_mail = 2

        def opt_out(_address):
            if len(self.smtp.taken) == 2:
                self.env["mail.blacklist"]._add(self.emails_known[7])

        self.smtp.on_taken = opt_out
        self.deliver()
        self.run_until_quiet()
        found = self.outcomes(self.mailing)
        self.assertEqual(found.pop(self.emails_known[7]), "blacklisted")
        self.assertEqual(set(found.values()), {"sent"})
        self.assertNotIn(self.emails_known[7], self.smtp.addresses)
        trace = self.delivery_of(self.emails_known[7]).trace_id
        self.assertEqual(trace.trace_status, "cancel")


@tagged("post_install", "-at_install")
class TestAbandonedMails(FaultCase):
    """Mails of a worker that was there before the database server started."""

    def claim(self):
        self.mailing.action_launch()
        deliveries = self.deliveries_of(self.mailing)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE marketing_delivery SET state = 'sending', is_high_volume = TRUE"
            " WHERE mailing_id = %s",
            [self.mailing.id],
        )
        journal = self.env["marketing.handover"]._begin(deliveries.ids)
        journal.write(deliveries[0].id, {})
        self.env.cr.execute("UPDATE marketing_handover SET server_start = 'before'")
        deliveries.invalidate_recordset()
        return deliveries

    def test_worker_may_come_back(self):
        deliveries = self.claim()
        with patch.object(marketing_handover, "RETURN_SECONDS", 10**9):
            self.run_lanes()
        self.assertEqual(set(deliveries.mapped("state")), {"sending"})
        self.assertEqual(self.smtp.taken, [])

    def test_worker_that_died_with_the_database_server(self):
        """The end of its journal may be lost: all of its batch is in doubt."""
        deliveries = self.claim()
        with patch.object(marketing_handover, "RETURN_SECONDS", 0):
            self.run_lanes()
        self.assertEqual(set(deliveries.mapped("state")), {"unknown"})
        self.assertEqual(self.smtp.taken, [])

    def test_what_has_left_is_never_tried_again(self):
        deliveries = self.claim()
        self.env["marketing.delivery"]._mark_sent(deliveries[:1].ids)
        self.env["marketing.delivery"]._postpone(deliveries[:2].ids, "later")
        self.env["marketing.delivery"]._mark_sent(deliveries[:1].ids)
        self.assertEqual(deliveries[0].state, "sent")
        self.assertEqual(deliveries[0].attempts, 1)
        self.assertEqual(deliveries[1].state, "planned")
