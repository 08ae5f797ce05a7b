from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged

from .test_address import FakeNames

DOMAIN = "quota.tour.example.com"


@tagged("post_install", "-at_install")
class TestSenderSettingsTour(HttpCase):
    """A manager says how fast a sender goes, and how its provider reports back."""

    browser_size = "1600x1200"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env,
            "settings_manager",
            groups="email_marketing_crm.group_marketing_manager,base.group_user",
            tz="UTC",
        )

    def make_names(self, **records):
        """Name servers that know the domain, its key and its policy."""
        names = FakeNames()
        names.domains = {
            DOMAIN: {"MX": [f"mx.{DOMAIN}."], **records},
            f"mail._domainkey.{DOMAIN}": {"TXT": ['"k=ed25519; p=11qYAYKxCrfVS"']},
            f"_dmarc.{DOMAIN}": {
                "TXT": [f'"v=DMARC1; p=reject; rua=mailto:a@{DOMAIN}"']
            },
        }
        return names

    def test_quotas_limits_trust_a_warm_up_and_an_emergency(self):
        self.manager.company_id.alias_domain_id = False  # bounces go to the domain
        answers = [self.make_names(), self.make_names(TXT=['"v=spf1 mx -all"'])]
        domains = self.env.registry["marketing.email.domain"]
        with patch.object(domains, "_get_lookup", side_effect=answers):
            self.start_tour(
                "/odoo/marketing-senders",
                "marketing_sender_settings",
                login=self.manager.login,
            )
        sender = self.env["marketing.sender"].search([("domain", "=", DOMAIN)])
        self.assertEqual((sender.dns_state, sender.dns_error), ("good", False))
        self.assertEqual((sender.hourly_quota, sender.daily_quota), (200, 1500))
        limit = sender.provider_ids
        self.assertEqual((limit.provider, limit.hourly_quota), ("yahoo", 50))
        self.assertTrue(sender.is_warming_up)
        self.assertEqual(
            (sender.warm_up_start, sender.warm_up_day, sender.warm_up_decision),
            (fields.Date.today(), 1, "started"),
        )
        self.assertEqual(sender.ramp_ids.mapped("mails")[:3], [50, 90, 250])
        self.assertEqual(sender.brake_state, "braked")
        brake = sender.brake_ids
        self.assertEqual(
            (brake.cause, brake.provider, brake.until), ("manual", False, False)
        )
        self.assertEqual(
            sender.message_ids[0].author_id,
            self.manager.partner_id,
            "Who stopped it stays on the sender.",
        )

    def test_a_webhook_and_its_address(self):
        self.start_tour(
            "/odoo/marketing-webhooks",
            "marketing_webhook_create",
            login=self.manager.login,
        )
        webhook = self.env["marketing.webhook"].search([("name", "=", "Tour Mailgun")])
        self.assertEqual(
            (webhook.provider, webhook.secret), ("mailgun", "key-of-the-tour")
        )
        webhook.token = "known-to-others"
        self.env["marketing.webhook.call"].create(
            {
                "webhook_id": webhook.id,
                "date": fields.Datetime.now(),
                "refused": 1,
                "error": "The signature of the tour is wrong.",
            }
        )
        self.start_tour(
            f"/odoo/marketing-webhooks/{webhook.id}",
            "marketing_webhook_new_address",
            login=self.manager.login,
        )
        webhook.invalidate_recordset()
        self.assertNotIn("known-to-others", webhook.url)
        self.assertGreater(len(webhook.token), 30)
        self.assertEqual(webhook.secret, "key-of-the-tour", "The key stays.")
