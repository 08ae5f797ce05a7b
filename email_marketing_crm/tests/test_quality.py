from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import NOW, MarketingCase


@tagged("post_install", "-at_install")
class TestQuality(MarketingCase):
    """The state of the data: each figure, and the list behind it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.metrics = cls.env["marketing.quality.metric"]
        cls.metrics.search([]).unlink()

    def refresh(self):
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.metrics._refresh(self.env.company.id)

    def figure(self, code):
        return self.metrics.search(
            [("code", "=", code), ("company_id", "=", self.env.company.id)]
        )

    def listed(self, code, user=None):
        """What opens when one clicks the number."""
        metric = self.figure(code).with_user(user or self.user_marketing)
        action = metric.action_open()
        records = self.env[action["res_model"]].with_user(user or self.user_marketing)
        return records.search(action["domain"])

    def test_every_number_opens_a_list_of_so_many(self):
        self.make_partner("ana@example.com", function="CEO")
        self.make_lead("bo@example.com", partner_name="Acme")
        self.make_contact("eve@example.com")
        self.make_partner("blocked@example.com")
        self.env["mail.blacklist"]._add("blocked@example.com")
        self.refresh()
        metrics = self.metrics.search([("company_id", "=", self.env.company.id)])
        self.assertGreater(len(metrics), 15)
        for metric in metrics:
            if metric.code.startswith(("address:crm", "address:res", "address:mail")):
                continue  # lists of their own, tested with the addresses
            with self.subTest(code=metric.code):
                self.assertTrue(metric.name and metric.name != metric.code)
                user = self.env.ref("base.user_admin")
                self.assertEqual(len(self.listed(metric.code, user)), metric.count)

    def test_who_can_be_mailed_and_who_cannot_add_up_to_everybody(self):
        for name in ("ana", "blocked", "bounced"):
            self.make_partner(f"{name}@example.com")
        self.env["mail.blacklist"]._add("blocked@example.com")
        self.person_of("bounced@example.com").action_suppress()
        self.refresh()
        reach = self.metrics.search(
            [("category", "=", "1_reach"), ("company_id", "=", self.env.company.id)]
        )
        total = self.env["marketing.person"].search_count(
            [
                ("merged_into_id", "=", False),
                "|",
                ("company_ids", "=", False),
                ("company_ids", "in", self.env.company.ids),
            ]
        )
        self.assertEqual(sum(reach.mapped("count")), total)
        self.assertIn(
            self.person_of("bounced@example.com"), self.listed("reach:suppressed")
        )
        self.assertIn(self.person_of("ana@example.com"), self.listed("reach:mailable"))
        self.assertNotIn(
            self.person_of("blocked@example.com"), self.listed("reach:mailable")
        )

    def test_what_any_record_of_a_person_knows_is_not_missing(self):
        self.make_partner("ana@example.com")
        self.make_lead("ana@example.com", function="CEO", partner_name="Acme")
        self.make_partner("bo@example.com", phone="0170 1234567")
        self.refresh()
        ana, bo = self.person_of("ana@example.com"), self.person_of("bo@example.com")
        self.assertNotIn(ana, self.listed("missing:function"))
        self.assertNotIn(ana, self.listed("missing:company"))
        self.assertIn(ana, self.listed("missing:phone"))
        self.assertIn(bo, self.listed("missing:function"))
        self.assertNotIn(bo, self.listed("missing:phone"))

    def test_answers_that_count_are_not_missing(self):
        self.make_partner("ana@example.com")
        person = self.person_of("ana@example.com")
        self.env["marketing.profile.value"]._set_values(
            [
                {
                    "person_id": person.id,
                    "attribute": "budget",
                    "value": 5,
                    "origin": "form",
                }
            ]
        )
        self.refresh()
        self.assertNotIn(person, self.listed("missing:profile:budget"))
        self.assertIn(person, self.listed("missing:profile:persona"))

    def test_out_of_date_is_what_nobody_touched(self):
        long_ago = NOW - timedelta(days=400)
        partners = self.env["res.partner"]
        for name in ("silent", "active", "written"):
            partners |= self.make_partner(f"{name}@example.com")
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.cr.execute(
            "UPDATE res_partner SET write_date = %s WHERE id = ANY(%s)",
            [long_ago, partners[:2].ids],
        )
        self.env.cr.execute(
            "UPDATE res_partner SET write_date = %s WHERE id = %s",
            [NOW, partners[2].id],
        )
        self.happened("form", "active@example.com", NOW - timedelta(days=30))
        self.happened("sent", "silent@example.com", NOW - timedelta(days=30))
        self.refresh()
        stale = self.listed("stale:12")
        self.assertIn(self.person_of("silent@example.com"), stale)
        self.assertNotIn(self.person_of("active@example.com"), stale)
        self.assertNotIn(self.person_of("written@example.com"), stale)
        self.assertNotIn(self.person_of("silent@example.com"), self.listed("stale:24"))

    def test_addresses_that_nobody_can_be_mailed_at(self):
        self.refresh()
        before = {
            code: self.figure(code).count
            for code in ("address:res.partner", "address:none", "address:crm.lead")
        }
        self.make_partner("ana at example")
        self.make_partner(False)
        self.make_lead("@example.com")
        self.refresh()
        for code, count in before.items():
            self.assertEqual(self.figure(code).count, count + 1, code)
        action = self.figure("address:res.partner").action_open()
        self.assertEqual(action["res_model"], "res.partner")

    def test_addresses_that_are_doubtful(self):
        self.make_partner("ana@example.com")
        person = self.person_of("ana@example.com")
        self.env.cr.execute(
            "UPDATE marketing_person SET address_state = 'risky' WHERE id = %s",
            [person.id],
        )
        self.refresh()
        self.assertIn(person, self.listed("address:risky"))
        self.assertNotIn(person, self.listed("address:unknown"))

    def test_likely_duplicates_are_counted(self):
        scans = self.env["marketing.duplicate.scan"]
        self.make_partner("ana@example.com")
        self.make_partner("ana+x@example.com")
        self.env.flush_all()
        self.env["marketing.duplicate"].search([]).unlink()
        person = self.person_of("ana@example.com")
        partners = self.env["res.partner"].search(
            [("email", "in", ("ana@example.com", "ana+x@example.com"))]
        )
        scans._get_scan("res.partner")._look_at(partners.ids)
        self.refresh()
        self.assertEqual(self.figure("duplicate:marketing.person").count, 1)
        self.assertIn(
            person,
            self.listed("duplicate:marketing.person").mapped("first_person_id")
            | self.listed("duplicate:marketing.person").mapped("second_person_id"),
        )

    def test_one_snapshot_a_day_and_what_changed_in_a_week(self):
        self.refresh()
        for day in (0, 0, 8):
            self.clock.move_to(NOW + timedelta(days=day))
            if day:
                self.make_partner("ana@example.com")
            self.refresh()
        metric = self.figure("reach:mailable")
        self.assertEqual(len(metric.snapshot_ids), 2)
        self.assertEqual((metric.change, metric.trend), (1, "better"))
        metric = self.figure("missing:phone")
        self.assertEqual((metric.change, metric.trend), (1, "worse"))
        action = metric.action_open_trend()
        self.assertEqual(
            self.env["marketing.quality.snapshot"].search_count(action["domain"]), 2
        )

    def test_findings_that_are_gone_leave_the_page(self):
        attribute = self.env["marketing.profile.attribute"].create(
            {"name": "Shoe size", "code": "shoe_size", "type": "number"}
        )
        self.refresh()
        self.assertTrue(self.figure("missing:profile:shoe_size"))
        attribute.active = False
        self.refresh()
        self.assertFalse(self.figure("missing:profile:shoe_size"))

    def test_each_company_has_its_own_figures(self):
        self.refresh()
        before = self.figure("reach:mailable").count
        self.make_partner("ana@example.com", company_id=self.company_other.id)
        self.make_partner("bo@example.com", company_id=self.env.company.id)
        self.refresh()
        self.metrics._refresh(self.company_other.id)
        self.assertEqual(self.figure("reach:mailable").count, before + 1)
        metrics = self.metrics.with_user(self.user_marketing)
        self.assertEqual(metrics.search([]).company_id, self.env.company)

    def test_who_sees_the_state_of_the_data(self):
        self.refresh()
        self.assertTrue(self.metrics.with_user(self.user_marketing).search([]))
        self.metrics.with_user(self.user_marketing).action_refresh()
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                self.metrics.with_user(user).search([])
            with self.assertRaises(AccessError):
                self.metrics.with_user(user).action_refresh()
        with self.assertRaises(AccessError):
            self.metrics.with_user(self.user_manager).search([], limit=1).unlink()

    def test_the_worker_computes_every_company(self):
        companies = self.metrics._get_companies()
        self.assertIn(self.company_other.id, companies)
        for company_id in companies:
            self.metrics._refresh(company_id)
        self.assertEqual(set(self.metrics.search([]).company_id.ids), set(companies))
