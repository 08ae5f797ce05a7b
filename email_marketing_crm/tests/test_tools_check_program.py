"""Links are followed without reaching into one's own network; reports are read."""

import socket
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.email_marketing_crm.tools.link_check import (
    check_link,
    check_links,
    is_public,
)
from odoo.addons.email_marketing_crm.tools.spamassassin import (
    SpamReportError,
    SpamRule,
    ask_program,
    find_program,
    parse_report,
)

#: What SpamAssassin 4.0 prints.
REPORT = """\
Spam detection software, running on the system "mail", has
identified this incoming email as possible spam.

Content preview:  Dear friend

Content analysis details:   (6.3 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
 2.4 DEAR_FRIEND            BODY: Dear Friend? That's not very dear!
 3.9 URIBL_BLACK            Contains an URL listed in the URIBL blacklist
                            [URI: pumps.example]
-0.0 NO_RELAYS              Informational: message was not relayed via SMTP
"""


@tagged("post_install", "-at_install")
class TestToolsLinkCheck(BaseCase):
    NAMES = {
        "pumps.com": ["93.184.216.34"],
        "intern.pumps.com": ["10.0.0.5"],
        "both.pumps.com": ["93.184.216.34", "127.0.0.1"],
        "moved.com": ["93.184.216.35"],
    }

    def resolve(self, host, _port):
        if host not in self.NAMES:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return self.NAMES[host]

    def look(self, url, answers):
        """State of a link, and what was asked for."""
        asked = []

        def fetch(method, place, address):
            asked.append((method, place, address))
            answer = answers.get((method, place), answers.get(place, (200, None)))
            if isinstance(answer, Exception):
                raise answer
            return answer

        return check_link(url, fetch, self.resolve).state, asked

    def test_a_page_that_is_there(self):
        state, asked = self.look("https://pumps.com/a", {})
        self.assertEqual(state, "ok")
        self.assertEqual(asked, [("HEAD", "https://pumps.com/a", "93.184.216.34")])

    def test_a_page_that_is_not_there(self):
        url = "https://pumps.com/gone"
        state, asked = self.look(url, {url: (404, None)})
        self.assertEqual(state, "dead")
        self.assertEqual([method for method, *_rest in asked], ["HEAD", "GET"])
        self.assertEqual(self.look("https://nobody.com", {})[0], "dead")

    def test_a_server_that_does_not_know_head(self):
        url = "https://pumps.com/a"
        state, _asked = self.look(url, {("HEAD", url): (405, None)})
        self.assertEqual(state, "ok")

    def test_what_is_kept_from_programs_is_not_called_dead(self):
        url = "https://pumps.com/a"
        self.assertEqual(self.look(url, {url: (403, None)})[0], "unknown")
        self.assertEqual(self.look(url, {url: TimeoutError()})[0], "unknown")

    def test_private_addresses_are_never_called(self):
        for url in (
            "http://intern.pumps.com",
            "http://both.pumps.com",
            "https://pumps.com:8069/x",
            "https://user:secret@pumps.com",
            "ftp://pumps.com",
        ):
            with self.subTest(url):
                self.assertEqual(self.look(url, {}), ("refused", []))

    def test_a_redirection_does_not_lead_inside(self):
        start = "https://moved.com/"
        answers = {start: (302, "http://intern.pumps.com/admin")}
        state, asked = self.look(start, answers)
        self.assertEqual(state, "refused")
        self.assertEqual([place for _method, place, _address in asked], [start])

    def test_a_redirection_is_followed_but_not_for_ever(self):
        start = "https://moved.com/"
        self.assertEqual(
            self.look(start, {start: (301, "https://pumps.com/")})[0], "ok"
        )
        self.assertEqual(self.look(start, {start: (301, "/")})[0], "dead")

    def test_results_come_in_the_order_of_the_links(self):
        urls = [f"https://pumps.com/{number}" for number in range(20)]
        results = check_links(urls, 1, lambda *_args: (200, None), self.resolve)
        self.assertEqual([result.url for result in results], urls)
        self.assertEqual(check_links([]), [])

    def test_addresses_of_private_networks(self):
        for address in (
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",  # noqa: S104
            "224.0.0.1",
            "::1",
            "fe80::1%eth0",
            "fc00::1",
            "::ffff:10.0.0.1",
            "2002:7f00:1::",
            "64:ff9b::a00:1",
            "nonsense",
        ):
            self.assertFalse(is_public(address), address)
        for address in ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"):
            self.assertTrue(is_public(address), address)

    @given(st.ip_addresses(v=4, network="10.0.0.0/8"))
    def test_no_private_address_passes_in_disguise(self, address):
        self.assertFalse(is_public(f"::ffff:{address}"))
        self.assertFalse(is_public(str(address)))


@tagged("post_install", "-at_install")
class TestToolsSpamAssassin(BaseCase):
    def install(self, folder, name, script):
        program = Path(folder, name)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return str(program)

    def test_a_report_is_read(self):
        report = parse_report(REPORT)
        self.assertEqual((report.points, report.required), (6.3, 5.0))
        self.assertEqual(
            report.rules[1],
            SpamRule(
                3.9,
                "URIBL_BLACK",
                "Contains an URL listed in the URIBL blacklist [URI: pumps.example]",
            ),
        )
        self.assertEqual(len(report.rules), 3)

    @given(st.text())
    def test_any_text_is_read_or_no_report(self, text):
        parse_report(text)
        parse_report(REPORT + text)

    def test_only_spamassassin_is_run(self):
        with TemporaryDirectory() as folder, patch.dict("os.environ", PATH=folder):
            self.assertIsNone(find_program())
            self.install(folder, "rm", "exit 0")
            self.assertIsNone(find_program("rm"))
            program = self.install(folder, "spamassassin", "exit 0")
            self.assertEqual(find_program(), program)
            self.assertEqual(find_program(program), program)

    def test_the_program_gets_the_mail(self):
        with TemporaryDirectory() as folder:
            program = self.install(
                folder, "spamc", f"cat > {folder}/mail\ncat <<'E'\n{REPORT}E"
            )
            report = ask_program(program, b"Subject: x\n\nDear friend")
            self.assertEqual(Path(folder, "mail").read_bytes()[:10], b"Subject: x")
        self.assertEqual(report.points, 6.3)

    def test_no_report_says_why(self):
        with TemporaryDirectory() as folder:
            program = self.install(folder, "spamc", "echo 'no daemon' >&2; exit 1")
            with self.assertRaisesRegex(SpamReportError, "no daemon"):
                ask_program(program, b"x")
            program = self.install(folder, "spamc", "exec sleep 5")
            with self.assertRaisesRegex(SpamReportError, "within"):
                ask_program(program, b"x", timeout=0.1)
