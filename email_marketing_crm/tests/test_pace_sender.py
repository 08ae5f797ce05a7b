from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_delivery import DeliveryCase


@tagged("post_install", "-at_install")
class TestPaceSender(DeliveryCase):
    """Each mail server and From domain is one sender."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.senders = cls.env["marketing.sender"]
        cls.server = cls.env["ir.mail_server"].create(
            {"name": "Relay", "smtp_host": "relay.example.com"}
        )

    def test_made_for_the_first_mailing(self):
        mailing = self.make_mailing(email_from="Pumps <news@Fresh.example.com>")
        sender = mailing.marketing_sender_id
        self.assertEqual(sender.domain, "fresh.example.com")
        self.assertFalse(sender.mail_server_id)
        self.assertFalse(sender.company_id)
        self.assertFalse(sender.user_id, "made by the system, not by a person")
        self.assertTrue(sender._get_owner().active)
        again = self.make_mailing(email_from="other@fresh.example.com")
        self.assertEqual(again.marketing_sender_id, sender)

    def test_another_server_is_another_sender(self):
        mailing = self.make_mailing()
        other = self.make_mailing(mail_server_id=self.server.id)
        self.assertNotEqual(mailing.marketing_sender_id, other.marketing_sender_id)
        self.assertEqual(other.marketing_sender_id.mail_server_id, self.server)
        other.mail_server_id = False
        self.assertEqual(mailing.marketing_sender_id, other.marketing_sender_id)

    def test_sender_follows_the_from_address(self):
        mailing = self.make_mailing()
        mailing.email_from = "news@elsewhere.example.com"
        self.assertEqual(mailing.marketing_sender_id.domain, "elsewhere.example.com")

    def test_marketer_makes_a_mailing(self):
        mailing = self.make_mailing().with_user(self.user_marketing).copy()
        self.assertTrue(mailing.marketing_sender_id)
        with self.assertRaises(AccessError):
            mailing.marketing_sender_id.daily_quota = 5
        mailing.email_from = "news@marketer.example.com"
        self.assertEqual(mailing.marketing_sender_id.user_id, self.user_marketing)

    def test_company_with_a_sender_of_its_own(self):
        shared = self.make_mailing().marketing_sender_id
        own = self.senders.create(
            {"domain": shared.domain, "company_id": self.company_other.id}
        )
        self.user_sales.write(
            {
                "company_ids": [(4, self.company_other.id)],
                "company_id": self.company_other.id,
            }
        )
        mailing = self.make_mailing(user_id=self.user_sales.id)
        self.assertEqual(mailing.marketing_sender_id, own)
        self.assertEqual(self.make_mailing().marketing_sender_id, shared)
        seen = self.senders.with_user(self.user_marketing).search(
            [("domain", "=", shared.domain)]
        )
        self.assertEqual(seen, shared, "the other company's sender is its own")

    def test_a_topic_of_a_company_is_sent_by_that_company(self):
        """As its profile, its quiet hours and its limits are those that count."""
        shared = self.make_mailing().marketing_sender_id
        own = self.senders.create(
            {"domain": shared.domain, "company_id": self.company_other.id}
        )
        topic = self.env["marketing.topic"].create(
            {"name": "Theirs", "company_id": self.company_other.id}
        )
        mailing = self.make_mailing()
        mailing.marketing_topic_id = topic
        self.assertEqual(mailing.marketing_sender_id, own)
        mailing.marketing_topic_id = False
        self.assertEqual(mailing.marketing_sender_id, shared)

    def test_one_row_per_server_and_domain(self):
        sender = self.make_mailing().marketing_sender_id
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.senders.create({"domain": sender.domain})

    def test_domain_is_a_domain(self):
        sender = self.senders.create({"domain": " @News.Example.ORG "})
        self.assertEqual(sender.domain, "news.example.org")
        with self.assertRaisesRegex(ValidationError, "is no domain"):
            sender.domain = "no domain"

    def test_employee_sees_no_senders(self):
        with self.assertRaises(AccessError):
            self.senders.with_user(self.user_employee).search([])
        with self.assertRaises(AccessError):
            self.senders.with_user(self.user_sales).search([])
