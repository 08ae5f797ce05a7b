"""What Amazon SES reports, and that nobody else signs for it."""

import json
import unittest
from datetime import datetime

from odoo.addons.email_marketing_crm.tools import webhook_ses

from .webhook_report_common import (
    CERTIFICATE_URL,
    LATER,
    NOW,
    SES_BOUNCE,
    SES_COMPLAINT,
    SES_DELIVERY,
    TOPIC,
    amazon,
    dump,
    sns,
    sns_question,
)


class TestAmazon(unittest.TestCase):
    def test_a_bounce_for_good(self):
        [event] = webhook_ses.read_events(sns(SES_BOUNCE))
        self.assertEqual(event.kind, "hard_bounce")
        self.assertEqual(event.email, "jane@example.com")
        self.assertEqual(event.message_id, "<ours@pumps.example.com>")
        self.assertEqual(event.date, datetime(2026, 3, 4, 9, 58, 45))
        self.assertEqual(event.status, "5.1.1")
        self.assertTrue(event.id)

    def test_kinds_of_bounces(self):
        for kind, subtype, status, expected in (
            ("Permanent", "OnAccountSuppressionList", None, "hard_bounce"),
            ("Permanent", "General", "5.7.1", "policy_bounce"),
            ("Transient", "MailboxFull", "5.2.2", "soft_bounce"),
            ("Transient", "General", "5.1.1", "soft_bounce"),
            ("Transient", "ContentRejected", "5.6.1", "policy_bounce"),
            ("Undetermined", "Undetermined", None, "soft_bounce"),
        ):
            with self.subTest(kind=kind, subtype=subtype, status=status):
                content = json.loads(json.dumps(SES_BOUNCE))
                content["bounce"].update(bounceType=kind, bounceSubType=subtype)
                content["bounce"]["bouncedRecipients"][0]["status"] = status
                [event] = webhook_ses.read_events(sns(content))
                self.assertEqual(event.kind, expected)

    def test_complaints_and_deliveries(self):
        [complaint] = webhook_ses.read_events(sns(SES_COMPLAINT))
        self.assertEqual(complaint.kind, "complaint")
        deliveries = webhook_ses.read_events(sns(SES_DELIVERY))
        self.assertEqual([event.kind for event in deliveries], ["delivered"] * 2)
        self.assertEqual(len({event.id for event in deliveries}), 2)

    def test_a_complaint_taken_back_is_none(self):
        content = json.loads(json.dumps(SES_COMPLAINT))
        content["complaint"]["complaintFeedbackType"] = "not-spam"
        [event] = webhook_ses.read_events(sns(content))
        self.assertEqual(event.kind, "ignored")

    def test_only_topics_of_ours(self):
        def check(body, secret, now=NOW):
            return webhook_ses.is_authentic(body, {}, secret, now)

        self.assertTrue(check(sns({}), f"arn:other\n {TOPIC} \n"))
        self.assertFalse(check(sns({}, topic="arn:other"), TOPIC))
        self.assertFalse(check(sns({}, topic=""), ""))
        self.assertFalse(check(b"no json", TOPIC))
        self.assertFalse(check(sns({}), TOPIC, LATER))

    def test_its_signature(self):
        _key, certificate = amazon()
        for body in (
            sns(SES_BOUNCE),
            sns(SES_BOUNCE, version="1"),
            sns(SES_BOUNCE, Subject="Amazon SES Email Event Notification"),
            sns_question("https://sns.eu-west-1.amazonaws.com/?Action=Confirm"),
        ):
            self.assertTrue(webhook_ses.is_signed(body, certificate))
            envelope = json.loads(body)
            for name in set(envelope) - {"SigningCertURL"}:
                for value in ("other", None, [], {}):
                    with self.subTest(name=name, value=value):
                        forged = dump(envelope | {name: value})
                        self.assertFalse(webhook_ses.is_signed(forged, certificate))
            added = dump(envelope | {"Subject": "Another subject"})
            if envelope["Type"] == "Notification":
                self.assertFalse(webhook_ses.is_signed(added, certificate))
        self.assertFalse(webhook_ses.is_signed(sns({}), b"no certificate"))

    def test_only_amazon_keeps_certificates(self):
        def find(url):
            return webhook_ses.find_certificate_url(dump({"SigningCertURL": url}))

        self.assertEqual(find(CERTIFICATE_URL), CERTIFICATE_URL)
        china = CERTIFICATE_URL.replace(
            "eu-west-1.amazonaws.com", "cn-north-1.amazonaws.com.cn"
        )
        self.assertEqual(find(china), china)
        for url in (
            CERTIFICATE_URL.replace("https", "http"),
            CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.evil.example"),
            CERTIFICATE_URL.replace("sns.", "evil.example/sns."),
            CERTIFICATE_URL.replace("https://", "https://evil.example@"),
            CERTIFICATE_URL.replace("/Simple", ":8443/Simple"),
            CERTIFICATE_URL.replace("/Simple", "/../Simple"),
            "https://bucket.s3.amazonaws.com/SimpleNotificationService-01.pem",
            CERTIFICATE_URL + "\n",
            CERTIFICATE_URL + "?x",
            "",
            None,
            ["https"],
        ):
            with self.subTest(url=url):
                self.assertEqual(find(url), "")

    def test_amazons_own_number_of_a_mail_is_of_no_use(self):
        content = json.loads(json.dumps(SES_BOUNCE))
        del content["mail"]["headers"]
        [event] = webhook_ses.read_events(sns(content))
        self.assertEqual(event.message_id, "")
        content["mail"]["commonHeaders"]["messageId"] = "<ours@pumps.example.com>"
        [event] = webhook_ses.read_events(sns(content))
        self.assertEqual(event.message_id, "<ours@pumps.example.com>")

    def test_a_subscription_is_confirmed_at_amazon_only(self):
        for url, kind in (
            ("https://sns.eu-west-1.amazonaws.com/?Action=Confirm", "subscription"),
            ("https://sns.evil.example/amazonaws.com/", "ignored"),
            ("http://sns.eu-west-1.amazonaws.com/", "ignored"),
        ):
            with self.subTest(url=url):
                body = dump(
                    {
                        "Type": "SubscriptionConfirmation",
                        "TopicArn": TOPIC,
                        "SubscribeURL": url,
                    }
                )
                [event] = webhook_ses.read_events(body)
                self.assertEqual(event.kind, kind)
