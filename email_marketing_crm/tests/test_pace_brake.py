import smtplib
from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import mail_mail, marketing_delivery_sessions
from .common import NOW
from .common_smtp import ScriptedServer
from .pace_common import PaceCase


@tagged("post_install", "-at_install")
class TestPaceBrake(PaceCase):
    """A sender that providers dislike stops by itself, and goes on when told to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        gmail = cls.make_audience(30, "gmail.com", "g")
        cls.mailing = cls.make_sender_mailing(30)
        cls.mailing.marketing_segment_ids = [Command.link(gmail.id)]
        cls.sender = cls.mailing.marketing_sender_id
        cls.sender.write({"tz": "UTC", "user_id": cls.user_marketing.id})

    def bounce(self, count, code="hard_bounce"):
        """So many of the mails that were sent come back, or are reported as spam."""
        sent = self.deliveries_of(self.mailing).filtered(lambda d: d.state == "sent")
        for delivery in sent[:count]:
            self.happened(code, delivery.email, mailing_id=self.mailing.id)
        self.run_inbox(settle=False)

    def send_batch(self, error=None, only=""):
        """One run of the smtp lane; the server may answer with an error."""
        with (
            self.mock_mail_gateway(mail_unlink_sent=True),
            patch.object(mail_mail, "SEND_BATCH", 20),
            self.answer(error, only),
        ):
            self.env["mail.mail"]._run_lane(0, 1)
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.invalidate_all()

    def answer(self, error, only):
        """Let the server answer mails to some addresses with an error."""
        session = self.testing_smtp_session
        original = type(session).send_message

        def send_message(session, message, smtp_from, smtp_to_list):
            if error and only in smtp_to_list[0]:
                raise error(smtp_to_list[0])
            return original(session, message, smtp_from, smtp_to_list)

        return patch.object(type(session), "send_message", send_message)

    def test_the_sentences_write_numbers_as_their_reader_does(self):
        brake = self.env["marketing.sender.brake"].new(
            {"cause": "bounce", "count": 1200, "total": 23456, "limit": 5}
        )
        self.assertIn("1,200 of 23,456 mails to all providers", brake.explanation)
        values = {"sent": 1500, "bounced": 1234, "date": "2026-03-02"}
        sentence = self.sender._explain_decision("bounces", values)
        self.assertIn("1,234 of 1,500 mails bounced on 03/02/2026", sentence)

    @staticmethod
    def refusal(code, text):
        return lambda address: smtplib.SMTPRecipientsRefused({address: (code, text)})

    # ------------------------------------------------------------------
    # braking
    # ------------------------------------------------------------------

    def test_bounce_spike_stops_within_one_batch(self):
        self.mailing.action_launch()
        self.compose()
        self.send_batch()
        self.assertEqual(self.sent_count(self.mailing), 20)
        self.bounce(6)
        self.assertEqual(self.sender.brake_state, "braked")
        for _batch in range(3):
            self.send_batch()
            self.compose()
        self.assertEqual(self.sent_count(self.mailing), 20, "nothing more leaves")
        self.assertEqual(self.mailing.marketing_waiting, 40)
        brake = self.sender.brake_ids
        self.assertEqual((brake.cause, brake.count, brake.total), ("bounce", 6, 20))
        self.assertIn("6 of 20 mails", self.sender.brake_text)
        self.assertIn("nothing leaves", self.mailing.marketing_pace_text)

    def test_what_is_not_composed_waits_too(self):
        self.mailing.action_launch()
        self.sender.action_brake()
        self.compose()
        self.assertEqual(self.waits_of(self.mailing), {"brake": 60})
        self.sender._go_on("I looked")
        self.pace()
        self.deliver()
        self.assertEqual(self.sent_count(self.mailing), 60)

    def test_what_was_let_go_waits_too(self):
        self.sender.hourly_quota = 3600
        self.mailing.action_launch()
        self.compose()
        self.pace()
        self.sender.action_brake()
        self.compose()
        self.assertEqual(self.waits_of(self.mailing), {"brake": 60})

    def test_few_bounces_are_chance(self):
        self.mailing.action_launch()
        self.compose()
        self.send_batch()
        self.bounce(4)
        self.assertEqual(self.sender.brake_state, "free")

    def test_soft_bounces_do_not_brake(self):
        self.mailing.action_launch()
        self.compose()
        self.send_batch()
        self.bounce(15, "soft_bounce")
        self.assertEqual(self.sender.brake_state, "free")

    def test_spam_reports_brake(self):
        self.mailing.action_launch()
        self.compose()
        self.send_batch()
        self.bounce(3, "complaint")
        self.assertEqual(self.sender.brake_ids.cause, "complaint")

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_provider_that_refuses_the_sender(self):
        """5.7.x is about the sender: the person is not to blame, its provider waits."""
        self.mailing.action_launch()
        self.compose()
        for _batch in range(4):
            self.send_batch(self.refusal(550, b"5.7.1 blocked"), "@gmail.com")
        self.assertEqual(self.sender.brake_state, "partly")
        brake = self.sender.brake_ids
        self.assertEqual((brake.provider, brake.cause), ("gmail", "policy"))
        counts = {"sent": 0, "failed": 0, "composed": 0}
        for delivery in self.deliveries_of(self.mailing):
            counts[delivery.state] += 1
            if delivery.provider == "other":
                self.assertEqual(delivery.state, "sent")
        self.assertEqual(counts["sent"], 30)
        self.assertLessEqual(counts["failed"], 20, "one batch")
        self.assertGreater(counts["composed"], 0)
        gmail = self.person_of("g0@gmail.com")
        self.assertEqual(gmail.suppression, "none")

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_refused_addresses_are_bounces(self):
        self.mailing.action_launch()
        self.compose()
        self.send_batch(self.refusal(550, b"5.1.1 unknown"))
        self.assertEqual(self.sender.brake_ids.cause, "bounce")
        self.assertEqual(self.sender.brake_state, "braked")

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_deferrals_go_on_by_themselves_at_half_the_pace(self):
        self.mailing.action_launch()
        self.compose()
        for _batch in range(4):
            self.send_batch(self.refusal(421, b"4.7.0 too fast"), "@gmail.com")
        brake = self.sender.brake_ids
        self.assertEqual((brake.provider, brake.cause), ("gmail", "deferral"))
        self.assertEqual(brake.until, NOW + timedelta(hours=1))
        tried = brake.total
        self.pace()
        self.assertEqual(self.sender.brake_state, "partly")
        self.clock.tick(3601)
        self.pace()
        self.assertEqual(self.sender.brake_state, "free")
        line = self.sender.provider_ids
        self.assertEqual((line.provider, line.careful_quota), ("gmail", tried // 2))
        self.clock.tick(3601)
        self.pace()
        self.assertIn(line.careful_quota, (0, tried // 2 * 2))
        self.clock.tick(3601)
        self.pace()
        self.assertEqual(line.careful_quota, 0, "the full pace again")
        self.assertIn("half the pace", brake.end_note)

    def test_limits_of_the_manager(self):
        self.sender.bounce_limit = 50
        self.mailing.action_launch()
        self.compose()
        self.send_batch()
        self.bounce(9)
        self.assertEqual(self.sender.brake_state, "free")
        self.sender.bounce_limit = 0
        self.bounce(20)
        self.assertEqual(self.sender.brake_state, "free")

    def test_stopped_mailing_is_canceled_although_braked(self):
        self.mailing.action_launch()
        self.compose()
        self.sender.action_brake()
        self.mailing.action_marketing_stop()
        self.deliver()
        self.assertEqual(set(self.outcomes(self.mailing).values()), {"canceled"})

    def test_other_sender_goes_on(self):
        other = self.make_mailing(
            self.make_audience(2, name="o"), email_from="a@other.example.com"
        )
        self.sender.action_brake()
        other.action_launch()
        self.deliver()
        self.assertEqual(self.sent_count(other), 2)

    @mute_logger(
        "odoo.addons.email_marketing_crm.models.marketing_delivery_high_volume"
    )
    def test_high_volume_lane_stops_within_one_group(self):
        self.sender.is_high_volume = True
        server = ScriptedServer()
        server.recipients = {
            f"{name}{number}@{domain}": (550, b"5.1.1 unknown")
            for number in range(30)
            for name, domain in (("p", "example.com"), ("g", "gmail.com"))
        }
        self.mailing.action_launch()
        with (
            server.patched(self.env),
            patch.object(type(self.env["ir.mail_server"]), "_disable_send", bool),
            patch.object(marketing_delivery_sessions, "FIRST_GROUP", 20),
            patch.object(marketing_delivery_sessions, "VOLUME_GROUP", 20),
        ):
            self.compose()
        self.assertEqual(self.sender.brake_ids.cause, "bounce")
        self.assertEqual(self.mailing.marketing_failed, 20)
        self.assertEqual(self.mailing.marketing_waiting, 40)

    # ------------------------------------------------------------------
    # telling, going on
    # ------------------------------------------------------------------

    def brake(self):
        self.mailing.action_launch()
        self.compose()
        self.send_batch()
        self.bounce(6)
        self.pace()

    def test_owner_is_told_with_the_numbers(self):
        self.brake()
        activity = self.sender.activity_ids
        self.assertEqual(activity.user_id, self.user_marketing)
        self.assertIn("6 of 20 mails", activity.note)
        message = self.sender.message_ids[0]
        self.assertIn("6 of 20 mails", message.body)
        self.assertIn(self.user_marketing.partner_id, message.partner_ids)
        self.pace()
        self.assertEqual(len(self.sender.activity_ids), 1, "once")

    def test_owner_goes_on_and_says_why(self):
        self.brake()
        sender = self.sender.with_user(self.user_marketing)
        action = sender.action_go_on()
        release = (
            self.env[action["res_model"]]
            .with_user(self.user_marketing)
            .with_context(**action["context"])
            .create({"note": "Took the old list out"})
        )
        self.assertIn("6 of 20 mails", release.brake_text)
        with self.assertRaisesRegex(UserError, "Confirm that you know"):
            release.action_go_on()
        release.is_acknowledged = True
        release.action_go_on()
        brake = self.sender.brake_ids
        self.assertEqual(brake.state, "released")
        self.assertEqual(brake.end_user_id, self.user_marketing)
        self.assertEqual(brake.end_note, "Took the old list out")
        self.assertFalse(self.sender.activity_ids)
        self.send()
        self.pace()
        self.deliver()
        self.assertEqual(self.sent_count(self.mailing), 60)

    def test_what_was_before_is_forgiven(self):
        """Also what comes back later of mails that had left before."""
        self.brake()
        self.sender._go_on("I looked")
        self.clock.tick(60)
        self.bounce(4)
        self.assertEqual(self.sender.brake_state, "free")
        self.bounce(20)
        self.assertEqual(self.sender.brake_state, "free")
        self.clock.tick(60)
        self.send_batch()
        self.assertEqual(self.sent_count(self.mailing), 40)
        self.bounce_of_now(6)
        self.assertEqual(self.sender.brake_state, "braked")
        brake = self.sender.brake_ids.filtered(lambda brake: brake.state == "active")
        self.assertEqual((brake.count, brake.total), (6, 20))

    def bounce_of_now(self, count, code="hard_bounce"):
        """So many of the mails that left this moment come back."""
        sent = self.deliveries_of(self.mailing).filtered(
            lambda delivery: delivery.sent_date == datetime.now()
        )
        for delivery in sent[:count]:
            self.happened(code, delivery.email, mailing_id=self.mailing.id)
        self.run_inbox(settle=False)

    def test_nothing_is_braked_when_nothing_left(self):
        """Mails of last week that come back are no rate of anything."""
        self.mailing.action_launch()
        self.compose()
        self.send_batch()
        self.clock.tick(5 * 24 * 3600)
        self.bounce(9)
        self.bounce(9, "complaint")
        self.assertEqual(self.sender.brake_state, "free")

    def test_late_reports_are_a_part_of_the_mails_they_are_about(self):
        """A day without mail makes no report of yesterday's mails a flood."""
        self.mailing.action_launch()
        self.compose()
        self.send_batch()
        self.clock.tick(30 * 3600)
        self.bounce(2, "complaint")
        self.assertEqual(self.sender.brake_state, "free")
        self.bounce(3, "complaint")
        brake = self.sender.brake_ids
        self.assertEqual((brake.cause, brake.count, brake.total), ("complaint", 5, 20))

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_a_brake_that_ends_by_itself_forgives_no_bounces(self):
        """Nobody has looked at the list when Gmail takes mails again."""
        self.mailing.action_launch()
        self.compose()
        for _batch in range(4):
            self.send_batch(self.refusal(421, b"4.7.0 too fast"), "@gmail.com")
        self.assertEqual(self.sender.brake_ids.cause, "deferral")
        self.clock.tick(3601)
        self.pace()
        self.assertEqual(self.sender.brake_state, "free")
        self.bounce(6)
        self.assertEqual(self.sender.brake_state, "braked")
        self.assertEqual(self.sender.brake_ids[0].cause, "bounce")

    def test_old_bounces_are_not_held_against_todays_mails(self):
        self.mailing.action_launch()
        self.compose()
        self.send_batch()
        self.clock.tick(4 * 24 * 3600)
        self.send_batch()
        self.assertEqual(self.sent_count(self.mailing), 40)
        old = self.deliveries_of(self.mailing).filtered(
            lambda delivery: delivery.sent_date == NOW
        )
        for delivery in old[:9]:
            self.happened("hard_bounce", delivery.email, mailing_id=self.mailing.id)
        self.run_inbox(settle=False)
        self.assertEqual(self.sender.brake_state, "free")

    def test_joining_results_keeps_when_the_mails_left(self):
        self.mailing.action_launch()
        self.compose()
        self.send_batch()
        self.clock.tick(4 * 24 * 3600)
        self.bounce(9)
        self.clock.tick(400)
        self.env["marketing.sender.result"]._compact(self.sender.ids)
        since = datetime.now() - timedelta(days=1)
        self.assertEqual(self.sender._get_totals(since), {"bounced_hard": 9})
        self.assertEqual(self.sender._get_results(since, by_mail=True), {})

    def test_nobody_else_goes_on(self):
        self.brake()
        self.sender.user_id = self.user_manager
        sender = self.sender.with_user(self.user_marketing)
        with self.assertRaises(AccessError):
            sender.action_go_on()
        with self.assertRaises(AccessError):
            sender.action_brake()
        release = (
            self.env["marketing.sender.release"]
            .with_user(self.user_marketing)
            .create({"sender_id": sender.id, "note": "Let me", "is_acknowledged": True})
        )
        with self.assertRaises(AccessError):
            release.action_go_on()
        self.sender.with_user(self.user_manager).action_go_on()

    def test_found_by_their_state(self):
        senders = self.env["marketing.sender"]
        self.assertIn(self.sender, senders.search([("brake_state", "=", "free")]))
        self.brake()
        self.assertIn(self.sender, senders.search([("brake_state", "=", "braked")]))
        self.assertNotIn(self.sender, senders.search([("brake_state", "!=", "braked")]))
        self.assertNotIn(self.sender, senders.search([("brake_state", "=", "partly")]))

    def test_nothing_to_release(self):
        with self.assertRaisesRegex(UserError, "Nothing of this sender is braked"):
            self.sender.action_go_on()
