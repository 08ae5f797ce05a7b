"""Lines that are wrong, and an import on its way: each line once."""

import csv
import io
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .import_common import ImportCase


@tagged("post_install", "-at_install")
class TestImportLines(ImportCase):
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
