import threading
from datetime import datetime, timedelta
from unittest.mock import patch

from psycopg2 import errorcodes
from psycopg2.errors import DeadlockDetected

from odoo.exceptions import ConcurrencyError
from odoo.tests import HttpCase, tagged

from ..controllers.tracking import MarketingTrackingController
from ..hooks import trust_links_of_before
from ..models.ir_http import HIT_ADDRESSES
from ..models.mailing_trace_link import LAST_UNSIGNED
from .common import BROWSER


class Deadlock(DeadlockDetected):
    """As PostgreSQL reports it."""

    pgcode = errorcodes.DEADLOCK_DETECTED


@tagged("post_install", "-at_install")
class TestTrackingRoutes(HttpCase):
    """What pixels and links do when people, programs and forgers ask for them."""

    def setUp(self):
        super().setUp()
        self.mailing = self.make_mailing("Spring newsletter")
        self.link = self.env["link.tracker"].create(
            {
                "url": "https://example.com/preise?q=ä ö&x=1%20#ü",
                "mass_mailing_id": self.mailing.id,
                "title": "Odd characters",
            }
        )
        partner = self.env["res.partner"].create(
            {"name": "Ana", "email": "ana@example.com"}
        )
        self.person = partner.marketing_person_id
        self.trace = self.env["mailing.trace"].create(
            {
                "trace_type": "mail",
                "mass_mailing_id": self.mailing.id,
                "model": "res.partner",
                "res_id": partner.id,
                "email": "ana@example.com",
                "mail_mail_id_int": 987654,
                "trace_status": "sent",
            }
        )
        self.env.flush_all()
        self.env.cr.precommit.run()

    def make_mailing(self, subject):
        return self.env["mailing.mailing"].create(
            {
                "subject": subject,
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "body_html": "<p>Hello</p>",
            }
        )

    def ask(self, path, user_agent=BROWSER, method="GET"):
        return self.opener.request(
            method,
            self.base_url() + path,
            headers={"User-Agent": user_agent},
            allow_redirects=False,
            timeout=20,
        )

    def touchpoint(self, code):
        self.env.invalidate_all()
        return self.env["marketing.touchpoint"].search(
            [("person_id", "=", self.person.id), ("type_id.code", "=", code)]
        )

    @property
    def pixel(self):
        token = self.env["mail.mail"]._generate_mail_recipient_token(987654)
        return f"/mail/track/987654/{token}/blank.gif"

    @property
    def click_path(self):
        ending = self.trace._get_link_ending(self.trace.id)
        return f"/r/{self.link.code}/m/{ending}"

    def test_a_browser_loads_the_pixel(self):
        self.assertEqual(self.ask(self.pixel).status_code, 200)
        opened = self.touchpoint("opened")
        self.assertEqual(opened.reliability, "human_likely")
        self.assertEqual(opened.data["method"], "GET")

    def test_the_privacy_proxy_of_apple_is_a_machine(self):
        self.ask(self.pixel, user_agent="Mozilla/5.0")
        self.assertEqual(self.touchpoint("opened").reliability, "machine_open")

    def test_a_forged_pixel_tells_and_changes_nothing(self):
        for token in ("0" * 64, "x"):
            with self.subTest(token=token):
                answer = self.ask(f"/mail/track/987654/{token}/blank.gif")
                self.assertIn(answer.status_code, (400, 401, 403))
        self.assertFalse(self.touchpoint("opened"))

    def test_a_token_of_another_database_is_refused(self):
        secret = self.env["ir.config_parameter"].sudo()
        pixel = self.pixel
        secret.set_param("database.secret", "the secret of another database")
        self.assertIn(self.ask(pixel).status_code, (400, 401, 403))
        self.assertFalse(self.touchpoint("opened"))

    def test_a_link_leads_on_and_counts(self):
        answer = self.ask(self.click_path)
        self.assertEqual(answer.status_code, 301)
        self.assertIn("example.com/preise", answer.headers["Location"])
        self.assertEqual(self.touchpoint("clicked").reliability, "human_likely")

    def test_a_head_request_is_a_scanner(self):
        self.ask(self.click_path, method="HEAD")
        self.assertEqual(
            set(self.touchpoint("clicked").mapped("reliability")), {"security_scan"}
        )

    def test_a_link_with_a_made_up_trace_is_nobodys(self):
        other = self.make_mailing("Other")
        self.trace.mass_mailing_id = other
        self.env.flush_all()
        self.assertEqual(self.ask(self.click_path).status_code, 301)
        for number in (999_999_999, 2**31, 10**15):
            answer = self.ask(f"/r/{self.link.code}/m/{number}")
            self.assertEqual(answer.status_code, 301, number)
        self.assertFalse(self.touchpoint("clicked"))

    def test_a_link_that_was_not_in_the_mail_proves_nothing(self):
        """Whoever got one mail can count the numbers of the others up."""
        path = f"/r/{self.link.code}/m/{self.trace.id}"
        stranger = self.trace._get_link_signature(self.trace.id + 1)
        for ending in ("", f"?k={stranger}", "?k=", "?k=%C3%A9"):
            with self.subTest(ending=ending):
                self.assertEqual(self.ask(path + ending).status_code, 301)
        clicked, opened = self.touchpoint("clicked"), self.touchpoint("opened")
        self.assertEqual(len(clicked), 4)
        self.assertEqual(set(clicked.mapped("reliability")), {"unknown"})
        self.assertEqual(opened.reliability, "unknown")
        self.assertIn("not one that was in the mail", clicked[0].reliability_reason)
        self.ask(self.click_path)
        self.assertIn("human_likely", self.touchpoint("clicked").mapped("reliability"))

    def test_links_of_before_the_installation_count(self):
        self.env["ir.config_parameter"].set_param(LAST_UNSIGNED, False)
        trust_links_of_before(self.env)
        self.ask(f"/r/{self.link.code}/m/{self.trace.id}")
        self.assertEqual(self.touchpoint("clicked").reliability, "human_likely")

    def test_a_click_opens_the_mail_and_is_kept_with_its_mailing(self):
        self.ask(self.click_path)
        self.ask(self.click_path)
        self.env.invalidate_all()
        self.assertEqual(self.trace.trace_status, "open")
        self.assertTrue(self.trace.open_datetime)
        self.assertTrue(self.trace.links_click_datetime)
        self.assertEqual(len(self.touchpoint("opened")), 1)
        self.assertEqual(len(self.touchpoint("clicked")), 2)
        clicks = self.env["link.tracker.click"].search([("link_id", "=", self.link.id)])
        self.assertEqual(clicks.mass_mailing_id, self.mailing)
        self.assertEqual(clicks.mailing_trace_id, self.trace)
        self.assertEqual(self.link.count, 2)

    def test_a_reply_is_not_made_an_open_again(self):
        self.trace.set_replied()
        self.env.flush_all()
        self.ask(self.pixel)
        self.ask(self.click_path)
        self.env.invalidate_all()
        self.assertEqual(self.trace.trace_status, "reply")
        self.assertFalse(self.touchpoint("opened"))
        self.assertTrue(self.trace.links_click_datetime)

    def test_who_does_not_want_to_be_tracked_leaves_nothing(self):
        self.person.is_do_not_track = True
        self.env.flush_all()
        self.assertEqual(self.ask(self.pixel).status_code, 200)
        self.assertEqual(self.ask(self.click_path).status_code, 301)
        self.env.invalidate_all()
        self.assertEqual(self.trace.trace_status, "sent")
        self.assertFalse(self.trace.links_click_datetime)
        self.assertFalse(self.touchpoint("opened") | self.touchpoint("clicked"))
        click = self.env["link.tracker.click"].search([("link_id", "=", self.link.id)])
        self.assertFalse(click.mailing_trace_id)
        self.assertFalse(click.ip)

    def test_a_link_that_does_not_exist_is_not_found(self):
        for code in ("nothing", "no%00thing"):
            answer = self.ask(f"/r/{code}/m/{self.trace.id}")
            self.assertEqual(answer.status_code, 404)
        self.assertFalse(self.touchpoint("clicked"))

    def test_a_link_that_changed_leads_where_it_leads_now(self):
        self.ask(self.click_path)
        self.link.url = "https://example.com/elsewhere"
        self.link.campaign_id = campaign = self.env["utm.campaign"].create(
            {"title": "Spring"}
        )
        self.env.flush_all()
        target = self.ask(self.click_path).headers["Location"]
        self.assertIn("example.com/elsewhere", target)
        self.assertIn(f"utm_campaign={campaign.name}", target)
        campaign.name = "Summer"
        self.env.flush_all()
        self.assertIn(
            "utm_campaign=Summer", self.ask(self.click_path).headers["Location"]
        )

    def test_where_another_module_has_a_say_odoo_does_the_work(self):
        traces = self.env.registry["mailing.trace"]
        stock_write, seen = traces.write, []

        def write(records, vals):
            seen.append(vals)
            return stock_write(records, vals)

        self.patch(traces, "write", write)
        self.env.registry.clear_cache()
        self.addCleanup(self.env.registry.clear_cache)
        self.ask(self.pixel)
        self.ask(self.click_path)
        answer = self.ask(f"/r/{self.link.code}/m/{2**31}")
        self.assertEqual(answer.status_code, 301)
        self.assertEqual(seen[0]["trace_status"], "open")
        self.assertEqual(len(self.touchpoint("opened")), 1)
        self.assertEqual(len(self.touchpoint("clicked")), 1)
        self.assertEqual(self.touchpoint("clicked").reliability, "human_likely")
        self.ask(f"/r/{self.link.code}/m/{self.trace.id}")
        self.assertIn("unknown", self.touchpoint("clicked").mapped("reliability"))

    def test_links_are_sorted_found_and_summed_by_their_clicks(self):
        other = self.link.copy({"url": "https://example.com/other"})
        self.env["link.tracker.click"].create(
            [{"link_id": self.link.id}] * 2 + [{"link_id": other.id}]
        )
        both = [("id", "in", (self.link | other).ids)]
        links = self.env["link.tracker"]
        self.assertEqual(links.search(both), self.link + other)
        self.assertEqual(links.search(both, order="count"), other + self.link)
        self.assertEqual(links.search([*both, ("count", ">", 1)]), self.link)
        self.assertEqual(links.search([*both, ("count", "=", 1)]), other)
        self.assertEqual(links.search([*both, ("count", "!=", 2)]), other)
        self.assertEqual(links.search([*both, ("count", "in", [0, 1])]), other)
        [(total,)] = links._read_group(both, aggregates=["count:sum"])
        self.assertEqual(total, 3)

    def test_following_the_unsubscribe_link_unsubscribes_nobody(self):
        res_id = self.trace.res_id
        token = self.mailing._generate_mailing_recipient_token(
            res_id, "ana@example.com"
        )
        path = (
            f"/mailing/{self.mailing.id}/confirm_unsubscribe?document_id={res_id}"
            f"&email=ana@example.com&hash_token={token}"
        )
        self.ask(path)
        self.ask(path, method="HEAD")
        self.assertFalse(self.touchpoint("unsubscribed"))
        self.assertFalse(self.env["mail.blacklist"].search([]))

    def test_one_click_unsubscribe_works_by_post_with_its_token_only(self):
        res_id = self.trace.res_id
        token = self.mailing._generate_mailing_recipient_token(
            res_id, "ana@example.com"
        )
        path = (
            f"/mailing/{self.mailing.id}/unsubscribe_oneclick?document_id={res_id}"
            f"&email=ana@example.com&hash_token="
        )
        self.assertGreaterEqual(
            self.ask(path + "0" * 64, method="POST").status_code, 400
        )
        self.assertFalse(self.touchpoint("unsubscribed"))
        self.ask(path + token)
        self.assertFalse(self.touchpoint("unsubscribed"))
        self.assertEqual(self.ask(path + token, method="POST").status_code, 200)
        self.assertEqual(len(self.touchpoint("unsubscribed")), 1)

    def test_a_human_after_a_program_is_recorded_once(self):
        """Apple's proxy loads the picture first; the reader comes later."""
        self.ask(self.pixel, user_agent="Mozilla/5.0")
        for _time in range(3):
            self.ask(self.pixel)
            self.ask(self.pixel, user_agent="Mozilla/5.0")
        self.assertEqual(
            sorted(self.touchpoint("opened").mapped("reliability")),
            ["human_likely", "machine_open"],
        )

    def test_who_comes_back_later_opened_it_again(self):
        """Each later open is kept with its class: once an hour and program."""
        self.ask(self.pixel)
        self.ask(self.pixel)
        self.assertFalse(self.touchpoint("opened_again"), "the same reading")
        self.trace.open_datetime = datetime.now() - timedelta(days=1)
        self.env.flush_all()
        for agent in (BROWSER, BROWSER, "Mozilla/5.0"):
            self.ask(self.pixel, user_agent=agent)
        self.assertEqual(
            sorted(self.touchpoint("opened_again").mapped("reliability")),
            ["human_likely", "machine_open"],
        )
        self.assertEqual(len(self.touchpoint("opened")), 1, "people are counted once")
        self.assertEqual(self.trace.trace_status, "open")

    def test_who_comes_back_after_a_program_opened_it_first(self):
        self.ask(self.pixel, user_agent="Mozilla/5.0")
        self.trace.open_datetime = datetime.now() - timedelta(days=1)
        self.env.flush_all()
        self.ask(self.pixel)
        self.assertEqual(len(self.touchpoint("opened")), 2)
        self.assertFalse(self.touchpoint("opened_again"))
        self.ask(self.pixel)
        self.assertEqual(self.touchpoint("opened_again").reliability, "human_likely")

    def test_a_hit_right_after_sending_is_a_machine(self):
        self.trace.sent_datetime = datetime.now().replace(microsecond=0)
        self.env.flush_all()
        self.ask(self.click_path)
        self.assertEqual(self.touchpoint("clicked").reliability, "security_scan")
        self.assertEqual(self.touchpoint("clicked").reliability_reasons, "too_fast")
        self.assertEqual(self.touchpoint("opened").reliability, "machine_open")

    def test_somebody_nobody_knew_becomes_a_person(self):
        self.trace.email = "new@example.com"
        self.env.flush_all()
        self.ask(self.click_path)
        self.env.invalidate_all()
        events = self.env["marketing.touchpoint"].search(
            [("person_id.email_normalized", "=", "new@example.com")]
        )
        self.assertEqual(set(events.type_id.mapped("code")), {"opened", "clicked"})
        self.assertEqual(set(events.mapped("reliability")), {"human_likely"})


@tagged("post_install", "-at_install")
class TestTrackingAnswers(TestTrackingRoutes):
    """The same where no replica is asked first: answered before a route is called."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_registry_readonly_mode(False)
        hits = cls.registry["marketing.hit"]
        run = hits._run

        def run_and_commit(self, query):
            """As on a connection of its own, whatever becomes of the request."""
            rows = run(self, query)
            self.env.cr.commit()  # pylint: disable=invalid-commit
            return rows

        cls.classPatch(hits, "_run", run_and_commit)

    def test_no_route_is_called_and_no_session_begun(self):
        for route in ("track_mail_open", "full_url_redirect"):
            self.patch(MarketingTrackingController, route, None)
        for path, status in ((self.pixel, 200), (self.click_path, 301)):
            answer = self.ask(path)
            self.assertEqual(answer.status_code, status)
            self.assertNotIn("Set-Cookie", answer.headers)
        self.assertTrue(self.touchpoint("opened"))
        self.assertTrue(self.touchpoint("clicked"))

    def test_a_touchpoint_that_collides_is_written_again(self):
        """The trace is opened by then: asked again, nobody would speak of it."""
        self.trace.email = "new@example.com"
        self.env.flush_all()
        hits = self.registry["marketing.hit"]
        capture = hits._capture
        calls = []

        def collide_once(self, touchpoints):
            capture(self, touchpoints)
            calls.append(touchpoints)
            if len(calls) == 1:
                raise ConcurrencyError("Somebody else was quicker")

        self.patch(hits, "_capture", collide_once)
        with patch("odoo.service.model.time.sleep"):
            self.assertEqual(self.ask(self.pixel, "Thunderbird").status_code, 200)
        self.assertEqual(len(calls), 2)
        self.env.invalidate_all()
        events = self.env["marketing.touchpoint"].search(
            [("person_id.email_normalized", "=", "new@example.com")]
        )
        self.assertEqual(events.type_id.mapped("code"), ["opened"])

    def test_a_hit_that_collides_is_the_routes(self):
        """Odoo calls the route again until it gets through."""
        hits = self.registry["marketing.hit"]
        run = hits._run
        calls = []

        def collide_twice(self, query):
            calls.append(query)
            if len(calls) < 3:
                raise Deadlock("Two wait for each other")
            return run(self, query)

        self.patch(hits, "_run", collide_twice)
        with patch("odoo.service.model.time.sleep"):
            self.assertEqual(self.ask(self.pixel).status_code, 200)
        self.assertEqual(len(calls), 3)
        self.assertTrue(self.touchpoint("opened"))

    def test_the_addresses_are_those_of_the_routes(self):
        thread = threading.current_thread()  # by which routes know their database
        with patch.object(thread, "dbname", self.env.cr.dbname, create=True):
            routes = self.env["ir.http"].routing_map().bind("localhost")
        for path, kind in ((self.pixel, "open"), (self.click_path, "click")):
            endpoint, arguments = routes.match(path.partition("?")[0])
            self.assertEqual(endpoint.routing["marketing_hit"], kind)
            found = HIT_ADDRESSES[kind].fullmatch(path.partition("?")[0])
            self.assertEqual(
                {name: str(value) for name, value in arguments.items()},
                found.groupdict(),
            )

    def test_a_post_is_the_routes(self):
        self.assertEqual(self.ask(self.pixel, method="POST").status_code, 400)
        self.assertFalse(self.touchpoint("opened"))
