"""What messages that came back say."""

import unittest
from email import message_from_string, policy

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.bounce import (
    classify_status,
    find_status,
    find_status_in,
    is_automatic_reply,
    is_failure,
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

    def test_what_each_code_means(self):
        for status, kind in (
            # the address
            ("5.1.0", "hard_bounce"),
            ("5.1.3", "hard_bounce"),
            ("5.1.6", "hard_bounce"),
            ("5.1.10", "hard_bounce"),
            ("5.4.1", "hard_bounce"),
            # the sender
            ("5.1.7", "policy_bounce"),
            ("5.1.8", "policy_bounce"),
            ("4.1.8", "policy_bounce"),
            ("5.7.0", "policy_bounce"),
            # the mail, the way, the moment
            ("5.1.9", "soft_bounce"),
            ("5.2.0", "soft_bounce"),
            ("5.2.3", "soft_bounce"),
            ("5.2.4", "soft_bounce"),
            ("5.3.4", "soft_bounce"),
            ("5.4.0", "soft_bounce"),
            ("5.4.6", "soft_bounce"),
            ("5.4.7", "soft_bounce"),
            ("5.5.0", "soft_bounce"),
            ("5.5.1", "soft_bounce"),
            ("5.5.4", "soft_bounce"),
            ("5.6.1", "soft_bounce"),
            ("4.1.1", "soft_bounce"),
        ):
            with self.subTest(status=status):
                numbers = tuple(int(number) for number in status.split("."))
                self.assertEqual(classify_status(numbers), kind)
                self.assertEqual(read_bounce(notification(status)).kind, kind)

    def test_words_count_where_a_code_says_nothing(self):
        for status, words, kind in (
            ((5, 0, 0), "550 Blocked by our block list", "policy_bounce"),
            ((5, 0, 0), "550 No such user here", "hard_bounce"),
            ((5, 5, 0), "550 User unknown", "hard_bounce"),
            ((5, 5, 0), "550 Rejected as spam", "policy_bounce"),
            ((5, 1, 0), "550 Sender address rejected: not found", "policy_bounce"),
            ((5, 1, 1), "550 Recipient address rejected", "hard_bounce"),
            ((5, 1, 1), "550 User unknown, see our policy", "hard_bounce"),
        ):
            with self.subTest(status=status, words=words):
                self.assertEqual(classify_status(status, words), kind)

    def test_a_network_address_or_a_version_is_no_code(self):
        for text, status in (
            ("554 client [5.1.66.12] blocked", None),
            ("554 192.5.1.1 is listed", None),
            ("550 host 4.4.4.4 said: 5.1.1 no such user", (5, 1, 1)),
            ("550 Exim 4.94.2 says no", None),
            ("550 5.1.1. Sorry", (5, 1, 1)),
            ("550-5.7.26 no", (5, 7, 26)),
            ("2.0.0 queued, later 5.2.2 full", (5, 2, 2)),
            ("smtp;550 #5.1.1#", (5, 1, 1)),
        ):
            with self.subTest(text=text):
                self.assertEqual(find_status_in(text), status)

    @given(st.lists(st.integers(0, 255), min_size=4, max_size=4))
    def test_no_network_address_is_a_code(self, numbers):
        address = ".".join(map(str, numbers))
        self.assertIsNone(find_status_in(f"554 [{address}] listed, {address}."))

    def test_what_did_not_fail_is_no_bounce(self):
        for status, action, expected in (
            ("5.1.1", "failed", True),
            ("5.1.1", "Failed (to be sure)", True),
            ("4.4.1", "delayed", False),
            ("2.0.0", "delivered", False),
            ("2.1.9", "relayed", False),
            ("2.0.0", "expanded", False),
        ):
            with self.subTest(action=action):
                self.assertIs(is_failure(notification(status, action)), expected)

    def test_a_notification_without_an_action_is_a_failure(self):
        for status, expected in (("5.1.1", True), ("4.2.2", True), ("2.0.0", False)):
            text = NOTIFICATION.replace("Action: {action}\n", "").format(status=status)
            message = message_from_string(text, policy=policy.SMTP)
            with self.subTest(status=status):
                self.assertIs(is_failure(message), expected)
        message = message_from_string("Subject: returned\n\nNo", policy=policy.SMTP)
        self.assertTrue(is_failure(message))

    def test_a_read_receipt_is_no_bounce(self):
        text = NOTIFICATION.replace("delivery-status", "disposition-notification")
        message = message_from_string(text, policy=policy.SMTP)
        self.assertFalse(is_failure(message))

    def test_of_several_recipients_those_count_who_did_not_get_it(self):
        text = NOTIFICATION.format(status="5.2.2", action="failed").replace(
            "Final-Recipient",
            "Final-Recipient: rfc822; ben@example.com\nAction: delivered\n"
            "Status: 2.0.0\n\nFinal-Recipient",
        )
        message = message_from_string(text, policy=policy.SMTP)
        self.assertTrue(is_failure(message))
        self.assertEqual(read_bounce(message).status, "5.2.2")

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
            ("554 client [5.1.66.12] blocked", "policy_bounce"),
            ("550 5.1.8 <a@pumps.example>: domain not found", "policy_bounce"),
            ("552 5.2.3 Message too large", "soft_bounce"),
            ("554 5.4.6 Too many hops", "soft_bounce"),
            ("501 5.5.4 Invalid argument", "soft_bounce"),
            # as Odoo and our own lane name a sender that is refused
            ("SMTPSenderRefused: (550, b'5.1.1 who?', 'a@b.c')", "policy_bounce"),
            ("Sender refused: 550 No such user", "policy_bounce"),
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
