"""The timeline: who sees what of it."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .timeline_common import ANA, TimelineCase


@tagged("post_install", "-at_install")
class TestTimelineAccess(TimelineCase):
    def test_a_salesperson_sees_the_timeline_of_his_lead_only(self):
        self.mail_event("sent")
        self.assertEqual(
            self.titles(self.lead, self.user_sales), ["Mail “Spring newsletter” sent"]
        )
        colleague = new_test_user(
            self.env, "colleague", groups="sales_team.group_sale_salesman"
        )
        for method in ("marketing_timeline", "marketing_summary"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(self.lead.with_user(colleague), method)()

    def test_employees_see_contacts_but_not_what_they_did(self):
        self.mail_event("sent")
        partner = self.partner.with_user(self.user_employee)
        self.assertTrue(partner.name)
        for method in ("marketing_timeline", "marketing_summary"):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(partner, method)()
        self.assertNotIn("marketing_score", partner.fields_get())
        with self.assertRaises(AccessError):
            partner.read(["marketing_score"])
        arch = partner.get_view(self.env.ref("base.view_partner_form").id)["arch"]
        self.assertNotIn("marketing_timeline", arch)

    def test_events_of_another_company_are_left_out(self):
        self.happened("form", ANA, data={"title": "Ours"})
        self.happened(
            "form",
            ANA,
            data={"title": "Theirs"},
            company_id=self.company_other.id,
        )
        for user in (self.user_sales, self.user_marketing, self.user_manager):
            with self.subTest(user=user.login):
                titles = self.titles(user=user)
                self.assertEqual(titles, ["Submitted the form “Ours”"])
        self.user_sales.company_ids = [Command.link(self.company_other.id)]
        both = self.partner.with_company(self.company_other).with_context(
            allowed_company_ids=[self.env.company.id, self.company_other.id]
        )
        self.assertEqual(len(self.titles(both, self.user_sales)), 2)

    def test_counts_leave_events_of_another_company_out(self):
        self.mail_event("clicked", reliability="human_likely")
        self.mail_event(
            "clicked", reliability="human_likely", company_id=self.company_other.id
        )
        self.env.cr.precommit.run()
        summary = self.partner.with_user(self.user_sales).marketing_summary()
        clicks = next(
            tile for tile in summary["engagement"] if tile["code"] == "clicked"
        )
        self.assertEqual(clicks["count"], 1)

    def test_leads_of_colleagues_are_told_without_their_name(self):
        secret = self.make_lead(ANA, name="Secret deal", user_id=self.user_manager.id)
        self.happened(
            "won",
            ANA,
            res_model="crm.lead",
            res_id=secret.id,
            value=900,
            data={"title": "Secret deal"},
        )
        rows = self.timeline(self.lead, self.user_sales)["touchpoints"]
        won = next(row for row in rows if row["kind"] == "sales" and row["id"])
        self.assertEqual(won["title"], "Lead won")
        self.assertFalse(won["amount"])
        self.assertFalse(won["res_id"])
        titles = self.titles(self.partner, self.user_marketing)
        self.assertIn("Lead “Secret deal” won", titles)

    def test_marketers_open_the_mailing_and_salespeople_read_the_mail(self):
        self.mail_event("sent")
        (row,) = self.timeline(self.partner, self.user_marketing)["touchpoints"]
        self.assertEqual(
            (row["res_model"], row["res_id"]), ("mailing.mailing", self.mailing.id)
        )
        self.assertFalse(row["has_preview"])
        (row,) = self.timeline(self.lead, self.user_sales)["touchpoints"]
        self.assertFalse(row["res_model"])
        self.assertTrue(row["has_preview"])
        mail = self.lead.with_user(self.user_sales).marketing_timeline_mail(row["id"])
        self.assertEqual(mail["subject"], "Spring newsletter")
        self.assertIn("Hello Ana Pereira!", mail["body"])

    def test_mails_of_other_persons_cannot_be_read_through_a_lead(self):
        self.make_partner("bo@valves.example", name="Bo")
        self.happened("sent", "bo@valves.example", mailing_id=self.mailing.id)
        self.mail_event("sent", company_id=self.company_other.id)
        self.env.cr.precommit.run()
        lead = self.lead.with_user(self.user_sales)
        for event in self.env["marketing.touchpoint"].search([]):
            with self.assertRaises(UserError):
                lead.marketing_timeline_mail(event.id)
