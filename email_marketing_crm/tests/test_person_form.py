"""What users do on the form of a person."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .timeline_common import ANA, TimelineCase


@tagged("post_install", "-at_install")
class TestPersonForm(TimelineCase):
    def test_buttons_count_what_the_user_may_open(self):
        marketer = self.person.with_user(self.user_marketing)
        self.assertEqual((marketer.partner_count, marketer.lead_count), (1, 0))
        self.user_marketing.group_ids += self.env.ref("sales_team.group_sale_manager")
        marketer.invalidate_recordset()
        self.assertEqual(marketer.lead_count, 1)
        action = marketer.action_view_leads()
        self.assertEqual(action["res_id"], self.lead.id)
        self.make_lead(ANA, name="Second", user_id=self.user_sales.id)
        marketer.invalidate_recordset()
        self.assertEqual(marketer.lead_count, 2)
        self.assertEqual(
            self.env["crm.lead"].search_count(marketer.action_view_leads()["domain"]),
            2,
        )

    def test_the_language_is_told_by_its_name(self):
        language = self.env["res.lang"].search([("code", "=", "en_US")])
        self.person.partner_ids.lang = "en_US"
        self.assertEqual(self.person.lang_name, language.name)

    def test_a_marketer_stops_mail_and_only_a_manager_allows_it_again(self):
        self.person.with_user(self.user_marketing).action_suppress()
        self.assertEqual(self.person.suppression, "manual")
        with self.assertRaises(AccessError):
            self.person.with_user(self.user_marketing).action_lift_suppression()
        self.person.with_user(self.user_manager)._lift_suppression("It was a mistake")
        self.assertEqual(self.person.suppression, "none")
        with self.assertRaises(AccessError):
            self.person.with_user(self.user_sales).action_suppress()

    def test_types_that_are_captured_stay(self):
        sent = self.env.ref("email_marketing_crm.touchpoint_type_sent")
        manager = sent.with_user(self.user_manager)
        with self.assertRaises(UserError):
            manager.unlink()
        with self.assertRaises(UserError):
            manager.code = "posted"
        own = manager.create({"name": "Visited our booth", "code": "booth"})
        own.unlink()
