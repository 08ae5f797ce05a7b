"""Webhooks: what providers report becomes history, once."""

import json
from unittest.mock import patch

import requests

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models import marketing_webhook
from ..tools.webhook import ProviderEvent
from .webhook_common import BASIC, WebhookCase, sign_as_mailgun
from .webhook_report_common import (
    CERTIFICATE_URL,
    MAILGUN,
    POSTMARK,
    SES_BOUNCE,
    SES_COMPLAINT,
    sns,
    sns_question,
)


@tagged("post_install", "-at_install")
class TestWebhook(WebhookCase):
    def test_a_bounce_suppresses_and_shows_in_the_mailing(self):
        trace = self.send()
        webhook = self.make_webhook()
        self.assertEqual(webhook._take(sns(SES_BOUNCE), {}), 200)
        event = self.events_of("jane@example.com")
        self.assertEqual(event.type_id.code, "hard_bounce")
        self.assertEqual(event.mailing_id, self.mailing)
        self.assertEqual(event.data["status"], "5.1.1")
        self.assertEqual(trace.trace_status, "bounce")
        self.assertEqual(self.person_of("jane@example.com").suppression, "bounce")
        self.assertEqual(self.mailing.bounced, 1)

    def test_the_same_request_twice_changes_nothing(self):
        self.send()
        webhook = self.make_webhook()
        for _time in range(3):
            webhook._take(sns(SES_BOUNCE), {})
            self.env.cr.precommit.run()
        self.assertEqual(len(self.events_of("jane@example.com")), 1)
        webhook.invalidate_recordset()
        self.assertEqual(webhook.call_count, 3)
        self.assertEqual(webhook.taken_count, 1)
        self.assertEqual(webhook.ignored_count, 2)

    def test_a_bounce_that_a_notification_told_is_the_same_one(self):
        trace = self.send()
        trace.set_bounced(bounce_message="no such user")
        self.env.cr.precommit.run()
        self.make_webhook()._take(sns(SES_BOUNCE), {})
        self.assertEqual(len(self.events_of("jane@example.com")), 1)

    def test_a_complaint(self):
        content = json.loads(json.dumps(SES_COMPLAINT))
        content["complaint"]["complainedRecipients"][0]["emailAddress"] = (
            "Jane@Example.com"
        )
        self.send()
        self.make_webhook()._take(sns(content), {})
        self.assertEqual(self.person_of("jane@example.com").suppression, "complaint")
        self.assertEqual(self.events_of("jane@example.com").type_id.code, "complaint")

    def test_strangers_are_not_made_persons(self):
        webhook = self.make_webhook()
        self.assertEqual(webhook._take(sns(SES_BOUNCE), {}), 200)
        self.assertFalse(self.person_of("jane@example.com"))
        self.assertEqual(webhook.ignored_count, 1)

    def test_a_mail_to_somebody_else_is_not_marked(self):
        trace = self.send(email="other@example.com")
        self.make_partner("jane@example.com")
        self.make_webhook()._take(sns(SES_BOUNCE), {})
        self.assertEqual(trace.trace_status, "sent")
        event = self.events_of("jane@example.com")
        self.assertFalse(event.mailing_id)

    def test_requests_of_others_are_refused_and_counted(self):
        self.send()
        webhook = self.make_webhook(secret="arn:of:another:topic")
        self.assertEqual(webhook._take(sns(SES_BOUNCE), {}), 403)
        self.assertFalse(self.events_of("jane@example.com"))
        self.assertEqual(webhook.refused_count, 1)
        webhook.secret = False
        self.assertTrue(webhook.is_incomplete)
        self.assertEqual(webhook._take(sns(SES_BOUNCE), {}), 403)

    def test_a_request_that_amazon_did_not_sign_is_refused(self):
        self.send()
        webhook = self.make_webhook()
        envelope = json.loads(sns(SES_BOUNCE))
        evil = CERTIFICATE_URL.replace("amazonaws.com", "evil.example")
        for changes in (
            {"Message": json.dumps(SES_COMPLAINT)},
            {"Signature": ""},
            {"SigningCertURL": evil},
            {"Timestamp": "2026-02-04T09:59:00.000Z"},
        ):
            with self.subTest(changes=changes):
                body = json.dumps(envelope | changes).encode()
                self.assertEqual(webhook._take(body, {}), 403)
        self.assertFalse(self.events_of("jane@example.com"))
        self.assertEqual(self.person_of("jane@example.com").suppression, "none")
        self.assertEqual(set(self.asked), {CERTIFICATE_URL})
        self.assertEqual(webhook._take(sns(SES_BOUNCE), {}), 200)

    def test_nobody_is_asked_because_a_stranger_wants_it(self):
        self.make_webhook()._take(sns(SES_BOUNCE, topic="arn:of:a:stranger"), {})
        self.assertFalse(self.asked)

    def test_without_the_certificate_amazon_tries_again(self):
        self.send()
        webhook = self.make_webhook()
        with (
            patch.object(
                marketing_webhook,
                "fetch_certificate",
                side_effect=requests.ConnectionError("no network"),
            ),
            self.assertLogs(marketing_webhook.__name__, "WARNING"),
        ):
            self.assertEqual(webhook._take(sns(SES_BOUNCE), {}), 503)
        self.assertFalse(self.events_of("jane@example.com"))
        self.assertIn("certificate", webhook.call_ids.error)
        self.assertEqual(webhook._take(sns(SES_BOUNCE), {}), 200)
        self.assertTrue(self.events_of("jane@example.com"))

    def test_a_signature_of_mailgun_is_good_for_one_event(self):
        """It covers no event: who has seen one could sign what he likes."""
        self.make_partner("alice@example.com")
        webhook = self.make_webhook("mailgun", secret="key")
        opened = {"event-data": MAILGUN["event-data"] | {"event": "opened"}}
        now = 1772618400
        self.assertEqual(webhook._take(sign_as_mailgun(opened, now), {}), 200)
        self.assertEqual(webhook._take(sign_as_mailgun(MAILGUN, now), {}), 200)
        self.assertFalse(self.events_of("alice@example.com"))
        self.assertEqual(webhook.ignored_count, 2)
        other = self.make_webhook("mailgun", secret="key")
        self.assertEqual(other._take(sign_as_mailgun(MAILGUN, now), {}), 200)
        self.assertTrue(self.events_of("alice@example.com"), "another webhook")

    def test_an_old_signature_of_mailgun_is_a_replay(self):
        webhook = self.make_webhook("mailgun", secret="key")
        week_ago = 1772618400 - 7 * 24 * 3600
        self.assertEqual(webhook._take(sign_as_mailgun(MAILGUN, week_ago), {}), 403)

    def test_postmark_needs_its_key(self):
        self.make_partner("arthur@example.com")
        webhook = self.make_webhook("postmark", secret=False)
        self.assertTrue(webhook.is_incomplete)
        body = json.dumps(POSTMARK).encode()
        self.assertEqual(webhook._take(body, {}), 403)
        self.assertEqual(webhook._take(body, BASIC), 403)
        webhook.secret = "odoo:secret"
        self.assertFalse(webhook.is_incomplete)
        self.assertEqual(webhook._take(body, {}), 403)
        self.assertFalse(self.events_of("arthur@example.com"))
        self.assertEqual(webhook._take(body, BASIC), 200)

    def test_what_is_not_understood_is_counted(self):
        webhook = self.make_webhook("postmark", secret="odoo:secret")
        body = json.dumps({"RecordType": "Future"}).encode()
        self.assertEqual(webhook._take(body, BASIC), 200)
        self.assertEqual(webhook._take(b"{", BASIC), 400)
        self.assertEqual(webhook.unknown_count, 1)
        self.assertEqual(webhook.refused_count, 1)

    def test_amazons_question_waits_for_a_manager(self):
        webhook = self.make_webhook()
        url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription"
        self.assertEqual(webhook._take(sns_question(url), {}), 200)
        self.assertEqual(webhook.subscribe_url, url)

    def test_unsubscribing_at_the_provider_is_an_opt_out(self):
        self.make_partner("arthur@example.com")
        webhook = self.make_webhook("postmark", secret="odoo:secret")
        change = {
            "RecordType": "SubscriptionChange",
            "SuppressSending": True,
            "SuppressionReason": "ManualSuppression",
            "Recipient": "arthur@example.com",
            "ChangedAt": "2026-03-04T09:00:00Z",
        }
        webhook._take(json.dumps(change).encode(), BASIC)
        self.assertTrue(self.person_of("arthur@example.com").is_blacklisted)

    def test_only_managers_see_addresses_and_keys(self):
        webhook = self.make_webhook()
        self.assertIn(webhook.token, webhook.with_user(self.user_manager).url)
        for user in (self.user_marketing, self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                webhook.with_user(user).read(["name"])

    def test_managers_see_webhooks_of_their_companies(self):
        webhooks = self.make_webhook(), self.make_webhook(), self.make_webhook()
        everybodys, ours, theirs = webhooks
        ours.company_id = self.env.company
        theirs.company_id = self.company_other
        for webhook in webhooks:
            webhook._take(b"{", {})
        everything = self.env["marketing.webhook"].concat(*webhooks)
        for model in ("marketing.webhook", "marketing.webhook.call"):
            field = "id" if model == "marketing.webhook" else "webhook_id"
            found = self.env[model].with_user(self.user_manager)
            seen = found.search([(field, "in", everything.ids)]).mapped(field)
            ids = seen if field == "id" else seen.ids
            self.assertEqual(set(ids), {everybodys.id, ours.id})
        with self.assertRaises(AccessError):
            theirs.with_user(self.user_manager).read(["name"])

    def test_bounces_are_marked_together(self):
        traces = [
            self.send(f"reader{number}@example.com", f"<{number}@pumps.example.com>")
            for number in range(6)
        ]
        rows = [
            (ProviderEvent("hard_bounce", diagnostic=f"550 no {number}"), trace, None)
            for number, trace in enumerate(traces)
        ]
        webhooks = self.env["marketing.webhook"]
        statements = self.env.cr.sql_log_count
        webhooks._mark_bounced(rows[:1])
        self.env.flush_all()
        one = self.env.cr.sql_log_count - statements
        webhooks._mark_bounced(rows[1:])
        self.env.flush_all()
        many = self.env.cr.sql_log_count - statements - one
        self.assertLessEqual(many, one + 1)
        for number, trace in enumerate(traces):
            self.assertEqual(trace.trace_status, "bounce")
            self.assertEqual(trace.failure_reason, f"550 no {number}")

    def test_a_new_address_shuts_out_who_knows_the_old_one(self):
        webhook = self.make_webhook()
        token = webhook.token
        webhook.action_renew_token()
        find = self.env["marketing.webhook"]._find
        self.assertFalse(find("ses", token))
        self.assertEqual(find("ses", webhook.token), webhook)
        self.assertFalse(find("sendgrid", webhook.token))
