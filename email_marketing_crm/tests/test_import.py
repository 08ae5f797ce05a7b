"""Files of contacts: what a marketer uploads, answers, and gets back."""

import base64
import csv
import io
from datetime import timedelta
from unittest.mock import patch

from openpyxl import Workbook

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import MarketingCase


class ImportCase(MarketingCase):
    """A trade fair, and the verbs of an import."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fair = cls.env["marketing.acquisition.source"].create(
            {"name": "Pump fair", "kind": "event", "legal_basis": "consent"}
        )
        cls.germany = cls.env.ref("base.de")

    def make_import(self, text, user=None, **values):
        """An import of a file, with its columns read."""
        content = text if isinstance(text, bytes) else text.encode()
        job = (
            self.env["marketing.import"]
            .with_user(user or self.user_marketing)
            .create(
                {
                    "file": base64.b64encode(content),
                    "file_name": "visitors.csv",
                    "source_id": self.fair.id,
                    "relationship": "prospect",
                    **values,
                }
            )
        )
        job.action_read_file()
        return job

    def run_import(self, job):
        """Check, start, and let the lane do all there is."""
        if job.state == "draft":
            job.action_check()
        if job.state == "checked":
            job.action_start()
        self.run_lane()
        job.invalidate_recordset()
        return job

    def run_lane(self):
        for _run in range(50):
            _processed, remaining = self.env["marketing.import"]._run_lane(0, 1)
            self.env.cr.precommit.run()
            if not remaining:
                return
        raise AssertionError("The import does not end")

    def do_import(self, text, **values):
        return self.run_import(self.make_import(text, **values))

    def outcomes_of(self, job):
        return [(line.number, line.state) for line in job.line_ids]

    def contact_of(self, email):
        return self.env["res.partner"].search([("email", "=", email)])


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

    # ------------------------------------------------------------------
    # lines that are wrong
    # ------------------------------------------------------------------

    def test_a_bad_line_stops_nobody_and_says_what_to_do(self):
        job = self.do_import(
            "Email,Name,Country\n"
            "ana@x.test,Ana,Germany\n"
            "not an address,Bo,\n"
            "chen@x.test,Chen,Atlantis\n"
            "dora@gmail,Dora,\n"
            ',,"France"\n'
            "emil@x.test,Emil,,too,many\n"
            "\n"
            "finn@x.test,Finn,FR\n"
        )
        self.assertEqual(
            self.outcomes_of(job),
            [
                (2, "created"),
                (3, "error"),
                (4, "error"),
                (5, "error"),
                (6, "error"),
                (7, "error"),
                (9, "created"),
            ],
        )
        reasons = {line.number: line.reason for line in job.line_ids}
        self.assertIn("not an address", reasons[3])
        self.assertIn("Country", reasons[4])
        self.assertIn("Atlantis", reasons[4])
        self.assertIn("neither a name nor an address", reasons[6])
        self.assertIn("5 cells", reasons[7])

    def test_a_line_that_odoo_refuses_is_found_among_the_others(self):
        create = type(self.env["res.partner"]).create

        message = "Nobody may be called that."

        def refuse(partners, vals_list):
            if any(vals.get("name") == "Refused" for vals in vals_list):
                raise ValidationError(message)
            return create(partners, vals_list)

        names = [f"Name {number}" for number in range(20)]
        names[13] = "Refused"
        lines = [f"{name},p{number}@x.test" for number, name in enumerate(names)]
        with patch.object(type(self.env["res.partner"]), "create", refuse):
            job = self.do_import("Name,Email\n" + "\n".join(lines))
        self.assertEqual((job.created_count, job.error_count), (19, 1))
        failed = job.line_ids.filtered(lambda line: line.state == "error")
        self.assertEqual(failed.number, 15)
        self.assertIn("Nobody may be called that.", failed.reason)
        persons = [self.person_of(f"p{number}@x.test") for number in (0, 12, 19)]
        self.run_inbox()
        for person in persons:
            self.assertTrue(person.name, "what was written before is complete")
        failed.action_retry()
        self.run_lane()
        self.assertEqual(self.contact_of("p13@x.test").name, "Refused")

    def test_typos_are_suggested_and_changed_by_word_only(self):
        job = self.do_import(
            "Email,Name\nana@gmial.com,Ana\nbo@163.con,Bo\nchen@qq,Chen\n"
            "dora@gmail,Dora\nemil@gmail;com,Emil\n"
        )
        ana, bo, *_others = job.line_ids
        self.assertEqual(ana.suggested_email, "ana@gmail.com")
        self.assertEqual(self.contact_of("ana@gmial.com").name, "Ana", "not silently")
        self.assertEqual(job.typo_count, 2)
        (ana + bo).action_use_suggestion()
        self.assertEqual(self.contact_of("ana@gmail.com").name, "Ana")
        self.assertEqual(self.contact_of("bo@163.com").name, "Bo")
        self.assertFalse(job.line_ids.filtered("suggested_email"))

    def test_a_corrected_line_is_tried_again(self):
        job = self.do_import('Email,Name\n"ana@gmail,com",Ana\n')
        self.assertEqual(job.error_count, 1)
        job.line_ids.action_use_suggestion()
        self.run_lane()
        job.invalidate_recordset()
        self.assertEqual(job.created_count, 1)
        self.assertEqual(self.contact_of("ana@gmail.com").name, "Ana")

    def test_files_that_cannot_be_read(self):
        for content, sentence in (
            (b"", "empty"),
            (b"\xd0\xcf\x11\xe0old", "old Excel"),
            (b"PK\x03\x04broken", "cannot be read"),
            (b"Email\n", "no line below"),
        ):
            with self.subTest(content=content):
                with self.assertRaisesRegex(UserError, sentence):
                    self.make_import(content or b"\n")

    def test_an_address_or_a_name_is_needed(self):
        job = self.make_import("Foo,City\n1,Bonn\n")
        with self.assertRaisesRegex(UserError, "No column holds"):
            job.action_check()
        job.column_ids.target = "email"
        with self.assertRaisesRegex(ValidationError, "same field"):
            job.action_check()

    # ------------------------------------------------------------------
    # running
    # ------------------------------------------------------------------

    def test_nothing_is_written_before_the_start(self):
        before = self.env["res.partner"].search_count([])
        job = self.make_import("Email,Tags,Industry\nana@x.test,New tag,New industry\n")
        job.action_check()
        self.assertEqual(job.preview_ids.mapped("expected"), ["create"])
        self.assertEqual(self.env["res.partner"].search_count([]), before)
        for model in ("res.partner.category", "res.partner.industry"):
            self.assertFalse(self.env[model].search([("name", "ilike", "New ")]))
        job.action_back()
        self.assertEqual((job.state, len(job.line_ids)), ("draft", 0))

    def test_each_line_once_whenever_it_breaks(self):
        """A batch that is rolled back, wherever it breaks, is done again wholly."""
        lines = "".join(f"P{number},p{number}@x.test\n" for number in range(30))
        job = self.make_import("Name,Email\n" + lines)
        job.action_check()
        job.action_start()
        imports = self.env["marketing.import"]
        with patch(
            "odoo.addons.email_marketing_crm.models.marketing_import_run.BATCH_LINES", 7
        ):
            breaks = 0
            for turn in range(20):
                try:
                    with self.env.cr.savepoint():
                        _processed, remaining = imports._run_lane(0, 1)
                        self.env.cr.precommit.run()
                        if turn in (0, 2, 3):
                            raise ConnectionError("the server dies before the commit")
                except ConnectionError:
                    breaks += 1
                    self.env.invalidate_all(flush=False)
                    continue
                if not remaining:
                    break
        job.invalidate_recordset()
        self.assertEqual((breaks, job.state, job.created_count), (3, "done", 30))
        found = self.env["res.partner"].search([("email", "=like", "p%@x.test")])
        self.assertEqual(len(found), 30)

    def test_cancel_and_continue(self):
        lines = "".join(f"p{number}@x.test\n" for number in range(10))
        job = self.make_import("Email\n" + lines)
        job.action_check()
        job.action_start()
        with patch(
            "odoo.addons.email_marketing_crm.models.marketing_import_run.BATCH_LINES", 4
        ):
            self.env["marketing.import"]._run_lane(0, 1)  # reads the file
            self.env["marketing.import"]._run_lane(0, 1)
            job.invalidate_recordset()
            self.assertEqual(job.progress, 40)
            job.action_cancel()
            self.assertEqual(self.env["marketing.import"]._run_lane(0, 1), (0, 0))
            job.action_continue()
            self.run_lane()
        job.invalidate_recordset()
        self.assertEqual((job.created_count, job.state), (10, "done"))
        self.assertEqual(job.progress, 100)

    def test_columns_are_remembered_with_the_source(self):
        job = self.make_import("Kontakt,Anything\nana@x.test,CTO\n")
        self.assertEqual(job.column_ids.mapped("target"), [False, False])
        job.column_ids[0].target = "email"
        job.column_ids[1].target = "function"
        self.run_import(job)
        again = self.make_import("anything;KONTAKT\nCEO;bo@x.test\n")
        self.assertEqual(again.column_ids.mapped("target"), ["function", "email"])

    def test_the_report_can_be_corrected_and_imported_again(self):
        job = self.do_import("Email,Country\nana@x.test,Germany\nbo@x.test,Atlantis\n")
        rows = list(self.env["marketing.import.line"]._iterate_report(job, ("error",)))
        self.assertEqual(rows[1][:2], ["bo@x.test", "Atlantis"])
        self.assertIn("Atlantis", rows[1][-1])
        buffer = io.StringIO()
        csv.writer(buffer).writerows(rows)
        corrected = buffer.getvalue().replace("Atlantis", "France", 1)
        second = self.do_import(corrected)
        self.assertEqual(self.outcomes_of(second), [(2, "created")])
        self.assertEqual(self.contact_of("bo@x.test").country_id.code, "FR")

    def test_lines_are_forgotten_after_a_while(self):
        job = self.do_import("Email\nana@x.test\n")
        self.clock.tick(timedelta(days=89))
        self.env["marketing.import"]._gc_lines()
        self.assertTrue(job.line_ids)
        self.clock.tick(timedelta(days=2))
        self.env["marketing.import"]._gc_lines()
        self.env.invalidate_all()
        self.assertFalse(job.line_ids.exists())
        self.assertFalse(job.file)
        self.assertTrue(self.contact_of("ana@x.test"))
        self.assertEqual(job.created_count, 1, "the figures stay")

    def test_who_is_erased_is_in_no_line_any_more(self):
        job = self.do_import("Email,Name\nana@x.test,Ana\nbo@x.test,Bo\n")
        self.person_of("ana@x.test")._erase()
        self.env.invalidate_all()
        ana, bo = job.line_ids
        self.assertEqual((ana.state, ana.email, ana.name), ("created", False, False))
        self.assertFalse(ana.cells)
        self.assertEqual(bo.cells, ["bo@x.test", "Bo"])

    # ------------------------------------------------------------------
    # origin, basis, and who said no
    # ------------------------------------------------------------------

    def make_mailing(self):
        return self.env["mailing.mailing"].create(
            {
                "subject": "News",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "mailing_domain": "[('email', '=like', '%@x.test')]",
                "body_html": "<p>News</p>",
            }
        )

    def reasons_of(self, mailing):
        """Who would not get the mail and why: `{address: reason}`."""
        self.env["marketing.delivery.preview"]._open_for(mailing)
        rows = self.env["marketing.delivery.preview"].search(
            [("mailing_id", "=", mailing.id)]
        )
        return {row.email: row.outcome for row in rows}

    def test_origin_and_basis_are_kept_with_the_person(self):
        self.do_import("Email\nana@x.test\n")
        ana = self.person_of("ana@x.test")
        self.assertEqual(ana.acquisition_source_id, self.fair)
        self.assertEqual(ana.legal_basis, "consent")
        other = self.fair.copy({"name": "Other", "legal_basis": "contract"})
        self.do_import("Email\nana@x.test\n", source_id=other.id)
        ana = self.person_of("ana@x.test")
        self.assertEqual(ana.acquisition_source_id, self.fair, "the first one stays")
        self.assertEqual(ana.legal_basis, "consent")

    def test_a_list_without_basis_is_imported_and_not_mailed(self):
        self.make_partner("customer@x.test")
        bought = self.env["marketing.acquisition.source"].create(
            {"name": "Bought", "kind": "list", "legal_basis": "unknown"}
        )
        text = "Email\nana@x.test\ncustomer@x.test\nbo@x.test\n"
        self.do_import(text, source_id=bought.id, duplicate_policy="update")
        topic = self.env["marketing.topic"].create({"name": "Pumps"})
        bo = self.person_of("bo@x.test")
        self.env["marketing.consent"]._set_state(
            bo.ids, topic, "in", {"source": "hand", "legal_basis": "consent"}
        )
        mailing = self.make_mailing()
        self.assertEqual(
            self.reasons_of(mailing),
            {
                "ana@x.test": "no_legal_basis",
                "customer@x.test": "planned",
                "bo@x.test": "planned",
            },
        )
        # A source with a basis answers for her.
        self.do_import("Email\nana@x.test\n", duplicate_policy="update")
        self.assertEqual(self.reasons_of(mailing)["ana@x.test"], "planned")

    def test_an_import_makes_nobody_mailable_who_said_no(self):
        blocked = self.make_partner("blocked@x.test")
        self.env["mail.blacklist"]._add("blocked@x.test")
        self.person_of("stopped@x.test")
        self.env["marketing.person"]._get_or_create_ids(["stopped@x.test"])
        self.person_of("stopped@x.test").action_suppress()
        blocked.unlink()
        self.env["marketing.suppression"]._suppress(["gone@x.test"], "erased")
        self.env["marketing.suppression"]._suppress(["manual@x.test"], "manual")
        job = self.do_import(
            "Email\nblocked@x.test\nstopped@x.test\ngone@x.test\nmanual@x.test\n",
            duplicate_policy="update",
            update_mode="overwrite",
        )
        self.assertEqual(
            job.line_ids.mapped("state"), ["created", "created", "skipped", "created"]
        )
        self.assertFalse(self.contact_of("gone@x.test"))
        outcomes = self.reasons_of(self.make_mailing())
        self.assertEqual(
            set(outcomes), {"blocked@x.test", "stopped@x.test", "manual@x.test"}
        )
        self.assertNotIn("planned", outcomes.values())

    def test_nobody_consented_to_a_list_that_was_bought(self):
        with self.assertRaises(ValidationError):
            self.env["marketing.acquisition.source"].create(
                {"name": "Bought", "kind": "list", "legal_basis": "consent"}
            )


@tagged("post_install", "-at_install")
class TestImportAccess(ImportCase):
    def test_marketers_import_though_they_edit_no_contacts(self):
        with self.assertRaises(AccessError):
            self.env["res.partner"].with_user(self.user_marketing).create({"name": "A"})
        job = self.do_import("Email\nana@x.test\n")
        ana = self.contact_of("ana@x.test")
        self.assertEqual(ana.create_uid, self.user_marketing)
        self.assertEqual(job.created_count, 1)

    def test_others_do_not(self):
        job = self.make_import("Email\nana@x.test\n")
        for user in (self.user_sales, self.user_employee):
            for record in (job, job.column_ids, self.fair):
                with self.subTest(user=user.login, model=record._name):
                    with self.assertRaises(AccessError):
                        record.with_user(user).read(["display_name"])
            with self.assertRaises(AccessError):
                job.with_user(user).action_check()

    def test_lines_are_written_by_the_machine_only(self):
        job = self.do_import("Email\nana@x.test\n")
        line = job.line_ids.with_user(self.user_manager)
        self.assertTrue(line.read(["email"]))
        with self.assertRaises(AccessError):
            line.write({"state": "waiting"})
        with self.assertRaises(AccessError):
            line.with_user(self.user_sales).action_retry()

    def test_fields_of_others_cannot_be_written_through_a_file(self):
        job = self.make_import("Email,X\nana@x.test,1\n")
        field = self.env["res.partner"]._fields["ref"]
        with patch.object(field, "groups", "base.group_system"):
            self.assertNotIn(
                "ref",
                self.env["marketing.import.column"]
                .with_user(self.user_marketing)
                ._get_targets(),
            )
            with self.assertRaises(AccessError):
                job.column_ids[1].with_user(self.user_marketing).target = "ref"

    def test_imports_of_another_company_are_its_own(self):
        job = self.make_import("Email\nana@x.test\n")
        job.sudo().company_id = self.company_other
        with self.assertRaises(AccessError):
            job.read(["name"])
