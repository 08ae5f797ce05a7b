"""Mails that come back, complaints, and a suppression that was wrong."""

import smtplib
from datetime import datetime
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..tools.smtp_postman import describe
from .common import NOW, MarketingCase
from .test_tools_feedback_report import REPORT

BOUNCE = """\
From: Mail Delivery System <mailer-daemon@mx.example.com>
To: bounce@pumps.example.com
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-{number}@mx.example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {email}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no

--b
Content-Type: text/rfc822-headers

From: news@pumps.example.com
To: {email}
Message-ID: {message_id}

--b--
"""


@tagged("post_install", "-at_install")
class TestBounces(MarketingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.make_partner("ana@example.com")
        cls.mailings = cls.env["mailing.mailing"].create(
            [
                {
                    "subject": f"Newsletter {number}",
                    "mailing_model_id": cls.env["ir.model"]._get_id("res.partner"),
                    "body_html": "<p>Hello</p>",
                }
                for number in range(8)
            ]
        )
        cls.gateway = cls.env["mail.thread"]

    def send(self, number=0, email="ana@example.com"):
        """A mail to Ana left; gives its trace."""
        trace = self.env["mailing.trace"].create(
            {
                "trace_type": "mail",
                "mass_mailing_id": self.mailings[number].id,
                "model": "res.partner",
                "res_id": self.partner.id,
                "email": email,
                "message_id": f"<mail-{number}@pumps.example.com>",
            }
        )
        trace.set_sent()
        self.env.cr.precommit.run()
        return trace

    def come_back(self, trace, status, action="failed"):
        """A server notifies about the mail over the gateway."""
        self.gateway.message_process(
            None,
            BOUNCE.format(
                number=trace.id,
                email=trace.email,
                action=action,
                status=status,
                message_id=trace.message_id,
            ),
        )

    def complain(self, trace, kind="abuse"):
        self.gateway.message_process(
            None,
            REPORT.format(
                kind=kind, part="message/rfc822", message_id=trace.message_id
            ),
        )

    @property
    def ana(self):
        return self.person_of("ana@example.com")

    # ------------------------------------------------------------------
    # what comes back
    # ------------------------------------------------------------------

    def test_an_address_that_does_not_exist_gets_no_more_at_once(self):
        trace = self.send()
        self.come_back(trace, "5.1.1")
        self.assertEqual(self.ana.suppression, "bounce")
        self.assertEqual(trace.trace_status, "bounce")
        [bounce] = self.env["marketing.touchpoint"].search(
            [("person_id", "=", self.ana.id), ("type_id.code", "=", "hard_bounce")]
        )
        self.assertEqual(bounce.data["status"], "5.1.1")
        self.assertEqual(bounce.mailing_id, self.mailings[0])

    def test_a_policy_is_never_held_against_the_person(self):
        """Nor does Odoo's own rule, which counts the bounces of several weeks."""
        with patch.object(
            type(self.env["mail.blacklist"]),
            "_add",
            autospec=True,
            side_effect=type(self.env["mail.blacklist"])._add,
        ) as odoos_rule:
            for number in range(6):
                self.clock.tick(3 * 24 * 3600)
                trace = self.send(number)
                self.come_back(trace, "5.7.1")
                self.let_odoo_see(trace)
                self.run_inbox()
        self.assertTrue(odoos_rule.called, "Odoo wanted to block the address")
        self.assertEqual(self.ana.suppression, "none")
        self.assertFalse(self.ana.is_blacklisted)
        self.assertEqual(
            self.touchpoints_of("ana@example.com", "policy_bounce"),
            ["policy_bounce"] * 6,
        )

    def let_odoo_see(self, trace):
        """Give a trace the date of its bounce: PostgreSQL's clock is not ours."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mailing_trace SET write_date = %s WHERE id = %s",
            [datetime.now(), trace.id],
        )
        trace.invalidate_recordset(["write_date"])

    def test_what_did_not_fail_is_no_bounce(self):
        for number in range(4):
            self.clock.tick(24 * 3600)
            trace = self.send(number)
            self.come_back(trace, "4.4.1", "delayed")
            self.come_back(trace, "2.0.0", "delivered")
            self.come_back(trace, "2.1.9", "relayed")
            self.run_inbox()
            self.assertEqual(trace.trace_status, "sent")
        self.assertEqual(self.partner.message_bounce, 0)
        self.assertEqual(self.ana.suppression, "none")
        self.assertFalse(self.touchpoints_of("ana@example.com", "soft_bounce"))

    def test_the_sender_and_the_way_are_never_held_against_the_person(self):
        for number, status in enumerate(("5.1.8", "5.1.7", "5.4.6", "5.5.1", "5.2.3")):
            self.clock.tick(20 * 24 * 3600)
            self.come_back(self.send(number), status)
            self.run_inbox()
            self.assertEqual(self.ana.suppression, "none", status)

    def test_three_in_a_row_are_enough(self):
        for number in range(3):
            self.assertEqual(self.ana.suppression, "none")
            self.clock.tick(24 * 3600)
            self.come_back(self.send(number), "4.2.2")
            self.run_inbox()
        self.assertEqual(self.ana.suppression, "soft_bounce")

    def test_a_mail_that_arrived_ends_the_row(self):
        for number in range(4):
            self.clock.tick(24 * 3600)
            trace = self.send(number)
            if number == 1:
                trace.set_opened()
            else:
                self.come_back(trace, "4.2.2")
            self.run_inbox()
        self.assertEqual(self.ana.suppression, "none")

    def test_bounces_long_ago_do_not_count(self):
        for number in range(3):
            self.clock.tick(20 * 24 * 3600)
            self.come_back(self.send(number), "4.2.2")
            self.run_inbox()
        self.assertEqual(self.ana.suppression, "none")

    def test_how_many_in_a_row_is_a_setting(self):
        settings = self.env["res.config.settings"].create(
            {"marketing_soft_bounce_limit": 1, "marketing_soft_bounce_days": 5}
        )
        settings.execute()
        self.come_back(self.send(), "4.2.2")
        self.run_inbox()
        self.assertEqual(self.ana.suppression, "soft_bounce")
        self.ana._lift_suppression("The mailbox is empty again")
        settings.marketing_soft_bounce_limit = 0
        settings.execute()
        self.clock.tick(3600)
        self.come_back(self.send(1), "4.2.2")
        self.run_inbox()
        self.assertEqual(self.ana.suppression, "none")

    def test_a_notification_about_no_mail_of_ours_changes_nothing(self):
        """Anybody can write to the bounce address."""
        trace = self.send()
        trace.message_id = "<another@pumps.example.com>"
        self.gateway.message_process(
            None,
            BOUNCE.format(
                number=1,
                email="ana@example.com",
                action="failed",
                status="5.1.1",
                message_id="<made-up@pumps.example.com>",
            ),
        )
        self.run_inbox()
        self.assertEqual(self.ana.suppression, "none")

    # ------------------------------------------------------------------
    # complaints
    # ------------------------------------------------------------------

    def test_a_complaint_stops_the_mail_at_once(self):
        trace = self.send()
        self.complain(trace)
        self.assertEqual(self.ana.suppression, "complaint")
        self.assertEqual(
            self.touchpoints_of("ana@example.com", "complaint"), ["complaint"]
        )
        self.assertEqual(trace.trace_status, "sent", "It did arrive")
        self.complain(trace)
        self.assertEqual(
            self.touchpoints_of("ana@example.com", "complaint"), ["complaint"]
        )

    def test_what_is_no_complaint_changes_nothing(self):
        trace = self.send()
        self.complain(trace, kind="not-spam")
        trace.message_id = "<another@pumps.example.com>"
        self.gateway.message_process(
            None,
            REPORT.format(
                kind="abuse", part="message/rfc822", message_id="<made-up@x.example>"
            ),
        )
        self.assertEqual(self.ana.suppression, "none")

    # ------------------------------------------------------------------
    # lifting
    # ------------------------------------------------------------------

    def test_a_manager_lifts_with_a_reason_that_stays(self):
        self.come_back(self.send(), "5.1.1")
        self.run_inbox()
        person = self.ana.with_user(self.user_manager)
        action = person.action_lift_suppression()
        wizard = (
            self.env["marketing.suppression.lift"]
            .with_user(self.user_manager)
            .with_context(**action["context"])
            .create({"reason": "  She called: the mailbox works  "})
        )
        self.assertFalse(wizard.has_complaint)
        wizard.action_lift()
        self.assertEqual(self.ana.suppression, "none")
        self.assertFalse(self.ana.suppression_date)
        [lifted] = self.env["marketing.touchpoint"].search(
            [
                ("person_id", "=", self.ana.id),
                ("type_id.code", "=", "suppression_lifted"),
            ]
        )
        self.assertEqual(
            lifted.data,
            {
                "was": "bounce",
                "since": "2026-03-04 10:00:00",
                "reason": "She called: the mailbox works",
                "user": self.user_manager.name,
                "user_id": self.user_manager.id,
            },
        )
        self.assertIn("She called", lifted.description)
        self.run_inbox()
        self.assertEqual(self.ana.suppression, "none")

    def test_nobody_lifts_without_a_reason_or_the_right(self):
        self.come_back(self.send(), "5.1.1")
        with self.assertRaises(UserError):
            self.ana.with_user(self.user_manager)._lift_suppression("   ")
        for user in (self.user_marketing, self.user_sales):
            with self.assertRaises(AccessError):
                self.ana.with_user(user)._lift_suppression("I want to")
        self.assertEqual(self.ana.suppression, "bounce")

    def test_an_opt_out_is_not_lifted(self):
        self.come_back(self.send(), "5.1.1")
        self.env["mail.blacklist"]._block(["ana@example.com"])
        self.env["marketing.suppression"]._suppress(["ana@example.com"], "manual")
        wizard = (
            self.env["marketing.suppression.lift"]
            .with_user(self.user_manager)
            .create({"person_ids": self.ana.ids, "reason": "Wrong bounce"})
        )
        self.assertEqual(wizard.still_refused_ids.ids, self.ana.ids)
        wizard.action_lift()
        self.assertEqual(self.ana.suppression, "none")
        self.assertTrue(self.ana.is_blacklisted)
        self.assertTrue(self.ana.is_suppressed)


@tagged("post_install", "-at_install")
class TestRefusalsBySmtp(MarketingCase):
    """What the server says while it is handed a mail is a bounce as well."""

    def refuse(self, answer, composed=True):
        partner = self.make_partner("ben@example.com", name="Ben")
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Pumps",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "body_html": "<p>Hello</p>",
            }
        )
        person = self.person_of("ben@example.com")
        deliveries = self.env["marketing.delivery"]
        deliveries._plan(mailing, [(person.id, partner.id, 0)])
        delivery = deliveries.search([("mailing_id", "=", mailing.id)])
        if composed:
            self.env.cr.execute(
                "UPDATE marketing_delivery SET state = 'sending', composed_date = %s"
                " WHERE id = %s",
                [NOW, delivery.id],
            )
            delivery.invalidate_recordset()
        deliveries._fail({delivery.id: answer})
        return self.person_of("ben@example.com")

    def test_an_unknown_recipient_is_suppressed(self):
        person = self.refuse("{'ben@example.com': (550, b'5.1.1 unknown user')}")
        self.assertEqual(person.suppression, "bounce")
        self.assertIn("hard_bounce", self.touchpoints_of("ben@example.com"))

    def test_a_policy_is_not_about_the_person(self):
        person = self.refuse("550 5.7.1 Blocked")
        self.run_inbox()
        self.assertEqual(person.suppression, "none")
        self.assertIn("policy_bounce", self.touchpoints_of("ben@example.com"))

    def test_a_refused_sender_is_not_the_fault_of_the_person(self):
        for error in (
            smtplib.SMTPSenderRefused(550, b"5.1.8 unknown domain", "a@b.example"),
            smtplib.SMTPSenderRefused(550, b"5.1.1 unknown user", "a@b.example"),
        ):
            for answer in (describe(error), f"SMTPSenderRefused: {error}"):
                with self.subTest(answer=answer):
                    person = self.refuse(answer)
                    self.run_inbox()
                    self.assertEqual(person.suppression, "none")
        self.assertNotIn("hard_bounce", self.touchpoints_of("ben@example.com"))

    def test_a_network_address_is_no_status(self):
        person = self.refuse("554 client [5.1.66.12] blocked")
        self.run_inbox()
        self.assertEqual(person.suppression, "none")

    def test_a_template_that_fails_is_no_server(self):
        self.refuse("ValueError: 550 pumps are not enough", composed=False)
        self.assertNotIn("soft_bounce", self.touchpoints_of("ben@example.com"))
