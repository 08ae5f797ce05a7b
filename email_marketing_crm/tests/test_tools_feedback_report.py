"""Complaints as mailbox providers send them."""

import unittest
from email import message_from_bytes, message_from_string, policy

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.email_marketing_crm.tools.feedback_report import read_feedback

#: After the example of RFC 5965, appendix B.
REPORT = """\
From: <abusedesk@example.com>
Date: Thu, 8 Mar 2026 17:40:36 EDT
Subject: FW: Earn money
To: <bounce@pumps.example.com>
Message-ID: <report@example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message received from IP
192.0.2.1 on Thu, 8 Mar 2026 14:00:00 EDT.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <news@pumps.example.com>
Original-Rcpt-To: <redacted@example.com>
Received-Date: Thu, 8 Mar 2026 14:00:00 EDT

--part1_13d.2e68ed54_boundary
Content-Type: {part}
Content-Disposition: inline

From: <news@pumps.example.com>
To: <redacted@example.com>
Subject: New pumps
MIME-Version: 1.0
Content-type: text/plain
Message-ID: {message_id}

Spam spam spam

--part1_13d.2e68ed54_boundary--
"""


def report(kind="abuse", part="message/rfc822", message_id="<pumps@example.com>"):
    text = REPORT.format(kind=kind, part=part, message_id=message_id)
    return message_from_string(text, policy=policy.SMTP)


class TestFeedbackReport(unittest.TestCase):
    def test_a_complaint_says_which_mail_it_is_about(self):
        for part in ("message/rfc822", "text/rfc822-headers"):
            with self.subTest(part=part):
                found = read_feedback(report(part=part))
                self.assertTrue(found.is_complaint)
                self.assertEqual(found.feedback_type, "abuse")
                self.assertEqual(found.message_ids, ("<pumps@example.com>",))
                self.assertEqual(found.user_agent, "SomeGenerator/1.0")

    def test_other_policies_of_parsing_read_the_same(self):
        text = report().as_bytes()
        for parsing in (policy.compat32, policy.default, policy.SMTP):
            with self.subTest(policy=parsing):
                found = read_feedback(message_from_bytes(text, policy=parsing))
                self.assertEqual(found.message_ids, ("<pumps@example.com>",))

    def test_taking_a_complaint_back_is_none(self):
        for kind in ("not-spam", "virus", "auth-failure"):
            with self.subTest(kind=kind):
                self.assertFalse(read_feedback(report(kind)).is_complaint)

    def test_other_mail_is_no_report(self):
        for text in ("Subject: Hello\n\nHow are you?", ""):
            self.assertIsNone(read_feedback(message_from_string(text)))

    @given(st.binary(max_size=200))
    def test_whatever_the_parts_hold(self, noise):
        text = (
            b"Content-Type: multipart/report; boundary=b\n\n--b\n"
            b"Content-Type: message/feedback-report\n\n" + noise + b"\n--b\n"
            b"Content-Type: text/rfc822-headers\n\n" + noise + b"\n--b--\n"
        )
        for parsing in (policy.compat32, policy.SMTP):
            found = read_feedback(message_from_bytes(text, policy=parsing))
            if found:
                self.assertIsInstance(found.is_complaint, bool)
