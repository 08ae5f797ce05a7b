"""Which mail a provider means with its report."""

import json
from datetime import timedelta

from odoo.tests import tagged

from .common import NOW
from .webhook_common import BASIC, WebhookCase
from .webhook_report_common import POSTMARK, SES_BOUNCE, sns


@tagged("post_install", "-at_install")
class TestWebhookMail(WebhookCase):
    def postmark(self, hours=1, **changes):
        """Postmark reports so many hours after the mail."""
        moment = (NOW + timedelta(hours=hours)).isoformat() + "Z"
        body = POSTMARK | {"BouncedAt": moment} | changes
        webhook = self.make_webhook("postmark", secret="odoo:secret")
        self.clock.move_to(NOW + timedelta(hours=max(hours, 0)))
        self.assertEqual(webhook._take(json.dumps(body).encode(), BASIC), 200)
        return self.events_of("arthur@example.com")

    def test_postmark_means_the_last_mail(self):
        first = self.send("arthur@example.com", "<first@pumps>")
        self.clock.tick(60)
        second = self.send("arthur@example.com", "<second@pumps>")
        other = self.send("jane@example.com", "<third@pumps>")
        last = second.mass_mailing_id
        event = self.postmark()
        self.assertEqual(event.mailing_id, last)
        self.assertEqual(second.trace_status, "bounce")
        self.assertEqual((first.trace_status, other.trace_status), ("sent", "sent"))
        self.assertEqual(last.bounced, 1)

    def test_a_complaint_over_postmark_belongs_to_the_last_mail(self):
        self.send("arthur@example.com", "<first@pumps>")
        event = self.postmark(RecordType="SpamComplaint")
        self.assertEqual(event.mailing_id, self.mailing)

    def test_a_report_of_long_after_belongs_to_no_mail(self):
        trace = self.send("arthur@example.com", "<first@pumps>")
        event = self.postmark(hours=24 * 8)
        self.assertFalse(event.mailing_id)
        self.assertEqual(trace.trace_status, "sent")

    def test_a_report_of_before_is_not_about_a_later_mail(self):
        trace = self.send("arthur@example.com", "<first@pumps>")
        event = self.postmark(hours=-1)
        self.assertFalse(event.mailing_id)
        self.assertEqual(trace.trace_status, "sent")

    def test_what_was_opened_did_not_bounce(self):
        trace = self.send("arthur@example.com", "<first@pumps>")
        trace.set_opened()
        self.postmark()
        self.assertEqual(trace.trace_status, "open")

    def test_amazon_without_the_headers_means_the_last_mail(self):
        self.send()
        content = json.loads(json.dumps(SES_BOUNCE))
        del content["mail"]["headers"]
        content["bounce"]["timestamp"] = "2026-03-04T10:00:00.000Z"
        self.make_webhook()._take(sns(content), {})
        self.assertEqual(self.events_of("jane@example.com").mailing_id, self.mailing)

    def test_a_number_that_is_not_ours_means_another_mail(self):
        self.send(message_id="<other@pumps.example.com>")
        self.make_webhook()._take(sns(SES_BOUNCE), {})
        self.assertFalse(self.events_of("jane@example.com").mailing_id)
