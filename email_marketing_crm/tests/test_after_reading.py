"""The page of a mail in the browser: who opened it, and for how long."""

import re
from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import BROWSER


@tagged("post_install", "-at_install")
class TestViewInBrowser(HttpCase):
    def make_page(self, is_sent=True):
        """A mail that left an hour ago, or is to leave, and the path of its page."""
        self.partner = self.env["res.partner"].create(
            {"name": "Ana", "email": "ana@example.com"}
        )
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "Pumps",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "body_html": "<p>Hello</p>",
                "body_arch": "<p>Hello</p>",
            }
        )
        if is_sent:
            self.send(mailing, fields.Datetime.now() - timedelta(hours=1))
        self.env.flush_all()
        self.env.cr.precommit.run()
        url = mailing._get_view_url("ana@example.com", self.partner.id)
        return mailing, url[url.index("/mailing/") :]

    def send(self, mailing, moment):
        trace = self.env["mailing.trace"].create(
            {
                "trace_type": "mail",
                "mass_mailing_id": mailing.id,
                "model": "res.partner",
                "res_id": self.partner.id,
                "email": "ana@example.com",
                "trace_status": "sent",
            }
        )
        trace.sent_datetime = moment
        self.env.flush_all()

    def post_reading(self, token, seconds, agent=BROWSER):
        return self.opener.post(
            self.base_url() + "/marketing/reading",
            data={"token": token, "seconds": seconds},
            headers={"User-Agent": agent},
            timeout=30,
        )

    def get_events(self, mailing, code):
        self.env.invalidate_all()
        return self.env["marketing.touchpoint"].search(
            [("mailing_id", "=", mailing.id), ("type_id.code", "=", code)]
        )

    def get_readings(self, mailing):
        return self.get_events(mailing, "read_online")

    def get_views(self, mailing):
        return self.get_events(mailing, "viewed_online")

    def get_token(self, path):
        page = self.opener.get(
            self.base_url() + path, headers={"User-Agent": BROWSER}, timeout=30
        )
        found = re.search(r'data-token="([^"]+)"', page.text)
        return found and found[1]

    def test_how_long_the_page_was_visible(self):
        """Known of who read in the browser, unknown of everybody else."""
        mailing, path = self.make_page()
        token = self.get_token(path)
        for seconds in ("0.4", "5.0", "6.0", "12.5"):
            self.assertEqual(self.post_reading(token, seconds).status_code, 204)
        self.assertEqual(
            sorted(row.data["seconds"] for row in self.get_readings(mailing)),
            [0.4, 5.0, 12.5],
            "once in each band",
        )
        counts = mailing._count_results(mailing.ids)[mailing.id]
        self.assertEqual(
            [counts[name] for name in ("glanced", "skimmed", "read", "time_unknown")],
            [0, 0, 1, 0],
        )

    def test_what_a_stranger_or_a_program_says_is_no_reading(self):
        mailing, path = self.make_page()
        token = self.get_token(path)
        forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
        for attempt in (
            (forged, "9.0"),
            ("", "9.0"),
            (token, "a lot"),
            (token, "-1"),
            (token, "1e9"),
        ):
            self.assertEqual(self.post_reading(*attempt).status_code, 204)
        self.assertFalse(self.get_readings(mailing))
        self.post_reading(token, "9.0", agent="curl/8")
        counts = mailing._count_results(mailing.ids)[mailing.id]
        self.assertEqual(counts["read"], 0)

    def test_who_is_not_tracked_is_not_asked(self):
        mailing, path = self.make_page()
        token = self.get_token(path)
        person = self.env["marketing.person"].search(
            [("email_normalized", "=", "ana@example.com")]
        )
        person.is_do_not_track = True
        self.env.flush_all()
        self.assertIsNone(self.get_token(path))
        self.post_reading(token, "9.0")
        self.assertFalse(self.get_readings(mailing))

    def test_the_page_says_it_when_it_is_left(self):
        mailing, path = self.make_page()
        self.browser_js(
            path,
            """
            navigator.sendBeacon = (url, body) => {
                fetch(url, {method: "POST", body}).then(
                    () => console.log("test successful"));
                return true;
            };
            window.dispatchEvent(new Event("pagehide"));
            """,
        )
        reading = self.get_readings(mailing)
        self.assertEqual(len(reading), 1)
        self.assertGreaterEqual(reading.data["seconds"], 0)

    def test_the_page_of_a_reader_is_recorded(self):
        mailing, path = self.make_page(is_sent=False)
        for agent in (BROWSER, BROWSER, "Mozilla/5.0 Firefox/130.0", "curl/8"):
            answer = self.opener.get(
                self.base_url() + path, headers={"User-Agent": agent}, timeout=30
            )
            self.assertEqual(answer.status_code, 200)
        forged = self.opener.get(self.base_url() + path[:-8] + "00000000", timeout=30)
        self.assertIn(forged.status_code, (400, 401, 403, 404))
        views = self.get_views(mailing)
        self.assertEqual(
            sorted(views.mapped("reliability")),
            ["human_likely", "human_likely", "security_scan"],
        )
        self.send(mailing, fields.Datetime.now())
        newer, other = "Mozilla/5.0 Firefox/131.0", "Mozilla/5.0 Chrome/140.0"
        for agent in (newer, other):
            self.opener.get(
                self.base_url() + path, headers={"User-Agent": agent}, timeout=30
            )
        later = self.get_views(mailing) - views
        self.assertEqual(
            (later.data["user_agent"], later.reliability, later.reliability_reasons),
            (other, "security_scan", "too_fast"),
            "another version of a program is the same one",
        )
