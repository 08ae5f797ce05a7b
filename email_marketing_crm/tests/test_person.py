from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import Form, tagged
from odoo.tools import email_normalize

from ..models.marketing_person import _NORMAL_ADDRESS
from .common import MarketingCase


@tagged("post_install", "-at_install")
class TestPerson(MarketingCase):
    def test_records_with_one_address_share_one_person(self):
        partner = self.make_partner("Ana Pereira <ana@example.com>")
        lead = self.make_lead("ANA@example.com")
        contact = self.make_contact("ana@example.com ")
        self.assertTrue(partner.marketing_person_id)
        self.assertEqual(partner.marketing_person_id, lead.marketing_person_id)
        self.assertEqual(partner.marketing_person_id, contact.marketing_person_id)
        self.assertEqual(self.person_of("ana@example.com").name, "Ana Pereira")

    def test_hundred_records_with_one_address_are_one_person(self):
        partners = self.env["res.partner"].create(
            [{"name": f"Ana {n}", "email": "ana@example.com"} for n in range(100)]
        )
        self.assertEqual(len(partners.marketing_person_id), 1)

    def test_unusable_address_has_no_person(self):
        for email in (
            False,
            "",
            "no address",
            "@",
            "ana at example.com",
            "@example.com",
            "ana@@example.com",
        ):
            with self.subTest(email=email):
                partner = self.make_partner(email)
                self.assertFalse(partner.marketing_person_id)

    @given(st.from_regex(_NORMAL_ADDRESS, fullmatch=True))
    def test_what_is_taken_for_a_normal_address_is_one(self, email):
        self.assertEqual(email_normalize(email, strict=False), email)

    def test_names_of_all_scripts_are_kept(self):
        self.make_partner("li@example.com", name="李小龙")
        self.make_partner("noor@example.com", name="نور الدين")
        self.assertEqual(self.person_of("li@example.com").name, "李小龙")
        self.assertEqual(self.person_of("noor@example.com").name, "نور الدين")

    def test_changed_address_moves_the_record_and_leaves_the_past(self):
        partner = self.make_partner("old@example.com")
        self.happened("form", "old@example.com")
        old = partner.marketing_person_id
        partner.email = "new@example.com"
        self.assertNotEqual(partner.marketing_person_id, old)
        self.run_inbox()
        self.assertIn("form", self.touchpoints_of("old@example.com"))
        self.assertNotIn("form", self.touchpoints_of("new@example.com"))

    def test_form_being_filled_in_makes_nobody(self):
        form = Form(self.env["res.partner"])
        form.name = "Ana"
        form.email = "draft@example.com"
        self.assertFalse(self.person_of("draft@example.com"))
        form.save()
        self.assertTrue(self.person_of("draft@example.com"))

    def test_import_gives_every_usable_line_its_person(self):
        result = self.env["res.partner"].load(
            ["name", "email"],
            [["Ana", "ana@example.com"], ["Bo", "bo@example"], ["Cy", "nonsense"]],
        )
        self.assertFalse(result["messages"])
        partners = self.env["res.partner"].browse(result["ids"])
        self.assertEqual(
            partners.mapped(lambda partner: bool(partner.marketing_person_id)),
            [True, True, False],
        )

    def test_archived_and_deleted_records_keep_the_person(self):
        partner = self.make_partner("ana@example.com")
        person = partner.marketing_person_id
        partner.action_archive()
        self.assertEqual(partner.marketing_person_id, person)
        self.assertEqual(person.partner_ids, partner)
        partner.unlink()
        self.assertTrue(person.exists())

    def test_garbage_collection_forgets_only_who_left_no_trace(self):
        self.make_partner("nobody@example.com").unlink()
        self.make_partner("reader@example.com").unlink()
        self.happened("form", "reader@example.com")
        self.person_of("nobody@example.com")
        self.env.cr.execute(
            "UPDATE marketing_person SET create_date = now() - interval '3 days'"
        )
        self.env["marketing.person"]._gc_persons_without_trace()
        self.assertFalse(self.person_of("nobody@example.com"))
        self.assertTrue(self.person_of("reader@example.com"))

    def test_merged_contacts_become_one_person_with_both_histories(self):
        kept = self.make_partner("ana@example.com")
        former = self.make_partner("a.pereira@example.com")
        self.happened("form", "ana@example.com")
        self.happened("download", "a.pereira@example.com")
        self.run_inbox()
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (kept | former).ids, kept
        )
        self.assertEqual(self.touchpoints_of("ana@example.com"), ["form", "download"])
        alias = self.person_of("a.pereira@example.com")
        self.assertEqual(alias.merged_into_id, kept.marketing_person_id)
        self.happened("form", "a.pereira@example.com")
        self.assertEqual(len(self.touchpoints_of("ana@example.com", "form")), 2)

    def test_merge_keeps_a_person_that_another_record_stands_for(self):
        kept = self.make_partner("ana@example.com")
        former = self.make_partner("shared@example.com")
        self.make_lead("shared@example.com")
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (kept | former).ids, kept
        )
        self.assertFalse(self.person_of("shared@example.com").merged_into_id)

    def test_merge_keeps_the_strictest_answer(self):
        kept = self.make_partner("ana@example.com")
        former = self.make_partner("gone@example.com")
        self.happened("hard_bounce", "gone@example.com")
        self.run_inbox()
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (kept | former).ids, kept
        )
        self.assertEqual(self.person_of("ana@example.com").suppression, "bounce")

    def test_merged_leads_join_their_persons(self):
        kept = self.make_lead("ana@example.com", type="opportunity")
        former = self.make_lead("a.pereira@example.com")
        self.happened("form", "a.pereira@example.com")
        survivor = (kept | former).merge_opportunity()
        self.assertEqual(survivor, kept)
        self.assertIn("form", self.touchpoints_of("ana@example.com"))
        self.assertEqual(
            set(
                self.env["marketing.touchpoint"]
                .search(
                    [
                        ("res_model", "=", "crm.lead"),
                        ("res_id", "in", [kept.id, former.id]),
                    ]
                )
                .mapped("res_id")
            ),
            {kept.id},
        )

    def test_conversion_keeps_the_person(self):
        lead = self.make_lead("ana@example.com", contact_name="Ana")
        person = lead.marketing_person_id
        lead._handle_partner_assignment(create_missing=True)
        lead.convert_opportunity(lead.partner_id)
        self.assertEqual(lead.marketing_person_id, person)
        self.assertEqual(lead.partner_id.marketing_person_id, person)

    def test_engagement_dates_follow_events_in_any_order(self):
        self.make_partner("ana@example.com")
        self.happened("clicked", "ana@example.com", reliability="human_likely")
        self.happened(
            "clicked",
            "ana@example.com",
            date=self.clock().replace(day=1),
            reliability="human_likely",
        )
        self.happened("opened", "ana@example.com", reliability="machine_open")
        self.run_inbox()
        person = self.person_of("ana@example.com")
        self.assertEqual(person.last_click_date, person.last_engagement_date)
        self.assertEqual(person.last_click_date.day, 4)
        self.assertFalse(person.last_open_date)

    def test_existing_database_gets_its_persons(self):
        from ..hooks import build_persons

        self.make_partner("ana@example.com", company_id=self.company_other.id)
        self.make_partner("bo@example.com")
        self.make_lead("bo@example.com")
        self.person_of("ana@example.com")
        for table in ("res_partner", "crm_lead", "mailing_contact"):
            self.env.cr.execute(f"UPDATE {table} SET marketing_person_id = NULL")
        self.env.cr.execute("DELETE FROM marketing_person")
        build_persons(self.env)
        ana, bo = self.person_of("ana@example.com"), self.person_of("bo@example.com")
        self.assertEqual(len(bo.partner_ids), 1)
        self.assertEqual(len(bo.lead_ids), 1)
        self.assertEqual(ana.company_ids, self.company_other)
        self.assertFalse(bo.company_ids)
        self.assertEqual(build_persons(self.env), 0)
