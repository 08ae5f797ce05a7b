"""Whatever is sent to a webhook: it is answered, and nothing of it breaks anything."""

import json
import unittest

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from odoo.addons.email_marketing_crm.tools import (
    webhook_mailgun,
    webhook_postmark,
    webhook_sendgrid,
    webhook_ses,
)
from odoo.addons.email_marketing_crm.tools.webhook import TELLING_KINDS

from .webhook_report_common import (
    MAILGUN,
    NOW,
    POSTMARK,
    SENDGRID,
    SES_BOUNCE,
    SES_COMPLAINT,
    SES_DELIVERY,
    TOPIC,
    amazon,
    dump,
    sns,
)

ADAPTERS = (webhook_ses, webhook_sendgrid, webhook_mailgun, webhook_postmark)
KINDS = TELLING_KINDS | {"ignored", "unknown", "subscription"}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Type",
                    "Message",
                    "TopicArn",
                    "notificationType",
                    "bounce",
                    "mail",
                    "headers",
                    "event",
                    "event-data",
                    "signature",
                    "timestamp",
                    "delivery-status",
                    "RecordType",
                    "Email",
                    "email",
                    "status",
                    "reason",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


def mutate(sample):
    """Any value somewhere in a sample of a provider."""

    def place(value, noise, path):
        if not path:
            return noise
        if isinstance(value, dict) and value:
            key = list(value)[path[0] % len(value)]
            return value | {key: place(value[key], noise, path[1:])}
        if isinstance(value, list) and value:
            index = path[0] % len(value)
            inner = place(value[index], noise, path[1:])
            return [*value[:index], inner, *value[index + 1 :]]
        return noise

    return st.builds(
        lambda noise, path: place(sample, noise, path),
        JSON,
        st.lists(st.integers(0, 20), min_size=1, max_size=5),
    )


class TestAnything(unittest.TestCase):
    """Whatever comes, there is an answer, and it fits into the database."""

    def check(self, adapter, body):
        try:
            events = adapter.read_events(body)
        except ValueError:
            return
        for event in events:
            self.assertIn(event.kind, KINDS)
            for text in (event.id, event.email, event.message_id, event.diagnostic):
                text.encode()
                self.assertNotIn("\x00", text)
                self.assertLess(len(text), 1200)

    @given(JSON)
    def test_any_json(self, value):
        body = dump(value)
        for adapter in ADAPTERS:
            self.check(adapter, body)
            adapter.is_authentic(body, Headers(), "some:secret", NOW)

    @given(st.binary(max_size=100))
    def test_any_bytes(self, body):
        for adapter in ADAPTERS:
            self.check(adapter, body)
            self.assertFalse(adapter.is_authentic(body, Headers(), "some:secret", NOW))

    @given(mutate(SES_BOUNCE) | mutate(SES_COMPLAINT) | mutate(SES_DELIVERY))
    def test_amazon_with_one_thing_wrong(self, content):
        self.check(webhook_ses, sns(content))

    @given(mutate(json.loads(sns(SES_BOUNCE))))
    def test_a_signature_with_one_thing_wrong(self, envelope):
        _key, certificate = amazon()
        body = dump(envelope)
        webhook_ses.is_authentic(body, Headers(), TOPIC, NOW)
        webhook_ses.find_certificate_url(body)
        webhook_ses.is_signed(body, certificate)

    @given(mutate(SENDGRID))
    def test_sendgrid_with_one_thing_wrong(self, content):
        self.check(webhook_sendgrid, dump(content))

    @given(mutate(MAILGUN))
    def test_mailgun_with_one_thing_wrong(self, content):
        self.check(webhook_mailgun, dump(content))
        webhook_mailgun.is_authentic(dump(content), Headers(), "key", NOW)
        webhook_mailgun.read_nonce(dump(content))

    @given(mutate(POSTMARK))
    def test_postmark_with_one_thing_wrong(self, content):
        self.check(webhook_postmark, dump(content))
