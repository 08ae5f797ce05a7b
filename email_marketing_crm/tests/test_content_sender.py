from odoo.tests import new_test_user, tagged

from .content_common import ContentCase


@tagged("post_install", "-at_install")
class TestContentSender(ContentCase):
    """The mail comes from the salesperson of who gets it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bo = new_test_user(
            cls.env,
            "bo",
            name="Bo Ek",
            email="bo@pumps.example.com",
            groups="sales_team.group_sale_salesman",
        )
        cls.bo.signature = "<p>Bo Ek, <b>Sales</b></p>"
        cls.bo.partner_id.phone = "+46 8 123"
        cls.ana.user_id = cls.bo
        cls.mailing = cls.make_mailing(
            cls.everybody,
            marketing_sender_kind="salesperson",
            body_html="<p>Hello</p>"
            '<p>Call <span data-marketing-sender="phone">us</span></p>'
            '<div data-marketing-sender="signature">The team</div>',
        )

    def test_salesperson_sends(self):
        mails = self.sent(self.mailing)
        ana, li = mails["ana@example.com"], mails["li@example.com"]
        self.assertEqual(ana["email_from"], '"Bo Ek" <bo@pumps.example.com>')
        self.assertEqual(ana["reply_to"], '"Bo Ek" <bo@pumps.example.com>')
        self.assertIn("Call <span>+46 8 123</span>", ana["body"])
        self.assertIn("Bo Ek, <b>Sales</b>", ana["body"])
        self.assertIn("news@pumps.example.com", li["email_from"])
        self.assertNotIn("Bo Ek", li["body"])

    def test_fallback_is_said(self):
        self.sent(self.mailing)
        senders = {
            delivery.email: delivery.content_sender
            for delivery in self.deliveries_of(self.mailing)
        }
        self.assertEqual(senders["ana@example.com"], "Bo Ek")
        self.assertIn("no salesperson", senders["li@example.com"])

    def test_address_of_another_domain_is_not_used(self):
        self.bo.email = "bo@freemail.example"
        self.assertIn("Bo Ek", self.mailing.marketing_sender_problem)
        mails = self.sent(self.mailing)
        self.assertIn("news@pumps.example.com", mails["ana@example.com"]["email_from"])
        delivery = self.deliveries_of(self.mailing).filtered(
            lambda delivery: delivery.email == "ana@example.com"
        )
        self.assertEqual(delivery.variant["sender_problem"], "foreign_domain")

    def test_domain_that_the_server_sends_for(self):
        self.bo.email = "bo@sales.example"
        server = self.env["ir.mail_server"].create(
            {
                "name": "Ours",
                "smtp_host": "localhost",
                "from_filter": "pumps.example.com, sales.example",
            }
        )
        self.mailing.mail_server_id = server
        self.assertFalse(self.mailing.marketing_sender_problem)
        self.assertEqual(
            self.mailing._get_senders({self.ana.id: False}),
            {self.ana.id: (self.bo.id, None)},
        )

    def test_salesperson_who_left(self):
        self.bo.active = False
        self.assertEqual(
            self.mailing._get_senders({self.ana.id: False}),
            {self.ana.id: (False, "left")},
        )

    def test_salesperson_of_a_lead_of_the_person(self):
        """A mailing to contacts knows who works on the person's lead."""
        self.make_lead("li@example.com", user_id=self.bo.id)
        self.assertEqual(
            self.mailing._get_senders({self.li.id: False})[self.li.id][0], self.bo.id
        )

    def test_mailing_contacts_have_a_salesperson_through_the_person(self):
        contact = self.make_contact("ana@example.com")
        self.mailing.mailing_model_id = self.env["ir.model"]._get("mailing.contact")
        self.assertEqual(
            self.mailing._get_senders({contact.id: False})[contact.id][0], self.bo.id
        )

    def test_responsible_of_the_campaign(self):
        campaign = self.env["utm.campaign"].create(
            {"name": "Spring", "user_id": self.bo.id}
        )
        self.mailing.write(
            {"marketing_sender_kind": "owner", "campaign_id": campaign.id}
        )
        mails = self.sent(self.mailing)
        self.assertEqual(
            {mail["email_from"] for mail in mails.values()},
            {'"Bo Ek" <bo@pumps.example.com>'},
        )

    def test_fixed_sender_fills_the_places_with_the_responsible(self):
        self.mailing.write({"marketing_sender_kind": "fixed", "user_id": self.bo.id})
        mails = self.sent(self.mailing)
        for mail in mails.values():
            self.assertIn("Bo Ek, <b>Sales</b>", mail["body"])
            self.assertIn("news@pumps.example.com", mail["email_from"])

    def test_name_of_a_user_is_no_template(self):
        self.bo.name = "{{ object.env.cr.dbname }}"
        mails = self.sent(self.mailing)
        self.assertNotIn(self.env.cr.dbname, mails["ana@example.com"]["email_from"])
