"""Helpers for what providers report: a mail to Jane, and signed requests."""

import base64
import hashlib
import hmac
import json

from ..models import marketing_webhook
from .common import MarketingCase
from .webhook_report_common import TOPIC, amazon

#: What Postmark sends with its requests when the key is `odoo:secret`.
BASIC = {"Authorization": f"Basic {base64.b64encode(b'odoo:secret').decode()}"}


def sign_as_mailgun(content, timestamp, token="a8ce0edb2dd8301dee6c"):
    signature = hmac.new(b"key", f"{timestamp}{token}".encode(), hashlib.sha256)
    return json.dumps(
        content
        | {
            "signature": {
                "timestamp": str(timestamp),
                "token": token,
                "signature": signature.hexdigest(),
            }
        }
    ).encode()


class WebhookStory:
    """A provider that reports about mails to Jane."""

    def make_webhook(self, provider="ses", secret=TOPIC):
        return self.env["marketing.webhook"].create(
            {"name": "Provider", "provider": provider, "secret": secret}
        )

    def send(self, email="jane@example.com", message_id="<ours@pumps.example.com>"):
        partner = self.env["res.partner"].create({"name": "Jane", "email": email})
        self.mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Pumps",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "body_html": "<p>Hello</p>",
            }
        )
        trace = self.env["mailing.trace"].create(
            {
                "trace_type": "mail",
                "mass_mailing_id": self.mailing.id,
                "model": "res.partner",
                "res_id": partner.id,
                "email": email,
                "message_id": message_id,
                "trace_status": "sent",
            }
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        return trace

    def events_of(self, email):
        self.env.flush_all()
        self.env.cr.precommit.run()
        return self.env["marketing.touchpoint"].search(
            [
                ("person_id.email_normalized", "=", email),
                ("type_id.code", "!=", "sent"),
            ]
        )


class WebhookCase(WebhookStory, MarketingCase):
    """Amazon's certificate comes from the test."""

    def setUp(self):
        super().setUp()
        self.asked = []
        self.patch(marketing_webhook, "fetch_certificate", self.get_certificate)

    def get_certificate(self, url):
        """Amazon's certificate, as if it came from the network."""
        self.asked.append(url)
        return amazon()[1]
