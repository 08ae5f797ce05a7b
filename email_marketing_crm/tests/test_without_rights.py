"""Marketers who may not read leads, nor change contacts: what they are shown, told."""

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .check_common import CLEAN, CheckCase

LEAD = "lena@pumps.com"


@tagged("post_install", "-at_install")
class TestWithoutRights(CheckCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lead = cls.make_lead(LEAD, contact_name="Lena")
        cls.segment = cls.make_segment(LEAD, name="Leads", model="crm.lead")
        cls.mailing = cls.make_clean(
            mailing_model_id=cls.env["ir.model"]._get_id("crm.lead"),
            body_html=CLEAN.replace("object.name", "object.contact_name")
            + '<t t-out="object.website"/>',
        )

    def setUp(self):
        super().setUp()
        leads = self.env["crm.lead"].with_user(self.user_marketing)
        self.assertFalse(leads.has_access("read"))
        self.as_marketer = self.mailing.with_user(self.user_marketing)

    def open(self, action):
        """What an action opens, as the marketer reads it."""
        records = self.env[action["res_model"]].with_user(self.user_marketing)
        found = (
            records.browse(action["res_id"])
            if action.get("res_id")
            else records.search(action["domain"])
        )
        found.mapped("display_name")
        return found

    def assert_told(self, ask):
        """He is told what to do, in words of ours."""
        with self.assertRaises(AccessError) as refused:
            ask()
        message = str(refused.exception)
        self.assertIn("you may not read (Lead)", message)
        self.assertIn("Show Plan", message)

    def test_preview_and_test_say_what_to_do(self):
        self.assert_told(self.as_marketer.action_preview)
        wizard = Form(
            self.env["mailing.mailing.test"]
            .with_user(self.user_marketing)
            .with_context(default_mass_mailing_id=self.mailing.id)
        )
        wizard.email_to = "marketer@example.com"
        test = wizard.save()
        self.assertFalse(test.res_id)
        self.assert_told(test.send_mail_test)

    def test_the_plan_counts_and_leads_to_persons(self):
        plan = self.open(self.as_marketer.action_check_audience())
        self.assertEqual(plan.planned_count, 1)
        self.assertEqual(plan.line_ids.sample, "Lena")
        rows = self.open(plan.line_ids.action_view_people())
        person = self.person_of(LEAD)
        self.assertEqual(self.open(rows.action_open_record()), person)
        as_manager = rows.with_user(self.env.user)
        self.assertEqual(as_manager.action_open_record()["res_id"], self.lead.id)

    def test_a_record_of_nobody_is_told(self):
        self.lead.email_from = "no address"
        self.mailing.write(
            {
                "marketing_segment_ids": False,
                "mailing_domain": repr([("id", "=", self.lead.id)]),
            }
        )
        plan = self.open(self.as_marketer.action_check_audience())
        rows = self.open(plan.line_ids.action_view_people())
        self.assertFalse(rows.person_id)
        with self.assertRaisesRegex(Exception, "no person is known"):
            rows.action_open_record()

    def test_what_was_sent_leads_to_persons(self):
        self.mailing.action_launch()
        delivery = self.deliveries_of(self.mailing).with_user(self.user_marketing)
        self.assertEqual(self.open(delivery.action_open_record()), delivery.person_id)

    def test_findings_lead_to_persons(self):
        check = self.check(self.mailing)
        finding = self.finding(check, "missing_value")
        self.assertEqual(finding.count, 1)
        self.assertEqual(self.open(finding.action_open()), self.person_of(LEAD))
        as_manager = finding.with_user(self.env.user).action_open()
        self.assertEqual(as_manager["res_model"], "crm.lead")

    def test_records_of_a_segment_are_its_members(self):
        action = self.segment.with_user(self.user_marketing).action_view_records()
        self.assertEqual(self.open(action).person_id, self.person_of(LEAD))
        self.assertEqual(self.segment.action_view_records()["res_model"], "crm.lead")

    def test_the_heat_map_shows_the_mail_as_designed(self):
        self.assertEqual(self.as_marketer._get_shown_body(), self.mailing.body_html)

    def test_a_suggested_address(self):
        partner = self.make_partner("mia@gmial.com")
        person = self.person_of("mia@gmial.com").with_user(self.user_marketing)
        self.env["marketing.person"]._assign_domains(0, 1)
        with self.assertRaises(AccessError) as refused:
            partner.with_user(self.user_marketing).action_use_suggested_email()
        self.assertIn(
            "You may not change these records (Contact)", str(refused.exception)
        )
        self.assertEqual(partner.email, "mia@gmial.com")
        person.action_use_suggestion()
        self.assertEqual(partner.email, "mia@gmail.com")
