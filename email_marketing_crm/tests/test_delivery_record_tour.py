"""From a mail that somebody got, or did not get, to the record it is about."""

from odoo.tests import tagged

from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestDeliveryRecordTour(TourCase):
    browser_size = "1600x1200"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = cls.make_user("record_marketer")
        cls.seller = cls.make_user("record_seller")
        cls.seller.group_ids += cls.env.ref("sales_team.group_sale_salesman_all_leads")

    def setUp(self):
        super().setUp()
        self.clear_deliveries()
        self.partners = self.env["res.partner"].create(
            [
                {"name": name, "email": f"{name}@example.com"}
                for name in ("tour_ana", "tour_bo")
            ]
        )
        self.env["mail.blacklist"]._add("tour_bo@example.com")
        self.lead = self.env["crm.lead"].create(
            {
                "name": "Wants ten pumps",
                "email_from": "lena@example.com",
                "type": "opportunity",
            }
        )
        self.env.cr.precommit.run()

    def open_form(self, tour, mailing, user):
        self.start_tour(f"/odoo/{mailing._name}/{mailing.id}", tour, login=user.login)
        self.env.invalidate_all()

    def deliveries_of(self, mailing):
        return self.env["marketing.delivery"].search(
            [("mailing_id", "=", mailing.id)], order="email"
        )

    def test_contacts_of_a_plan(self):
        mailing = self.make_mailing(self.make_segment(self.partners), self.marketer)
        self.open_form("marketing_plan_open_records", mailing, self.marketer)
        rows = self.env["marketing.delivery.preview"].search(
            [("mailing_id", "=", mailing.id)], order="email"
        )
        self.assertEqual(rows.mapped("outcome"), ["planned", "blacklisted"])
        self.assertEqual(rows.mapped("res_id"), self.partners.ids)
        self.assertEqual(mailing.state, "draft")
        self.assertFalse(self.deliveries_of(mailing), "Looking plans nothing.")

    def test_contacts_of_what_was_sent(self):
        mailing = self.make_mailing(self.make_segment(self.partners), self.marketer)
        mailing.action_put_in_queue()
        self.run_lanes()
        self.open_form("marketing_delivery_open_records", mailing, self.marketer)
        ana, bo = self.deliveries_of(mailing)
        self.assertEqual((ana.state, ana.reason), ("sent", False))
        self.assertEqual((bo.state, bo.reason), ("skipped", "blacklisted"))
        self.assertEqual((ana + bo).mapped("res_id"), self.partners.ids)
        self.run_lanes()
        self.assertEqual(self.received(), [], "Looking sends nothing.")

    def test_a_lead_or_its_person(self):
        leads = self.env["marketing.segment"].create(
            {"name": "Tour leads", "kind": "static", "res_model": "crm.lead"}
        )
        leads._include_records(self.lead)
        mailing = self.make_mailing(
            leads,
            self.marketer,
            mailing_model_id=self.env["ir.model"]._get_id("crm.lead"),
        )
        mailing.action_put_in_queue()
        self.run_lanes()
        self.assertEqual(self.received(), ["lena@example.com"])
        delivery = self.deliveries_of(mailing)
        self.assertEqual(delivery.res_id, self.lead.id)
        leads = self.env["crm.lead"]
        self.assertTrue(leads.with_user(self.seller).has_access("read"))
        self.assertFalse(leads.with_user(self.marketer).has_access("read"))
        self.open_form("marketing_delivery_open_lead", mailing, self.seller)
        self.open_form("marketing_delivery_open_person", mailing, self.marketer)
        self.assertEqual(delivery.person_id, self.lead.marketing_person_id)
        self.assertEqual(delivery.state, "sent")
