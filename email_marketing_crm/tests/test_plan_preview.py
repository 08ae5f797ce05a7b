from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common import NOW
from .common_delivery import DeliveryCase

ANA, BOB, CEM, DAN = (f"{name}@example.com" for name in ("ana", "bob", "cem", "dan"))


@tagged("post_install", "-at_install")
class TestPlanPreview(DeliveryCase):
    """A marketer looks at the plan of a campaign before anything is sent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ana, cls.bob, cls.cem, cls.dan = (
            cls.make_partner(email, email.split("@")[0].capitalize())
            for email in (ANA, BOB, CEM, DAN)
        )
        cls.segment = cls.make_segment(ANA, BOB, CEM, DAN)

    def open_plan(self, mailing, user=None):
        user = user or self.user_marketing
        action = mailing.with_user(user).action_check_audience()
        return self.env[action["res_model"]].browse(action["res_id"]).with_user(user)

    def make_mailing_to_lead(self, email):
        """A mailing of somebody else to the leads of an address."""
        return self.make_mailing(
            mailing_model_id=self.env["ir.model"]._get_id("crm.lead"),
            mailing_domain=repr([("email_from", "=", email)]),
        )

    def test_the_list_of_mailings_counts_leads_for_whom_may_not_read_them(self):
        self.make_lead(ANA)
        mailing = self.make_mailing_to_lead(ANA)
        self.assertFalse(
            self.user_marketing.has_group("sales_team.group_sale_salesman")
        )
        self.assertEqual(mailing.with_user(self.user_marketing).total, 1)
        mailing.write({"ab_testing_enabled": True, "ab_testing_pc": 10})
        self.assertEqual(mailing.with_user(self.user_marketing).total, 1)

    def test_a_domain_that_is_typed_counts_no_leads_for_whom_may_not_read_them(self):
        self.make_lead(ANA)
        self.make_lead(BOB)
        mailing = self.make_mailing_to_lead(ANA)
        typed = {"mailing_domain": repr([("email_from", "in", (ANA, BOB))])}
        for user, unsaved, changed in (
            (self.user_marketing, 0, 1),
            (self.env.user, 2, 2),
        ):
            origin = mailing.with_user(user)
            model = {"mailing_model_id": mailing.mailing_model_id.id}
            self.assertEqual(origin.new({**model, **typed}).total, unsaved)
            self.assertEqual(origin.new(typed, origin=origin).total, changed)

    def test_leads_of_companies_the_marketer_is_not_in_are_not_counted(self):
        self.make_lead(ANA, company_id=self.env.company.id)
        self.make_lead(ANA, company_id=self.company_other.id)
        self.make_lead(ANA, company_id=False)
        mailing = self.make_mailing_to_lead(ANA).with_user(self.user_marketing)
        self.assertEqual(mailing.total, 2)
        self.user_marketing.company_ids |= self.company_other
        companies = self.user_marketing.company_ids
        self.assertEqual(mailing.with_company(companies[0]).total, 2)
        in_both = mailing.with_context(allowed_company_ids=companies.ids)
        self.assertEqual(in_both.total, 3)

    def test_a_mailing_without_recipients_chosen_goes_to_nobody(self):
        mailings = self.env["mailing.mailing"].with_user(self.user_marketing)
        mailing = mailings.new({"mailing_model_id": False})
        self.assertEqual(mailing.total, 0)

    def lines(self, plan):
        return {(line.kind, line.code): line.count for line in plan.line_ids}

    def people(self, plan, kind, code):
        """Addresses that a line opens."""
        line = plan.line_ids.filtered(
            lambda line: (line.kind, line.code) == (kind, code)
        )
        action = line.action_view_people()
        rows = self.env[action["res_model"]].with_user(self.user_marketing)
        return set(rows.search(action["domain"]).mapped("email"))

    def hold(self, waits):
        """Let something hold these addresses back: `{address: reason}`."""

        def get_waits(deliveries, mailing, ids):
            rows = deliveries.browse(ids)
            return {
                row.id: (waits[row.email], NOW + timedelta(hours=9))
                for row in rows
                if row.email in waits
            }

        return patch.object(
            self.registry["marketing.delivery"], "_get_waits", get_waits
        )

    def test_who_gets_it_who_waits_and_who_does_not(self):
        out = self.make_segment(BOB, name="Competitors")
        self.env["mail.blacklist"]._add(CEM)
        self.make_partner(ANA, "Ana again")
        self.make_partner("nowhere", "No address", ref="odd")
        mailing = self.make_mailing(
            self.segment, marketing_excluded_segment_ids=[Command.set(out.ids)]
        )
        mailing.mailing_domain = repr(
            [
                "|",
                ("ref", "=", "odd"),
                ("marketing_segment_ids", "in", self.segment.ids),
            ]
        )
        with self.hold({DAN: "tests_wait"}):
            plan = self.open_plan(mailing)
        self.assertEqual(
            self.lines(plan),
            {
                ("gets", "planned"): 1,
                ("waits", "tests_wait"): 1,
                ("skipped", "excluded_segment"): 1,
                ("skipped", "blacklisted"): 1,
                ("record", "same_person"): 1,
                ("record", "no_address"): 1,
            },
        )
        self.assertEqual(
            (
                plan.person_count,
                plan.planned_count,
                plan.waiting_count,
                plan.skipped_count,
            ),
            (4, 2, 1, 2),
        )
        self.assertEqual(self.people(plan, "gets", "planned"), {ANA})
        self.assertEqual(self.people(plan, "waits", "tests_wait"), {DAN})
        self.assertEqual(self.people(plan, "skipped", "excluded_segment"), {BOB})
        self.assertEqual(self.people(plan, "record", "no_address"), {False})
        line = plan.line_ids.filtered(lambda line: line.code == "excluded_segment")
        self.assertEqual(line.label, "In a segment that is left out")
        self.assertIn(line.sample, ("Bob", BOB))
        self.assertIn("Not who is in “Competitors”", plan.explanation)

    def test_the_plan_says_what_the_deliveries_will_say(self):
        """The same figures before and after the mailing is confirmed."""
        self.env["mail.blacklist"]._add(CEM)
        mailing = self.make_mailing(self.segment, marketing_holdout_percent=50)
        plan = self.open_plan(mailing)
        mailing.with_user(self.user_marketing).action_launch()
        self.assertEqual(plan.person_count, mailing.marketing_audience)
        self.assertEqual(plan.planned_count, mailing.marketing_waiting)
        self.assertEqual(plan.skipped_count, mailing.marketing_skipped)
        skipped = self.deliveries_of(mailing).grouped("reason")
        for (kind, code), count in self.lines(plan).items():
            if kind == "skipped":
                self.assertEqual(len(skipped[code]), count)

    def test_looking_plans_nothing(self):
        """Neither deliveries nor events nor worn out numbers."""
        self.env["mail.blacklist"]._add(CEM)
        mailing = self.make_mailing(self.segment)
        self.env.flush_all()
        self.env.cr.execute("SELECT last_value FROM marketing_delivery_id_seq")
        before = self.env.cr.fetchone()
        seen = []

        def get_waits(deliveries, _mailing, ids):
            seen.extend(ids)
            return dict.fromkeys(ids, ("tests_wait", NOW + timedelta(hours=1)))

        with patch.object(self.registry["marketing.delivery"], "_get_waits", get_waits):
            plan = self.open_plan(mailing)
        self.assertEqual(len(seen), 3)
        self.assertTrue(all(delivery_id < 0 for delivery_id in seen))
        self.assertEqual(plan.waiting_count, 3)
        self.assertFalse(self.deliveries_of(mailing))
        self.env.cr.execute("SELECT last_value FROM marketing_delivery_id_seq")
        self.assertEqual(self.env.cr.fetchone(), before)
        self.assertEqual(self.touchpoints_of(CEM, "skipped"), [])

    def test_waits_are_asked_for_the_hour_of_the_mailing(self):
        mailing = self.make_mailing(
            self.segment,
            schedule_type="scheduled",
            schedule_date=NOW + timedelta(days=2),
        )
        dues = []

        def get_waits(deliveries, _mailing, ids):
            dues.extend(deliveries.browse(ids).mapped("due"))
            return {}

        with patch.object(self.registry["marketing.delivery"], "_get_waits", get_waits):
            self.open_plan(mailing)
        self.assertEqual(set(dues), {NOW + timedelta(days=2)})

    def test_what_is_over_by_then_holds_nothing_back(self):
        """A quiet hour of tonight is no matter for a mailing of Friday."""
        mailing = self.make_mailing(
            self.segment,
            schedule_type="scheduled",
            schedule_date=NOW + timedelta(days=2),
        )
        with self.hold({ANA: "tests_wait"}):
            plan = self.open_plan(mailing)
        self.assertEqual(plan.waiting_count, 0)

    def test_quiet_hours_show_in_the_plan(self):
        """Whatever paces mails shows by its own reason."""
        self.env["marketing.quiet.hours"].search([]).active = False
        self.env["marketing.quiet.hours"].create({"hour_from": 9, "hour_to": 12})
        plan = self.open_plan(self.make_mailing(self.segment))
        self.assertEqual(self.lines(plan), {("waits", "quiet_hours"): 4})
        self.assertTrue(plan.line_ids.label)

    def test_looking_again_replaces_the_plan(self):
        mailing = self.make_mailing(self.segment)
        plan = self.open_plan(mailing)
        before = plan.planned_count
        self.env["mail.blacklist"]._add(ANA)
        self.assertEqual(plan.action_check_again()["tag"], "soft_reload")
        self.assertEqual(plan.planned_count, before - 1)
        self.assertEqual(
            self.lines(plan), {("gets", "planned"): 3, ("skipped", "blacklisted"): 1}
        )
        self.assertEqual(
            self.people(plan, "skipped", "blacklisted"), {ANA}, "as of now"
        )
        plans = self.env["marketing.mailing.plan"]
        self.assertEqual(plans.search_count([("mailing_id", "=", mailing.id)]), 1)

    def test_who_may_not_look_again(self):
        plan = self.open_plan(self.make_mailing(self.segment))
        for user in (self.user_manager, self.user_sales, self.user_employee):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                plan.with_user(user).action_check_again()

    def test_the_plan_belongs_to_who_looked(self):
        plan = self.open_plan(self.make_mailing(self.segment))
        with self.assertRaises(AccessError):
            plan.with_user(self.user_manager).line_ids.mapped("count")
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                self.open_plan(self.make_mailing(self.segment), user)

    def test_choices_in_the_form(self):
        """What is chosen on the page Audience shows in the plan."""
        out = self.make_segment(BOB, name="Competitors")
        marketer = self.env["mailing.mailing"].with_user(self.user_marketing)
        with Form(marketer) as form:
            form.subject = "New pumps"
            form.mailing_model_id = self.env["ir.model"]._get("res.partner")
            form.marketing_segment_ids.add(self.segment)
            form.marketing_excluded_segment_ids.add(out)
            form.marketing_priority = "2"
            form.marketing_skips_opportunities = True
        plan = self.open_plan(form.record)
        self.assertEqual(plan.planned_count, 3)
        self.assertIn("Not who has an open opportunity", plan.explanation)

    # ------------------------------------------------------------------
    # the mails that somebody did not get
    # ------------------------------------------------------------------

    def test_each_person_shows_the_mails_he_did_not_get(self):
        out = self.make_segment(BOB, name="Competitors")
        for _number in range(2):
            self.make_mailing(
                self.segment, marketing_excluded_segment_ids=[Command.set(out.ids)]
            ).action_launch()
        self.deliver()
        person = self.person_of(BOB).with_user(self.user_marketing)
        self.assertEqual(person.skipped_delivery_count, 2)
        contact = self.bob.with_user(self.user_marketing)
        contact.invalidate_recordset()
        self.assertEqual(contact.marketing_skipped_count, 2)
        action = contact.action_view_skipped_deliveries()
        found = self.env["marketing.delivery"].search(
            [*action["domain"], ("state", "=", "skipped")]
        )
        self.assertEqual(found.mapped("reason"), ["excluded_segment"] * 2)
        self.assertEqual(
            self.person_of(ANA).with_user(self.user_marketing).skipped_delivery_count, 0
        )

    def test_salespeople_do_not_see_mails_that_were_not_sent(self):
        contact = self.bob.with_user(self.user_sales)
        self.assertNotIn("marketing_skipped_count", contact.fields_get())
        with self.assertRaises(AccessError):
            contact.read(["marketing_skipped_count"])
