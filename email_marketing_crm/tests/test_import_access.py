"""Who imports, and what no file may write."""

from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .import_common import ImportCase


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
