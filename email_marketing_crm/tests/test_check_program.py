"""What other programs and servers say of a mail: DNS, SpamAssassin, links."""

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from .check_common import CLEAN, CheckCase
from .test_tools_check_program import REPORT


@tagged("post_install", "-at_install")
class TestCheckProgram(CheckCase):
    def test_what_the_domain_name_system_says(self):
        mailing = self.make_clean()
        sender = mailing.marketing_sender_id.sudo()
        sender.dns_result = {
            "findings": [
                ["spf_missing", "error", {"domain": "pumps.example.com"}],
                ["dmarc_none", "info", {"domain": "pumps.example.com"}],
            ]
        }
        found = self.finding(self.check(mailing), "sender_domain")
        self.assertEqual(found.mapped("severity"), ["warn", "info"])
        self.assertIn("has no SPF record", found[0].message)
        self.assertEqual(found[0].action_open()["res_model"], "marketing.sender")

    def test_without_spamassassin_it_is_said(self):
        with patch.dict("os.environ", PATH="/nowhere"):
            check = self.check(self.make_clean())
        self.assertIn("not installed", check.spam_report)
        self.assertEqual(check.state, "done")

    def test_spamassassin_is_asked_by_the_worker(self):
        with TemporaryDirectory() as folder:
            program = Path(folder, "spamassassin")
            program.write_text(
                f"#!/bin/sh\n/bin/cat > {folder}/mail\n/bin/cat <<'E'\n{REPORT}E\n"
            )
            program.chmod(0o755)
            with patch.dict("os.environ", PATH=folder):
                check = self.check(self.make_clean())
                self.assertTrue(check.is_spam_pending)
                self.assertFalse(check.spam_report)
                self.assertFalse(Path(folder, "mail").exists())
                self.env["marketing.mailing.check"]._run_lane(0, 1)
            mail = Path(folder, "mail").read_bytes()
        self.assertIn(b"Subject: Our new pumps are here", mail)
        self.assertIn(b"multipart/alternative", mail)
        self.assertEqual((check.state, check.spam_points), ("done", 6.3))
        self.assertIn("+3.9  URIBL_BLACK", check.spam_report)
        self.assertIn("URIBL_BLACK", self.finding(check, "spamassassin").message)

    def test_spamassassin_is_asked_about_each_text(self):
        mailing = self.make_clean()
        self.env["marketing.ab.test"].create(
            {
                "mailing_id": mailing.id,
                "arm_ids": [
                    Command.create({}),
                    Command.create({"subject": "Our pumps for the plant"}),
                ],
            }
        )
        quiet = REPORT.replace("6.3/5.0", "1.1/5.0").replace(
            "(6.3 points", "(1.1 points"
        )
        with TemporaryDirectory() as folder:
            program = Path(folder, "spamassassin")
            for name, text in (("loud", REPORT), ("quiet", quiet)):
                Path(folder, name).write_text(text)
            program.write_text(
                f"#!/bin/sh\n/bin/cat > {folder}/mail\n"
                f"if /bin/grep -q 'for the plant' {folder}/mail\n"
                f"then /bin/cat {folder}/loud; else /bin/cat {folder}/quiet; fi\n"
            )
            program.chmod(0o755)
            with patch.dict("os.environ", PATH=folder):
                check = self.check(mailing)
                self.env["marketing.mailing.check"]._run_lane(0, 1)
        finding = self.finding(check, "spamassassin")
        self.assertEqual(finding.variant, "Version B")
        self.assertIn("Version B:", check.spam_report)
        self.assertEqual(check.spam_points, 6.3)

    def test_links_are_followed_only_when_it_is_switched_on(self):
        mailing = self.make_clean(
            body_html=CLEAN
            + '<a href="https://pumps.com/gone">Old</a>'
            + '<a href="http://intern.pumps.com/x">Inside</a>'
        )
        check = self.check(mailing)
        self.assertFalse(check.is_link_pending)
        self.assertIn("switched off", check.link_report)
        self.env["ir.config_parameter"].set_param(
            "email_marketing_crm.check_links", "True"
        )

        def fetch(_method, url, _address):
            return (404 if url.endswith("gone") else 200), None

        def resolve(host, _port):
            return ["10.0.0.1" if host.startswith("intern") else "93.184.216.34"]

        check = self.check(mailing)
        self.assertTrue(check.is_link_pending)
        self.assertFalse(check.link_report)
        with patch.object(
            type(check), "_get_link_tools", lambda self: (fetch, resolve)
        ):
            self.env["marketing.mailing.check"]._run_lane(0, 1)
        self.assertEqual(check.state, "done")
        self.assertIn("pages asked for: 3", check.link_report)
        gone, inside = self.finding(check, "link_dead")
        self.assertIn("pumps.com/gone (404)", gone.message)
        self.assertEqual(gone.action_open()["url"], "https://pumps.com/gone")
        self.assertIn("private address", inside.message)
