"""Files of contacts: what becomes of them, and of those who are known."""

import io
from unittest.mock import patch

from openpyxl import Workbook

from odoo.exceptions import UserError
from odoo.tests import tagged

from .import_common import ImportCase


@tagged("post_install", "-at_install")
class TestImport(ImportCase):
    # ------------------------------------------------------------------
    # contacts and companies
    # ------------------------------------------------------------------

    def test_contacts_with_their_companies(self):
        job = self.do_import(
            "First name;Last name;E-Mail;Company;Website;Job Title;Industry;Country\n"
            "Ana;Pereira;ana@acme.test;Acme GmbH;www.acme.test;CTO;Pumps;DE\n"
            "Bo;Ek;bo@acme.test;ACME  gmbh;;Buyer;Pumps;germany\n"
            "Chen;Li;chen@acme.test;Ａcme GmbH;;;;\n"
        )
        self.assertEqual(job.state, "done")
        self.assertEqual(job.created_count, 3)
        ana, bo, chen = map(
            self.contact_of, ("ana@acme.test", "bo@acme.test", "chen@acme.test")
        )
        self.assertEqual(ana.name, "Ana Pereira")
        self.assertEqual(ana.function, "CTO")
        self.assertEqual(ana.country_id, self.germany)
        self.assertEqual(ana.marketing_relationship, "prospect")
        company = ana.parent_id
        self.assertEqual((bo + chen).parent_id, company)
        self.assertTrue(company.is_company)
        self.assertEqual(company.name, "Acme GmbH")
        self.assertEqual(company.industry_id.name, "Pumps")
        self.assertEqual(company.website, "http://www.acme.test")
        # Of one company, at one address, as Odoo keeps it.
        self.assertEqual(company.country_id, self.germany)
        self.assertEqual(chen.country_id, self.germany)
        self.assertEqual(ana.commercial_partner_id, company)

    def test_a_contact_is_as_odoo_would_have_made_it(self):
        """What the import foresees of a contact is what Odoo computes."""
        lang = self.env["res.lang"]._activate_lang("fr_FR")
        acme = self.env["res.partner"].create(
            {
                "name": "Acme GmbH",
                "is_company": True,
                "user_id": self.user_marketing.id,
                "lang": lang.code,
                "country_id": self.germany.id,
            }
        )
        self.do_import(
            "Name,Email,Company,Phone\n"
            "Ana Pereira,Ana <Ana@acme.test>,Acme GmbH,+49 30 1234567\n"
            "Bo Ek,bo@acme.test,Acme GmbH,+49 (0)30 1234567\n"
            "Chen Li,chen@acme.test,Acme GmbH,030 1234567\n"
            "Dee Oh,dee@acme.test,Acme GmbH,+49 1\n"
            "Eva Um,eva@nowhere.test,,\n"
        )
        computed = [
            "commercial_company_name",
            "commercial_partner_id",
            "complete_name",
            "email_normalized",
            "lang",
            "partner_share",
            "phone_sanitized",
            "user_id",
        ]
        for name, email, parent, phone in (
            ("Ana Pereira", "ana@acme.test", acme, "+49 30 1234567"),
            ("Bo Ek", "bo@acme.test", acme, "+49 (0)30 1234567"),
            ("Chen Li", "chen@acme.test", acme, "030 1234567"),
            ("Dee Oh", "dee@acme.test", acme, "+49 1"),
            ("Eva Um", "eva@nowhere.test", acme.browse(), False),
        ):
            with self.subTest(name):
                imported = acme.search([("email_normalized", "=", email)])
                by_hand = acme.create(
                    {
                        "name": name,
                        "email": email,
                        "parent_id": parent.id,
                        "phone": phone,
                    }
                )
                expected = by_hand.read(computed, load=None)[0]
                if not parent:
                    expected["commercial_partner_id"] = imported.id
                self.assertEqual(
                    imported.read(computed, load=None)[0],
                    expected | {"id": imported.id},
                )
                self.assertEqual(
                    imported.marketing_person_id, by_hand.marketing_person_id
                )
                self.assertFalse(imported.image_128)
        self.assertEqual(
            acme.search([("email", "=", "bo@acme.test")])[0].phone_sanitized,
            "+49301234567",
        )

    def test_a_contact_is_written_once(self):
        """Contacts with a company stand in the database when they are inserted."""
        written = []
        partners = self.env.registry["res.partner"]
        write_multi = partners._write_multi

        def note(records, values_list):
            written.extend(records.mapped("email"))
            return write_multi(records, values_list)

        with patch.object(partners, "_write_multi", note):
            job = self.do_import(
                "Name,Email,Company,Phone,Country\n"
                "Ana,ana@acme.test,Acme GmbH,+49 30 1234567,DE\n"
                "Bo,bo@acme.test,Acme GmbH,,DE\n"
            )
        self.assertEqual(job.created_count, 2)
        self.assertFalse({"ana@acme.test", "bo@acme.test"} & set(written))

    def test_company_is_found_by_name_or_website(self):
        partners = self.env["res.partner"]
        by_name = partners.create({"name": "Globex Ltd", "is_company": True})
        by_site = partners.create(
            {
                "name": "Initech",
                "is_company": True,
                "website": "https://www.initech.test/",
                "vat": "DE123456788",
            }
        )
        self.do_import(
            "Email,Company,Website\n"
            "ana@x.test,GLOBEX ltd,\n"
            "bo@x.test,Initech International,initech.test\n"
        )
        self.assertEqual(self.contact_of("ana@x.test").parent_id, by_name)
        bo = self.contact_of("bo@x.test")
        self.assertEqual(bo.parent_id, by_site)
        self.assertEqual(bo.vat, "DE123456788", "what a company shares with its people")
        self.assertEqual(by_site.name, "Initech")

    def test_an_address_of_another_city_stays_with_its_contact(self):
        company = self.env["res.partner"].create(
            {"name": "Acme", "is_company": True, "city": "Berlin"}
        )
        self.do_import("Email,Company,City\nana@x.test,Acme,Hamburg\nbo@x.test,Acme,\n")
        self.assertEqual(self.contact_of("ana@x.test").city, "Hamburg")
        self.assertEqual(self.contact_of("bo@x.test").city, "Berlin")
        self.assertEqual(company.city, "Berlin")

    def test_tags_segment_profile_and_fields_of_all_kinds(self):
        segment = self.env["marketing.segment"].create(
            {"name": "Visitors", "kind": "static"}
        )
        tag = self.env["res.partner.category"].create({"name": "Fair 2026"})
        text = (
            "Email,Tags,Language,State,Country,Company size,Notes\n"
            "ana@x.test,VIP; Pumps,en,CA,US,10-49,Likes <blue>\n"
        )
        self.do_import(text, segment_id=segment.id, tag_ids=tag.ids)
        ana = self.contact_of("ana@x.test")
        self.assertEqual(
            set(ana.category_id.mapped("name")), {"VIP", "Pumps", "Fair 2026"}
        )
        self.assertEqual(ana.lang, "en_US")
        self.assertEqual(ana.state_id.code, "CA")
        self.assertIn("Likes &lt;blue&gt;", ana.comment)
        self.assertEqual(ana.marketing_person_id.segment_ids, segment)
        value = self.env["marketing.profile.value"].search(
            [("person_id", "=", ana.marketing_person_id.id)]
        )
        self.assertEqual(value.origin, "import")
        self.assertEqual(value.value, "10-49")

    def test_excel_and_chinese(self):
        workbook = Workbook()
        sheet = workbook.active
        sheet.append(["姓名", "邮箱", "公司名称", "手机", "邮编"])
        sheet.append(["张伟", "zhang@x.test", "北京水泵", 13800138000, 100000.0])
        buffer = io.BytesIO()
        workbook.save(buffer)
        job = self.do_import(buffer.getvalue())
        self.assertEqual(job.kind, "xlsx")
        zhang = self.contact_of("zhang@x.test")
        self.assertEqual(zhang.name, "张伟")
        self.assertEqual(zhang.parent_id.name, "北京水泵")
        self.assertEqual(zhang.phone.replace(" ", ""), "13800138000")
        text = "姓名;邮箱\n李娜;li@x.test\n王芳;wang@x.test\n".encode("gb18030")
        self.assertEqual(self.do_import(text).encoding, "gb18030")
        self.assertEqual(self.contact_of("li@x.test").name, "李娜")

    # ------------------------------------------------------------------
    # duplicates
    # ------------------------------------------------------------------

    def test_skip_leaves_contacts_alone(self):
        ana = self.make_partner("Ana@x.test", phone=False)
        job = self.do_import(
            "Email,Phone\nana@X.test,+49 30 1\n", duplicate_policy="skip"
        )
        self.assertEqual(job.skipped_count, 1)
        self.assertFalse(ana.phone)
        self.assertIn("Ana Pereira", job.line_ids.reason)

    def test_update_fills_in_or_overwrites(self):
        ana = self.make_partner("ana@x.test", city="Berlin")
        text = "Email,City,Job\nana@x.test,Hamburg,CTO\n"
        self.do_import(text, duplicate_policy="update")
        self.assertEqual((ana.city, ana.function), ("Berlin", "CTO"))
        self.do_import(text, duplicate_policy="update", update_mode="overwrite")
        self.assertEqual(ana.city, "Hamburg")
        self.assertEqual(self.contact_of("ana@x.test"), ana)

    def test_ask_waits_for_each_answer(self):
        company = self.env["res.partner"].create({"name": "Acme", "is_company": True})
        first, second, third = (
            self.make_partner(
                f"{name.lower()}@old.test", name=name, parent_id=company.id
            )
            for name in ("Ana", "Bo", "Chen")
        )
        job = self.do_import(
            "Name,Email,Company,Job\n"
            "ANA,ana@new.test,acme,CTO\n"
            "Bo,bo@new.test,Acme,CTO\n"
            "Chen,chen@new.test,Acme,CTO\n"
            "Dora,dora@new.test,Acme,CTO\n"
        )
        self.assertEqual((job.question_count, job.created_count), (3, 1))
        ask_ana, ask_bo, ask_chen, _dora = job.line_ids
        self.assertEqual(ask_ana.duplicate_id, first)
        self.assertIn("ana@old.test", ask_ana.reason)
        ask_ana.action_update()
        ask_bo.action_create()
        ask_chen.action_skip()
        self.assertEqual(job.state, "running")
        self.run_lane()
        self.assertEqual(
            job.line_ids.mapped("state"), ["updated", "created", "skipped", "created"]
        )
        self.assertEqual(first.function, "CTO")
        self.assertEqual(first.email, "ana@old.test", "filled in only")
        self.assertFalse(second.function)
        self.assertEqual(self.contact_of("bo@new.test").name, "Bo")
        self.assertFalse(third.function)
        self.assertFalse(self.contact_of("chen@new.test"))
        with self.assertRaises(UserError):
            ask_ana.action_update()

    def test_same_name_at_another_address_is_asked_even_when_updating(self):
        company = self.env["res.partner"].create({"name": "Acme", "is_company": True})
        self.make_partner("ana@old.test", name="Ana", parent_id=company.id)
        bo = self.make_partner(False, name="Bo", parent_id=company.id)
        job = self.do_import(
            "Name,Email,Company\nAna,ana@new.test,Acme\nBo,bo@new.test,Acme\n",
            duplicate_policy="update",
        )
        self.assertEqual(self.outcomes_of(job), [(2, "question"), (3, "updated")])
        self.assertEqual(bo.email, "bo@new.test")

    def test_lines_that_repeat_each_other(self):
        text = (
            "Name,Email,City\n"
            "Ana,ana@x.test,\n"
            "Ana,ANA@x.test,Berlin\n"
            "Ana,ana@x.test,Bonn\n"
        )
        job = self.do_import(text, duplicate_policy="update")
        self.assertEqual(
            [state for _number, state in self.outcomes_of(job)],
            ["created", "updated", "updated"],
        )
        self.assertEqual(self.contact_of("ana@x.test").city, "Berlin")
        preview = self.make_import(text.replace("x.test", "y.test"))
        preview.action_check()
        self.assertEqual(
            preview.preview_ids.mapped("expected"), ["create", "question", "question"]
        )

    def test_users_are_never_changed(self):
        user = self.user_sales.partner_id
        user.email = "salesperson@x.test"
        job = self.do_import(
            "Email,Name,Phone\nsalesperson@x.test,Nobody,1\n",
            duplicate_policy="update",
            update_mode="overwrite",
        )
        self.assertEqual(job.line_ids.state, "skipped")
        self.assertNotEqual(user.name, "Nobody")

    def test_contacts_of_other_companies_are_not_seen(self):
        theirs = self.make_partner("ana@x.test", company_id=self.company_other.id)
        self.do_import("Email,City\nana@x.test,Bonn\n", duplicate_policy="update")
        self.assertFalse(theirs.city)
        mine = self.contact_of("ana@x.test") - theirs
        self.assertEqual(mine.city, "Bonn")
