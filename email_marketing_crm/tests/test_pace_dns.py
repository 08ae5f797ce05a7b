from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..tools.address_check import LookupFailedError
from .common import NOW
from .common_delivery import DeliveryCase
from .test_address import FakeNames


@tagged("post_install", "-at_install")
class TestPaceDns(DeliveryCase):
    """Whether mailbox providers can trust a sender, with name servers made up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.env["ir.mail_server"].create(
            {"name": "Relay", "smtp_host": "relay.acme.dev", "from_filter": "acme.dev"}
        )
        cls.sender = cls.env["marketing.sender"].create(
            {"domain": "acme.dev", "mail_server_id": cls.server.id}
        )
        cls.good = {
            "acme.dev": {"TXT": ['"v=spf1 mx -all"'], "MX": ["mx.acme.dev."]},
            "mail._domainkey.acme.dev": {"TXT": ['"k=ed25519; p=11qYAYKxCrfVS"']},
            "_dmarc.acme.dev": {"TXT": ['"v=DMARC1; p=reject; rua=mailto:a@acme.dev"']},
        }

    def check(self, sender=None, **changes):
        names = FakeNames()
        names.domains = self.good | {
            name.replace("__", "."): answer for name, answer in changes.items()
        }
        domains = self.env["marketing.email.domain"]
        with patch.object(type(domains), "_get_lookup", lambda model: names):
            (sender or self.sender).action_check_dns()
        return [code for code, *_rest in self.sender._get_dns_findings()]

    def test_trusted(self):
        self.assertEqual(self.sender.dns_state, "unknown")
        self.assertEqual(self.check(), [])
        self.assertEqual(self.sender.dns_state, "good")
        self.assertEqual(self.sender.dns_checked_date, NOW)

    def test_what_is_wrong_and_what_to_do(self):
        self.assertEqual(
            self.check(acme__dev={"MX": ["mx.acme.dev."]}), ["spf_missing"]
        )
        self.assertEqual(self.sender.dns_state, "error")
        [(_code, severity, text)] = self.sender._get_dns_findings()
        self.assertEqual(severity, "error")
        self.assertIn("acme.dev has no SPF record. Add a TXT record", text)
        self.assertIn("acme.dev has no SPF record", self.sender.dns_findings)

    def test_worst_first(self):
        found = self.check(
            acme__dev={"TXT": ['"v=spf1 mx"']},
            _dmarc__acme__dev={"TXT": ['"v=DMARC1"']},
        )
        self.assertEqual(found, ["dmarc_broken", "no_mx", "spf_neutral"])

    def test_every_finding_has_its_sentence(self):
        for names in (
            {"acme__dev": {}, "mail___domainkey__acme__dev": {}},
            {"_dmarc__acme__dev": {"TXT": ['"v=DMARC1; p=none"']}},
        ):
            self.check(**names)
            for _code, _severity, text in self.sender._get_dns_findings():
                self.assertNotIn("%(", text)

    def test_server_that_replaces_the_from_address(self):
        self.server.from_filter = "other.dev"
        self.assertEqual(self.check(), ["from_filter"])
        self.server.from_filter = "news@acme.dev, other.dev"
        self.assertEqual(self.check(), [])

    def test_bounces_to_another_domain(self):
        self.server.from_filter = "acme.dev, relay.dev"
        alias = self.env["mail.alias.domain"].create({"name": "relay.dev"})
        self.sender.company_id = self.company_other
        self.company_other.alias_domain_id = alias
        self.assertEqual(
            self.check(relay__dev={"TXT": ['"v=spf1 mx -all"']}), ["not_aligned"]
        )
        # The server does not take the bounce address, so Odoo uses the From address.
        self.server.from_filter = "acme.dev"
        self.assertEqual(self.check(), [])

    def test_selectors_of_the_user(self):
        self.sender.dkim_selectors = "jan, feb"
        self.assertEqual(self.check(), ["dkim_missing", "dkim_missing"])
        self.sender.dkim_selectors = False
        self.assertEqual(self.sender.dns_state, "unknown", "to be asked anew")

    def test_no_answer_keeps_what_was_known(self):
        self.check(acme__dev={"MX": ["mx.acme.dev."]})
        found = self.check(acme__dev=LookupFailedError("timeout"))
        self.assertEqual(found, ["spf_missing", "dns_unknown"])
        self.assertEqual(self.sender.dns_state, "error")
        self.assertEqual(
            self.check(acme__dev=self.good["acme.dev"]), [], "the error is forgotten"
        )

    def test_look_ups_are_off(self):
        domains = self.env["marketing.email.domain"]
        with patch.object(type(domains), "_get_lookup", lambda model: None):
            self.sender._check_dns()
        [(code, severity, text)] = self.sender._get_dns_findings()
        self.assertEqual((code, severity), ("dns_unknown", "info"))
        self.assertIn("switched off", text)

    def test_marketer_asks(self):
        self.assertEqual(self.check(self.sender.with_user(self.user_marketing)), [])
        with self.assertRaises(AccessError):
            self.sender.with_user(self.user_employee).action_check_dns()

    def test_asked_each_day(self):
        self.env["marketing.sender"].search([]).dns_checked_date = NOW
        asked = []
        senders = type(self.sender)
        with patch.object(
            senders, "_check_dns", lambda sender: asked.append(sender.id)
        ):
            with self.enter_registry_test_mode():
                cron = self.env.ref("email_marketing_crm.ir_cron_sender_dns")
                self.clock.tick(timedelta(hours=23))
                cron.method_direct_trigger()
                self.assertEqual(asked, [])
                self.sender.dns_checked_date = NOW - timedelta(hours=2)
                cron.method_direct_trigger()
        self.assertEqual(asked, [self.sender.id])
