import base64
import csv
import io
from unittest.mock import patch

from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestImportTour(HttpCase):
    """A marketer uploads a file with the mouse, and gets back what needs him."""

    browser_size = "1900x1000"

    def test_upload_map_run_answer_and_download(self):
        new_test_user(
            self.env,
            "tour_marketer",
            groups="email_marketing_crm.group_marketing_user,base.group_user",
        )
        company = self.env["res.partner"].create({"name": "Acme", "is_company": True})
        ana = self.env["res.partner"].create(
            {
                "name": "Ana Pereira",
                "email": "ana@old.example.com",
                "parent_id": company.id,
            }
        )
        imports = self.env["marketing.import"]

        def run_at_once(model):
            """What the lane does within a second, done before the page answers."""
            while model.sudo()._run_lane(0, 1)[1]:
                model.env.cr.precommit.run()

        with patch.object(type(imports), "_wake_lane", run_at_once):
            self.start_tour(
                "/odoo/marketing-imports", "marketing_import", login="tour_marketer"
            )
        job = imports.search([("file_name", "=", "visitors.csv")])
        self.assertEqual(job.state, "done")
        self.assertEqual(job.line_ids.mapped("state"), ["updated", "created", "error"])
        self.assertEqual(ana.function, "CTO")
        self.assertEqual(job.source_id.name, "Tour fair")
        self.assertEqual(job.source_id.import_mapping["whatisshe"], "function")
        self.authenticate("tour_marketer", "tour_marketer")
        answer = self.url_open(f"/marketing/import/{job.id}/report")
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        self.assertEqual(rows[0][:2], ["Name", "Email"])
        self.assertEqual(rows[1][:2], ["Chen Li", "chen@gmail,com"])

    def test_the_report_is_for_those_who_may_read_the_import(self):
        new_test_user(self.env, "stranger", groups="base.group_user")
        source = self.env["marketing.acquisition.source"].create({"name": "Fair"})
        job = self.env["marketing.import"].create(
            {
                "file": base64.b64encode(b"Email\nana@example.com\n"),
                "file_name": "a.csv",
                "source_id": source.id,
                "relationship": "lead",
                "legal_basis": "consent",
            }
        )
        self.authenticate("stranger", "stranger")
        answer = self.url_open(f"/marketing/import/{job.id}/report")
        self.assertEqual(answer.status_code, 403)
        self.assertEqual(self.url_open("/marketing/import/0/report").status_code, 404)
