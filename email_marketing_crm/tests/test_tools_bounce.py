"""What messages that came back say."""

import unittest
from email import message_from_string, policy

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.bounce import (
    find_status,
    is_automatic_reply,
    is_permanent,
    read_bounce,
    read_refusal,
)

NOTIFICATION = """\
From: MAILER-DAEMON@mx.example.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; ana@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no

--b--
"""


def notification(status, action="failed"):
    text = NOTIFICATION.format(status=status, action=action)
    return message_from_string(text, policy=policy.SMTP)


class TestBounce(unittest.TestCase):
    def test_an_address_that_does_not_exist_is_hard(self):
        for status in ("5.1.1", "5.1.2", "5.2.1", "5.0.0", "5.4.4"):
            with self.subTest(status=status):
                self.assertEqual(read_bounce(notification(status)).kind, "hard_bounce")

    def test_full_mailbox_and_delay_are_soft(self):
        for status in ("5.2.2", "4.2.2", "4.4.1"):
            with self.subTest(status=status):
                self.assertEqual(read_bounce(notification(status)).kind, "soft_bounce")

    def test_a_policy_is_about_the_sender(self):
        for status in ("5.7.1", "5.7.26", "4.7.0"):
            with self.subTest(status=status):
                self.assertEqual(
                    read_bounce(notification(status)).kind, "policy_bounce"
                )

    def test_what_the_server_wrote_is_kept(self):
        bounce = read_bounce(notification("5.1.1"))
        self.assertEqual(bounce, ("hard_bounce", "5.1.1", "smtp; 550 5.1.1 no"))

    def test_a_status_in_words_counts_too(self):
        message = message_from_string(
            "Subject: failure\n\n550 5.7.1 Message rejected as spam",
            policy=policy.SMTP,
        )
        self.assertEqual(read_bounce(message).kind, "policy_bounce")

    def test_a_message_without_status_is_soft(self):
        message = message_from_string(
            "Subject: returned\n\nNo reason", policy=policy.SMTP
        )
        self.assertEqual(read_bounce(message).kind, "soft_bounce")
        self.assertIsNone(find_status(message))

    @given(st.integers(2, 5), st.integers(0, 999), st.integers(0, 999))
    def test_only_class_five_is_permanent(self, kind, subject, detail):
        if is_permanent((kind, subject, detail)):
            self.assertEqual(kind, 5)
            self.assertNotEqual(subject, 7)


class TestRefusal(unittest.TestCase):
    def test_answers_of_servers(self):
        for answer, kind in (
            ("550 5.1.1 <ana@example.com>: Recipient unknown", "hard_bounce"),
            ("{'ana@example.com': (550, b'5.1.1 no such user')}", "hard_bounce"),
            ("550 User unknown", "hard_bounce"),
            ("550-5.7.26 This mail is unauthenticated", "policy_bounce"),
            ("554 Blocked by our policy", "policy_bounce"),
            ("452 4.2.2 Mailbox full", "soft_bounce"),
            ("550 Sorry", "soft_bounce"),
            ("421 Try again", "soft_bounce"),
        ):
            with self.subTest(answer=answer):
                self.assertEqual(read_refusal(answer).kind, kind)

    def test_what_is_no_answer(self):
        for text in ("", None, "KeyError: 'name'", "250 2.0.0 OK", "[Errno 111]"):
            with self.subTest(text=text):
                self.assertIsNone(read_refusal(text))

    @given(st.text())
    def test_any_text_can_be_read(self, text):
        found = read_refusal(text)
        if found:
            self.assertLessEqual(len(found.diagnostic), 200)


class TestAutomaticReply(unittest.TestCase):
    def check(self, header, expected):
        message = message_from_string(f"{header}\n\nI am away", policy=policy.SMTP)
        self.assertIs(is_automatic_reply(message), expected)

    def test_absence_notes(self):
        self.check("Auto-Submitted: auto-replied", True)
        self.check("X-Autoreply: yes", True)
        self.check("Precedence: auto_reply", True)

    def test_people(self):
        self.check("Subject: Re: Prices", False)
        self.check("Auto-Submitted: no", False)
        self.check("Precedence: bulk", False)
