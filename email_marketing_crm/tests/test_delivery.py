import smtplib
from datetime import timedelta
from unittest.mock import patch

from psycopg2 import errors

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from .common import NOW
from .common_delivery import DeliveryCase


@tagged("post_install", "-at_install")
class TestDeliverySending(DeliveryCase):
    """What the mail server says, and what a dead worker leaves behind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.emails_known = [f"p{number}@example.com" for number in range(4)]
        for email in cls.emails_known:
            cls.make_partner(email, f"Partner {email}")
        cls.mailing = cls.make_mailing(cls.make_segment(*cls.emails_known))
        cls.mailing.action_launch()

    def refuse(self, address, code):
        """Let the mail server refuse one address."""
        session = self.testing_smtp_session
        original = type(session).send_message

        def send_message(session, message, smtp_from, smtp_to_list):
            if address in smtp_to_list:
                raise smtplib.SMTPRecipientsRefused({address: (code, b"no")})
            return original(session, message, smtp_from, smtp_to_list)

        return patch.object(type(session), "send_message", send_message)

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_refused_for_good(self):
        self.compose()
        with self.mock_mail_gateway(mail_unlink_sent=True):
            with self.refuse("p1@example.com", 550):
                self.env["mail.mail"]._run_lane(0, 1)
        self.assertEqual(
            self.outcomes(self.mailing),
            {
                "p0@example.com": "sent",
                "p1@example.com": "failed",
                "p2@example.com": "sent",
                "p3@example.com": "sent",
            },
        )
        failed = self.deliveries_of(self.mailing)[1]
        self.assertIn("550", failed.error)
        self.assertEqual(failed.trace_id.trace_status, "error")
        self.assertEqual(self.mailing.state, "done")
        # The marketer tries again.
        failed.with_user(self.user_marketing).action_resend()
        self.assertEqual(self.mailing.state, "sending")
        self.send()
        self.assertEqual(failed.state, "sent")
        self.assertEqual(failed.trace_id.trace_status, "sent")
        self.assertEqual(self.mailing.state, "done")

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_refused_for_the_moment(self):
        """A mail that the server wants later is tried again, not for ever."""
        self.compose()
        delivery = self.deliveries_of(self.mailing)[1]
        with self.mock_mail_gateway(mail_unlink_sent=True):
            with self.refuse("p1@example.com", 451):
                self.env["mail.mail"]._run_lane(0, 1)
                self.assertEqual(delivery.state, "composed")
                self.assertEqual(delivery.due, NOW + timedelta(minutes=5))
                self.assertIn("451", delivery.error)
                self.assertEqual(delivery.trace_id.trace_status, "outgoing")
                for _try in range(5):
                    self.clock.tick(24 * 3600)
                    self.env["mail.mail"]._run_lane(0, 1)
        self.assertEqual(delivery.state, "failed")
        self.assertEqual(delivery.attempts, 5)

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_server_is_down(self):
        """Nothing fails because a server is away: the mails wait."""
        self.compose()
        with self.mock_mail_gateway(mail_unlink_sent=True):
            with patch.object(
                type(self.env["ir.mail_server"]),
                "_connect__",
                side_effect=MailDeliveryException("down"),
            ):
                processed, remaining = self.env["mail.mail"]._run_lane(0, 1)
        self.assertEqual((processed, remaining), (4, 0))
        self.assertEqual(set(self.outcomes(self.mailing).values()), {"composed"})
        self.send()
        self.assertEqual(self.received(), [], "not before five minutes")
        self.clock.tick(301)
        self.send()
        self.assertCountEqual(self.received(), self.emails_known)

    def test_what_a_dead_worker_had_in_hand(self):
        """Unknown, visible, never sent again by itself."""
        self.compose()
        in_hand = self.deliveries_of(self.mailing)[2]
        self.env["marketing.delivery"]._claim(in_hand.ids)
        self.send()
        self.assertEqual(in_hand.state, "unknown")
        self.assertEqual(in_hand.trace_id.trace_status, "process")
        self.assertNotIn("p2@example.com", self.received())
        self.assertEqual(self.mailing.marketing_unknown, 1)
        self.assertEqual(self.mailing.state, "done")
        # Somebody finds out that it arrived …
        in_hand.with_user(self.user_marketing).action_mark_sent()
        self.assertEqual(in_hand.state, "sent")
        self.assertEqual(in_hand.trace_id.trace_status, "sent")
        self.assertFalse(
            self.env["mail.mail"].search([("mailing_id", "=", self.mailing.id)])
        )

    def test_unknown_is_sent_again_by_a_user(self):
        self.compose()
        in_hand = self.deliveries_of(self.mailing)[2]
        self.env["marketing.delivery"]._claim(in_hand.ids)
        self.send()
        in_hand.with_user(self.user_marketing).action_resend()
        self.send()
        self.assertEqual(self.received(), ["p2@example.com"])
        self.assertEqual(in_hand.state, "sent")

    def test_a_claimed_mail_is_never_claimed_again(self):
        self.compose()
        delivery = self.deliveries_of(self.mailing)[0]
        self.env["marketing.delivery"]._claim(delivery.ids)
        with self.assertRaises(errors.SerializationFailure):
            self.env["marketing.delivery"]._claim(delivery.ids)

    def test_the_queue_of_odoo_keeps_away(self):
        self.compose()
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self.env["mail.mail"].process_email_queue()
            self.env["mail.mail"].search([("mailing_id", "=", self.mailing.id)]).send()
        self.assertEqual(self.emails, [])
        self.send()
        self.assertCountEqual(self.received(), self.emails_known)

    def test_mail_deleted_or_canceled_by_hand(self):
        self.compose()
        deliveries = self.deliveries_of(self.mailing)
        mails = self.env["mail.mail"].search([("mailing_id", "=", self.mailing.id)])
        by_delivery = {mail.marketing_delivery_id: mail for mail in mails}
        by_delivery[deliveries[0]].unlink()
        by_delivery[deliveries[1]].cancel()
        self.send()
        self.assertEqual(
            deliveries.mapped("reason"), ["canceled", "canceled", False, False]
        )
        self.assertCountEqual(self.received(), self.emails_known[2:])

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_retry_of_odoo_passes_the_gate(self):
        self.compose()
        with self.mock_mail_gateway(mail_unlink_sent=True):
            with self.refuse("p1@example.com", 550):
                self.env["mail.mail"]._run_lane(0, 1)
        mail = self.env["mail.mail"].search([("mailing_id", "=", self.mailing.id)])
        self.assertEqual(mail.state, "exception")
        mail.action_retry()
        self.env["mail.blacklist"]._add("p1@example.com")
        self.send()
        self.assertEqual(self.received(), [])
        self.assertEqual(self.outcomes(self.mailing)["p1@example.com"], "blacklisted")

    @mute_logger(
        "odoo.addons.email_marketing_crm.models.marketing_delivery_compose",
        "odoo.addons.mail.models.mail_render_mixin",
    )
    def test_one_mail_cannot_be_rendered(self):
        """One failing record costs itself, not the others of its batch."""
        self.mailing.action_cancel()
        self.mailing.body_html = "<p t-if=\"1 / (object.ref != 'bad')\">Hello</p>"
        self.mailing.action_launch()
        partner = self.env["res.partner"].search([("email", "=", "p2@example.com")])
        partner.ref = "bad"  # nothing that the check could have found
        self.deliver()
        outcomes = self.outcomes(self.mailing)
        self.assertEqual(outcomes.pop("p2@example.com"), "failed")
        self.assertEqual(set(outcomes.values()), {"sent"})
        self.assertTrue(self.deliveries_of(self.mailing)[2].error)
        self.mailing.body_html = "<p>Hello</p>"
        self.mailing.with_user(self.user_marketing).action_retry_failed()
        self._run_lane("marketing.mailing.check")  # looks at the changed text first
        self.deliver()
        self.assertEqual(self.outcomes(self.mailing)["p2@example.com"], "sent")

    def test_mails_of_standard_mailings_are_gated_too(self):
        """An unsubscribe between composing and sending counts for all mailings."""
        mailing = self.make_mailing(
            mailing_domain=repr([("email", "in", self.emails_known[:2])])
        )
        self.assertFalse(mailing.marketing_kind)
        composer_model = type(self.env["mail.compose.message"])
        original = composer_model.create
        with patch.object(
            composer_model,
            "create",
            lambda self, values: original(self, dict(values, force_send=False)),
        ):
            mailing._action_send_mail()
        self.env["mail.blacklist"]._add("p1@example.com")
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self.env["mail.mail"].process_email_queue()
        self.assertEqual(self.received(), ["p0@example.com"])
        self.assertEqual(
            sorted(mailing.mailing_trace_ids.mapped("trace_status")), ["cancel", "sent"]
        )

    def test_lanes_share_the_work(self):
        self.env["marketing.delivery"]._run_lane(1, 2)
        mine = self.deliveries_of(self.mailing).filtered(
            lambda delivery: delivery.person_id.id % 2 == 1
        )
        self.assertEqual(set(mine.mapped("state")), {"composed"})
        self.assertEqual(
            set((self.deliveries_of(self.mailing) - mine).mapped("state")), {"planned"}
        )
        waiting, oldest = self.env["marketing.delivery"]._get_lane_backlog(0, 2)
        self.assertEqual(waiting, 4 - len(mine))
        self.assertEqual(oldest, NOW)
        self.assertEqual(
            self.env["mail.mail"]._get_lane_backlog(1, 2), (len(mine), NOW)
        )
