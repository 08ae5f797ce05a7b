"""The public addresses of webhooks: strangers learn nothing there."""

import json
import time

from odoo.tests import HttpCase, tagged

from ..controllers.webhook import MAX_TRIES
from .webhook_common import BASIC, WebhookStory, sign_as_mailgun
from .webhook_report_common import MAILGUN, POSTMARK


@tagged("post_install", "-at_install")
class TestWebhookRoute(WebhookStory, HttpCase):
    def post(self, path, body=b"{}", **headers):
        return self.opener.post(
            self.base_url() + path, data=body, headers=headers, timeout=20
        )

    def path(self, webhook):
        return f"/marketing/webhook/{webhook.provider}/{webhook.token}"

    def test_mailgun_reports(self):
        webhook = self.make_webhook("mailgun", secret="key")
        self.send("alice@example.com", "<20130503192659.13651@example.org>")
        body = sign_as_mailgun(MAILGUN, int(time.time()))
        answer = self.post(self.path(webhook), body)
        self.assertEqual(answer.status_code, 200)
        self.env.invalidate_all()
        event = self.events_of("alice@example.com")
        self.assertEqual(event.type_id.code, "hard_bounce")
        self.assertEqual(self.post(self.path(webhook)).status_code, 403)

    def test_postmark_reports(self):
        webhook = self.make_webhook("postmark", secret="odoo:secret")
        self.send("arthur@example.com", "<unknown@postmark>")
        answer = self.post(self.path(webhook), json.dumps(POSTMARK).encode(), **BASIC)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(
            self.events_of("arthur@example.com").type_id.code, "hard_bounce"
        )

    def test_strangers_learn_nothing(self):
        webhook = self.make_webhook()
        off = self.make_webhook()
        off.active = False
        self.env.flush_all()
        paths = (
            "/marketing/webhook/ses/wrong",
            "/marketing/webhook/nobody/wrong",
            "/marketing/webhook/ses/wrong%00",
            self.path(off),
            f"/marketing/webhook/mailgun/{webhook.token}",
        )
        answers = {self.post(path).status_code for path in paths}
        self.assertEqual(answers, {404})

    def test_who_tries_many_addresses_is_stopped(self):
        answers = [
            self.post(f"/marketing/webhook/ses/wrong{number}").status_code
            for number in range(MAX_TRIES + 1)
        ]
        self.assertEqual(answers, [404] * MAX_TRIES + [429])

    def test_a_request_that_is_too_large_is_not_read(self):
        webhook = self.make_webhook()
        answer = self.post(self.path(webhook), b" " * (4 * 1024 * 1024 + 1))
        self.assertEqual(answer.status_code, 413)
