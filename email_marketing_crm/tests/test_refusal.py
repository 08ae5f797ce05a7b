from odoo.exceptions import UserError
from odoo.tests import tagged

from .common_delivery import DeliveryCase

ANA, BO = "ana@example.com", "bo@example.com"


@tagged("post_install", "-at_install")
class TestRefusal(DeliveryCase):
    """Somebody tries to mail who said no, on every way there is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.make_partner(ANA)

    def refuse(self, email, how="blacklist"):
        """The owner of an address says no."""
        if how == "blacklist":
            self.env["mail.blacklist"]._add(email)
        elif how == "suppression list":
            self.env["marketing.suppression"]._suppress([email], "manual")
        elif how == "complaint":
            self.happened("complaint", email)
            self.run_inbox()

    def queue(self, mailing):
        mailing.action_put_in_queue()
        self.env["marketing.delivery"]._plan_audience(mailing)

    # ------------------------------------------------------------------
    # several addresses, changed addresses, copies
    # ------------------------------------------------------------------

    def test_a_second_address_of_a_contact_is_asked_about(self):
        for how in ("blacklist", "suppression list", "complaint"):
            with self.subTest(how=how):
                second = f"second.{how[0]}@example.com"
                first = f"first.{how[0]}@example.com"
                self.make_partner(f"{first}, {second}, other@example.com")
                self.refuse(second, how)
                self.queue(self.make_mailing(self.make_segment(first)))
                self.deliver()
                self.assertEqual(self.received(), [first, "other@example.com"])

    def test_an_address_that_changes_after_composing_gets_nothing(self):
        for how in ("blacklist", "suppression list", "complaint"):
            with self.subTest(how=how):
                old, new = f"old.{how[0]}@example.com", f"new.{how[0]}@example.com"
                partner = self.make_partner(old)
                self.refuse(new, how)
                mailing = self.make_mailing(self.make_segment(old))
                self.queue(mailing)
                self.compose()
                partner.email = new
                self.send()
                self.assertNotIn(new, self.received())
                self.assertEqual(
                    self.deliveries_of(mailing).mapped("state"), ["skipped"]
                )

    def test_an_address_that_changes_before_composing_is_asked_about(self):
        self.refuse(BO)
        mailing = self.make_mailing(self.make_segment(ANA))
        self.queue(mailing)
        self.partner.email = BO
        self.deliver()
        self.assertEqual(self.received(), [])

    def test_nobody_is_in_copy_of_a_mailing(self):
        self.refuse(BO)
        self.queue(self.make_mailing(self.make_segment(ANA)))
        self.compose()
        mail = self.env["mail.mail"].search([("marketing_delivery_id", "!=", False)])
        mail.email_cc = BO
        self.send()
        self.assertEqual(self.received(), [ANA])

    def test_a_mail_whose_trace_is_gone_does_not_leave(self):
        mailing = self.make_mailing(self.make_segment(ANA))
        self.queue(mailing)
        self.compose()
        self.env["mailing.trace"].search([("email", "=", ANA)]).unlink()
        self.send()
        self.assertEqual(self.received(), [])
        self.assertEqual(self.outcomes(mailing), {ANA: "address_changed"})

    # ------------------------------------------------------------------
    # tests and resending
    # ------------------------------------------------------------------

    def test_a_test_mail_goes_to_nobody_who_said_no(self):
        mailing = self.make_mailing(self.make_segment(ANA))
        for number, how in enumerate(("blacklist", "suppression list", "complaint")):
            with self.subTest(how=how):
                email = f"no{number}@example.com"
                self.make_partner(email)
                self.refuse(email, how)
                wizard = self.env["mailing.mailing.test"].create(
                    {"email_to": f"{ANA}\n{email}", "mass_mailing_id": mailing.id}
                )
                with self.assertRaisesRegex(UserError, email):
                    wizard.send_mail_test()

    def test_a_test_mail_reaches_colleagues(self):
        mailing = self.make_mailing(self.make_segment(ANA))
        self.user_employee.email = "colleague@example.com"
        self.refuse("colleague@example.com")
        wizard = self.env["mailing.mailing.test"].create(
            {"email_to": "colleague@example.com", "mass_mailing_id": mailing.id}
        )
        with self.mock_mail_gateway():
            wizard.send_mail_test()
        self.assertEqual(self.received(), ["colleague@example.com"])

    def test_sending_again_asks_again(self):
        for how in ("blacklist", "suppression list", "complaint"):
            with self.subTest(how=how):
                email = f"again.{how[0]}@example.com"
                self.make_partner(email)
                mailing = self.make_mailing(self.make_segment(email))
                self.queue(mailing)
                delivery = self.deliveries_of(mailing)
                delivery._fail({delivery.id: "The server was gone"})
                self.refuse(email, how)
                delivery.invalidate_recordset()
                delivery.action_resend()
                self.deliver()
                self.assertNotIn(email, self.received())
                self.assertEqual(
                    self.deliveries_of(mailing).mapped("state"), ["skipped"]
                )

    # ------------------------------------------------------------------
    # other records, other senders
    # ------------------------------------------------------------------

    def test_a_lead_mailing_asks_about_the_customer_of_the_lead(self):
        self.refuse(ANA, "suppression list")
        lead = self.make_lead(BO, partner_id=self.partner.id)
        lead.email_from = BO
        mailing = self.make_mailing(
            self.make_segment(BO, model="crm.lead"),
            mailing_model_id=self.env["ir.model"]._get_id("crm.lead"),
        )
        self.queue(mailing)
        self.deliver()
        self.assertNotIn(ANA, self.received())

    def test_odoos_own_sender_asks_too(self):
        """A mailing whose mails Odoo's composer wrote and its queue sends."""
        newsletter = self.env["mailing.list"].create({"name": "Newsletter"})
        self.make_contact(BO, lists=newsletter)
        mailing = self.make_list_mailing(newsletter)
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self.env["mail.mail"].search([("state", "=", "outgoing")]).unlink()
            contact = self.env["mailing.contact"].search([("email", "=", BO)])
            composer = self.env["mail.compose.message"].create(
                {
                    "composition_mode": "mass_mail",
                    "model": "mailing.contact",
                    "res_ids": contact.ids,
                    "subject": "News",
                    "body": "<p>News</p>",
                    "mass_mailing_id": mailing.id,
                    "force_send": False,
                }
            )
            self.refuse(BO, "suppression list")
            composer._action_send_mail()
            self.env["mail.mail"].process_email_queue()
        self.assertEqual(self.received(), [])

    def test_an_erased_person_has_no_preference_page(self):
        person = self.partner.marketing_person_id
        token = person._get_preference_token()
        self.env["marketing.privacy.request"]._request_erasure(person, "request")
        found, _is_old = self.env["marketing.person"]._find_by_preference_token(token)
        self.assertFalse(found)

    def test_leaving_the_list_after_composing_stops_the_mail(self):
        newsletter = self.env["mailing.list"].create({"name": "Newsletter"})
        contact = self.make_contact(BO, lists=newsletter)
        mailing = self.make_list_mailing(newsletter)
        self.queue(mailing)
        self.compose()
        contact.subscription_ids.opt_out = True
        self.send()
        self.assertEqual(self.received(), [])
