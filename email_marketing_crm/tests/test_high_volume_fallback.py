import email
import itertools
from datetime import timedelta
from email import policy
from unittest.mock import patch

from odoo import Command, fields, models
from odoo.tests import tagged

from ..models.marketing_sender_high_volume import WATCHED_METHODS
from .volume_common import VolumeCase


def make_foreign(module, method, original):
    """A method as if it came from a module, which lets the original do the work."""

    def foreign(self, *args, **kwargs):
        foreign.calls += 1
        return original(self, *args, **kwargs)

    foreign.calls = 0
    foreign.__name__ = method
    foreign.__module__ = module
    return foreign


def make_extension(seen):
    """What a module adds to mails: it notes those that are sent."""

    class MailMail(models.AbstractModel):
        _register = False

        def _send(self, *args, **kwargs):
            seen.extend(self.ids)
            return super()._send(*args, **kwargs)

    MailMail._send.__module__ = "odoo.addons.other_module.models.mail_mail"
    return MailMail


@tagged("post_install", "-at_install")
class TestVolumeFallback(VolumeCase):
    """Where mails go one by one, so that every other module has its say."""

    def setUp(self):
        super().setUp()
        self.sender = self.mailing.marketing_sender_id

    def assert_standard(self, mailing, taken=20):
        """Everybody got the mail once, by Odoo's own way."""
        deliveries = self.deliveries_of(mailing)
        self.assertEqual(set(deliveries.mapped("state")), {"sent"})
        self.assertFalse(any(deliveries.mapped("is_high_volume")))
        self.assertEqual(len(self.smtp.taken), taken)
        self.assertEqual(len(set(self.smtp.addresses)), taken)

    # ------------------------------------------------------------------
    # other modules
    # ------------------------------------------------------------------

    def test_module_that_extends_a_model(self):
        seen = []
        mails = type(self.env["mail.mail"])
        self.addCleanup(setattr, mails, "__bases__", mails.__bases__)
        mails.__bases__ = (make_extension(seen), *mails.__bases__)
        self.assertEqual(
            self.env["marketing.sender"]._get_sending_overrides(),
            {"other_module": ["mail.mail._send"]},
        )
        self.assertEqual(self.sender.lane, "standard")
        self.assertIn("other_module", self.sender.lane_reason)
        self.deliver()
        self.assert_standard(self.mailing)
        self.assertEqual(len(set(seen)), 20, "It had its say about each mail.")

    def test_each_watched_method(self):
        """Automation rules and patches of Odoo put methods into classes of others."""
        for name, methods in WATCHED_METHODS.items():
            model = type(self.env[name])
            for method in methods:
                for module, found in (
                    ("odoo.addons.base_automation.models.base", "base_automation"),
                    ("company_patches.mails", "company_patches"),
                ):
                    foreign = make_foreign(module, method, getattr(model, method))
                    with (
                        self.subTest(name=name, method=method, module=module),
                        patch.object(model, method, foreign),
                    ):
                        self.sender.invalidate_recordset(["lane"])
                        self.assertEqual(self.sender.lane, "standard")
                        overrides = self.sender._get_sending_overrides()
                        self.assertIn(f"{name}.{method}", overrides[found])
        self.sender.invalidate_recordset(["lane"])
        self.assertEqual(self.sender.lane, "high_volume")

    def test_automation_rule_on_mails(self):
        mails = type(self.env["mail.mail"])
        rule = make_foreign(
            "odoo.addons.base_automation.models.base", "create", mails.create
        )
        with patch.object(mails, "create", rule):
            self.deliver()
        self.assert_standard(self.mailing)
        self.assertTrue(rule.calls)

    def test_what_is_noted_of_traces_goes_through_odoo(self):
        """A rule on what became of mails needs no other lane."""
        traces = type(self.env["mailing.trace"])
        rule = make_foreign(
            "odoo.addons.base_automation.models.base", "write", traces.write
        )
        with patch.object(traces, "write", rule):
            self.deliver()
        self.assertTrue(all(self.deliveries_of(self.mailing).mapped("is_high_volume")))
        self.assertTrue(rule.calls)

    # ------------------------------------------------------------------
    # no reason to
    # ------------------------------------------------------------------

    def test_seconds_that_pass_while_mails_are_compared(self):
        """A link that says when it was made is the same a second later."""
        now = fields.Datetime.now().replace(hour=9, minute=0, second=0)
        seconds = itertools.count()

        def pass_by():
            return now + timedelta(seconds=next(seconds))

        with patch.object(fields.Datetime, "now", pass_by):
            self.deliver()
        self.assertGreater(next(seconds), 5)
        self.assertTrue(all(self.deliveries_of(self.mailing).mapped("is_high_volume")))

    # ------------------------------------------------------------------
    # kinds of mailings
    # ------------------------------------------------------------------

    def test_attachments(self):
        attachment = self.env["ir.attachment"].create(
            {"name": "prices.txt", "raw": b"Pump: 5", "mimetype": "text/plain"}
        )
        mailing = self.make_volume_mailing(attachment_ids=[Command.set(attachment.ids)])
        self.deliver(mailing)
        self.assert_standard(mailing)
        for _address, content in self.smtp.taken:
            message = email.message_from_bytes(content, policy=policy.SMTP)
            [part] = message.iter_attachments()
            self.assertEqual(part.get_filename(), "prices.txt")
            self.assertEqual(part.get_content().strip(), "Pump: 5")

    def test_mails_that_are_kept(self):
        mailing = self.make_volume_mailing(keep_archives=True)
        self.deliver(mailing)
        self.assert_standard(mailing)
        mails = self.env["mail.mail"].search([("mailing_id", "=", mailing.id)])
        self.assertEqual(set(mails.mapped("state")), {"sent"})
        self.assertEqual(set(mails.mapped("res_id")), set(self.partners.ids))
        self.assertEqual(
            set(mails.mail_message_id.mapped("model")),
            {"res.partner"},
            "They stand on the contacts' pages.",
        )

    def test_replies_on_the_contacts_page(self):
        mailing = self.make_volume_mailing(reply_to_mode="update")
        self.deliver(mailing)
        self.assert_standard(mailing)
        messages = self.env["mail.message"].search(
            [("model", "=", "res.partner"), ("res_id", "in", self.partners.ids)]
        )
        self.assertEqual(set(messages.mapped("res_id")), set(self.partners.ids))
