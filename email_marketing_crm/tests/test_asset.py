"""Content assets: offered in mails, taken by persons, and what follows from that."""

import base64
import re

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import HttpCase, tagged

from .common import BROWSER
from .common_delivery import DeliveryCase
from .journey_common import JourneyCase

ANA = "ana@pumps.com"
BO = "bo@pumps.com"
PDF = base64.b64encode(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<<>>\n")


class AssetCase(DeliveryCase):
    """A white paper on pumps, offered to Ana and Bo."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ana = cls.make_partner(ANA, "Ana")
        cls.bo = cls.make_partner(BO, "Bo")
        cls.segment = cls.make_segment(ANA, BO)
        cls.paper = cls.make_asset(
            "How to choose a pump",
            tag_ids=[Command.create({"name": "Pumps of the asset test"})],
        )

    @classmethod
    def make_asset(cls, name, **values):
        return cls.env["marketing.asset"].create(
            {"name": name, "file": PDF, "file_name": "choose.pdf", **values}
        )

    def offer(self, *assets, **values):
        """A mailing with links to assets, sent to Ana and Bo."""
        links = "".join(f'<p><a href="{asset.path}">It</a></p>' for asset in assets)
        mailing = self.make_mailing(self.segment, **{"body_html": links, **values})
        mailing.action_launch()
        self.deliver()
        self.clock.tick(3600)
        return mailing

    def follow(self, mailing, email, asset, agent=BROWSER):
        """Somebody follows the link to an asset in his mail."""
        link = self.env["link.tracker"].search(
            [
                ("mass_mailing_id", "=", mailing.id),
                ("marketing_asset_id", "=", asset.id),
            ]
        )
        trace = self.deliveries_of(mailing).filtered(lambda row: row.email == email)
        self.env["link.tracker.click"].with_context(
            marketing_hit={"user_agent": agent, "method": "GET"}
        ).add_click(link.code, ip="192.0.2.7", mailing_trace_id=trace.trace_id.id)

    def takers(self, asset):
        """Addresses of who took an asset, as its list shows them."""
        self.env.invalidate_all()
        touchpoints = self.env["marketing.touchpoint"].with_user(self.user_marketing)
        domain = asset.with_user(self.user_marketing).action_view_taken()["domain"]
        found = touchpoints.search(domain, order="id")
        return found.person_id.mapped("email_normalized")


@tagged("post_install", "-at_install")
class TestAsset(AssetCase):
    def test_who_follows_the_link_in_his_mail_took_it(self):
        other = self.make_asset("Case study")
        mailing = self.offer(self.paper, other)
        self.follow(mailing, ANA, self.paper)
        self.run_inbox()
        self.assertEqual(self.takers(self.paper), [ANA])
        self.assertEqual(self.takers(other), [])
        self.assertEqual(self.paper.person_count, 1)
        self.assertTrue(self.paper.last_taken_date)
        taken = self.env["marketing.touchpoint"].search(self.paper._get_taken_domain())
        self.assertEqual(taken.type_id.code, "download")
        self.assertEqual(taken.mailing_id, mailing)
        self.assertEqual(
            taken.description, "Took “How to choose a pump”, from “New pumps”"
        )

    def test_a_click_twice_is_two_takings_of_one_person(self):
        mailing = self.offer(self.paper)
        self.follow(mailing, ANA, self.paper)
        self.run_inbox()
        self.clock.tick(3600)
        self.follow(mailing, ANA, self.paper)
        self.run_inbox()
        self.assertEqual(self.paper.person_count, 1)
        rows = self.env["marketing.touchpoint"].search(self.paper._get_taken_domain())
        self.assertEqual(len(rows), 2)

    def test_a_scanner_takes_nothing(self):
        assets = self.env["marketing.asset"].concat(
            self.paper, *(self.make_asset(f"Paper {number}") for number in range(4))
        )
        mailing = self.offer(*assets)
        for asset in assets:
            self.follow(mailing, ANA, asset)
        self.run_inbox()
        self.assertEqual(self.takers(assets), [])

    def test_a_scanner_that_shows_itself_late_took_nothing_either(self):
        assets = self.env["marketing.asset"].concat(
            self.paper, *(self.make_asset(f"Paper {number}") for number in range(4))
        )
        mailing = self.offer(*assets)
        self.follow(mailing, ANA, assets[0])
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.cr.execute("UPDATE marketing_inbox SET due = due - interval '1 day'")
        self.run_inbox(settle=False)
        self.assertEqual(self.takers(assets), [ANA])
        for asset in assets[1:]:
            self.follow(mailing, ANA, asset)
        self.run_inbox()
        self.assertEqual(self.takers(assets), [])
        self.assertEqual(assets[0].person_count, 0)

    def test_who_wants_no_tracking_is_not_recorded(self):
        self.ana.marketing_person_id.is_do_not_track = True
        self.offer(self.paper)
        body = next(mail["body"] for mail in self._mails if ANA in mail["email_to"][0])
        self.assertIn(self.paper.path, body)
        self.assertNotIn("/r/", body)

    def test_who_took_it_enters_the_segment_at_once(self):
        """R-034; by the asset, and by its topic."""
        action = self.paper.with_user(self.user_marketing).action_make_segment()
        segment = self.env["marketing.segment"].browse(action["res_id"])
        self.assertEqual(segment.rule_ids.scope, "How to choose a pump")
        rule = {
            "type_id": segment.rule_ids.type_id.id,
            "topic": self.paper.tag_ids.name,
        }
        by_topic = self.env["marketing.segment"].create(
            {"name": "On pumps", "rule_ids": [Command.create(rule)]}
        )
        other = self.make_asset("Valves")
        mailing = self.offer(self.paper, other)
        self.follow(mailing, BO, other)
        self.clock.tick(60)
        self.follow(mailing, ANA, self.paper)
        self.run_inbox()
        for found in (segment, by_topic):
            found._refresh()
            members = found.member_ids.person_id
            self.assertEqual(members.mapped("email_normalized"), [ANA])

    def test_it_brings_points_by_rule(self):
        self.env["marketing.score.model"].search([]).active = False
        model = self.env["marketing.score.model"].create(
            {"name": "Readers", "sequence": 1}
        )
        download = self.env["marketing.touchpoint.type"]._get_id("download")
        rule = self.env["marketing.score.rule"].create(
            {
                "model_id": model.id,
                "type_id": download,
                "points": 30,
                "asset_id": self.paper.id,
            }
        )
        self.assertIn("How to choose a pump", rule.display_name)
        other = self.make_asset("Valves")
        mailing = self.offer(self.paper, other)
        self.follow(mailing, BO, other)
        self.follow(mailing, ANA, self.paper)
        self.run_inbox()
        self.env.invalidate_all()
        scores = {
            score.person_id.email_normalized: score.score
            for score in self.env["marketing.score"].search(
                [("model_id", "=", model.id)]
            )
        }
        self.assertEqual(round(scores[ANA]), 30)
        self.assertEqual(round(scores.get(BO, 0)), 0)
        # A rebuild from the log gives the same.
        [scheme] = self.env["marketing.score.model"]._read_schemes(model.ids)
        people = (self.ana + self.bo).marketing_person_id
        rows = self.env["marketing.score"]._read_log(scheme, people.ids)
        self.assertEqual(
            set(scheme.match(scheme.select(rows))),
            set(self.ana.marketing_person_id.ids),
        )

    def test_an_asset_needs_its_file_or_its_address(self):
        with self.assertRaises(ValidationError):
            self.env["marketing.asset"].create({"name": "Nothing"})
        for url in (False, "pumps.com", "javascript:alert(1)", "https:///x"):
            with self.subTest(url), self.assertRaises(ValidationError):
                self.env["marketing.asset"].create(
                    {"name": "Video", "source": "url", "url": url}
                )

    def test_what_is_used_or_was_taken_stays(self):
        fresh = self.make_asset("Fresh")
        copied = fresh.copy()
        self.assertEqual(copied.name, "Fresh (copy)")
        self.assertEqual(copied.file, fresh.file)
        self.assertNotEqual(copied.sudo().token, fresh.sudo().token)
        (fresh + copied).with_user(self.user_marketing).unlink()
        mailing = self.make_mailing(
            self.segment, body_html=f'<a href="{self.paper.path}">It</a>'
        )
        self.assertEqual(self.paper.mailing_count, 1)
        with self.assertRaisesRegex(UserError, "New pumps"):
            self.paper.unlink()
        mailing.unlink()
        self.paper.action_make_segment()
        with self.assertRaisesRegex(UserError, "is named by"):
            self.paper.unlink()
        taken = self.make_asset("Taken")
        sent = self.offer(taken)
        self.follow(sent, ANA, taken)
        self.run_inbox()
        sent.body_html = "<p>Nothing</p>"
        with self.assertRaisesRegex(UserError, "part of their history"):
            taken.unlink()

    def test_mailings_that_offer_it_in_some_text(self):
        """In its own, in another language, in a version of a test."""
        link = f'<a href="{self.paper.path}">It</a>'
        own, translated, tested, _without = (
            self.make_mailing(self.segment, body_html=body)
            for body in (link, "<p>A</p>", "<p>B</p>", "<p>C</p>")
        )
        self.env["marketing.mailing.translation"].create(
            {
                "mailing_id": translated.id,
                "lang_id": self.env["res.lang"]._activate_lang("zh_CN").id,
                "subject": "新水泵",
                "body_html": link,
            }
        )
        self.env["marketing.ab.test"].create(
            {
                "mailing_id": tested.id,
                "varies": "content",
                "arm_ids": [Command.create({}), Command.create({"body_html": link})],
            }
        )
        action = self.paper.with_user(self.user_marketing).action_view_mailings()
        mailings = self.env["mailing.mailing"].with_user(self.user_marketing)
        self.assertEqual(mailings.search(action["domain"]), own + translated + tested)
        self.assertEqual(self.paper.with_user(self.user_sales).mailing_count, 3)

    def test_a_web_site_reports_who_took_it(self):
        event = {"id": 1, "type": "download", "email": BO, "title": "Their title"}
        touchpoints = self.env["marketing.touchpoint"].with_user(self.user_marketing)
        theirs = self.make_asset("Theirs", company_id=self.company_other.id)
        result = touchpoints.report_events(
            [
                event | {"asset": self.paper.share_url},
                event | {"id": 2, "asset": "https://pumps.com/other"},
                event | {"id": 3, "asset": self.paper.path, "type": "page_view"},
                event | {"id": 4, "asset": [1]},
                event | {"id": 5, "asset": theirs.share_url},
                event | {"id": 6},
            ]
        )
        self.assertEqual(result["accepted"], 2)
        self.assertEqual([error["index"] for error in result["errors"]], [1, 2, 3, 4])
        self.run_inbox()
        self.assertEqual(self.takers(self.paper), [BO])
        taken = self.env["marketing.touchpoint"].search(self.paper._get_taken_domain())
        self.assertEqual(taken.data["tags"], self.paper.tag_ids.mapped("name"))
        self.assertEqual(taken.description, "Took “Their title”")

    def test_who_may_see_and_change_what(self):
        model = self.env["marketing.asset"]
        for user in (self.user_marketing, self.user_manager):
            mine = model.with_user(user).create(
                {"name": "Mine", "source": "url", "url": "https://pumps.com"}
            )
            mine.name = "Still mine"
            self.assertTrue(mine.share_url.endswith(mine.path))
            mine.unlink()
        seen = self.paper.with_user(self.user_sales)
        self.assertEqual(seen.name, "How to choose a pump")
        with self.assertRaises(AccessError):
            seen.name = "Theirs"
        with self.assertRaises(AccessError):
            self.paper.with_user(self.user_employee).read(["name"])
        with self.assertRaises(AccessError):
            self.paper.with_user(self.user_marketing).read(["token"])

    def test_another_company_does_not_see_it(self):
        self.paper.company_id = self.company_other
        model = self.env["marketing.asset"].with_user(self.user_marketing)
        self.assertNotIn(self.paper, model.search([]))
        with self.assertRaises(AccessError):
            self.paper.with_user(self.user_marketing).read(["name"])


@tagged("post_install", "-at_install")
class TestAssetInJourney(JourneyCase):
    def test_a_journey_waits_for_one_content(self):
        papers = self.env["marketing.asset"].create(
            [
                {"name": name, "source": "url", "url": "https://pumps.com/x"}
                for name in ("Pumps", "Valves")
            ]
        )
        download = self.env["marketing.touchpoint.type"]._get_id("download")
        journey = self.make_journey(
            {
                "kind": "wait_event",
                "event_type_id": download,
                "event_asset_id": papers[0].id,
                "event_source": "any",
                "wait_number": 7,
                "yes": [
                    {"kind": "tag", "category_ids": [Command.set(self.tag_engaged.ids)]}
                ],
            }
        )
        step = journey.version_id.step_ids.filtered(lambda s: s.kind == "wait_event")
        self.assertEqual(step.summary, "“Pumps” taken within 7 days?")
        self.run_journeys()
        for partner, paper in ((self.ana, papers[0]), (self.bo, papers[1])):
            self.happened(
                "download",
                partner.email,
                res_model="marketing.asset",
                res_id=paper.id,
            )
        self.run_inbox()
        self.run_journeys()
        self.assertIn(self.tag_engaged, self.ana.category_id)
        self.assertNotIn(self.tag_engaged, self.bo.category_id)
        self.pass_time(days=8)
        self.run_journeys()
        self.assertNotIn(self.tag_engaged, self.bo.category_id)


@tagged("post_install", "-at_install")
class TestAssetPage(HttpCase):
    """What a reader gets behind the link."""

    def make(self, **values):
        asset = self.env["marketing.asset"].create(
            {"name": "Pumps", "file": PDF, "file_name": "choose.pdf", **values}
        )
        self.env.flush_all()
        return asset

    def look(self, path, **options):
        return self.url_open(path, allow_redirects=False, **options)

    def test_a_pdf_is_shown(self):
        answer = self.look(self.make().path)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.content, base64.b64decode(PDF))
        self.assertIn("choose.pdf", answer.headers["Content-Disposition"])
        self.assertNotIn("attachment", answer.headers["Content-Disposition"])

    def test_a_page_that_somebody_uploaded_is_saved_and_not_shown(self):
        html = base64.b64encode(b"<html><script>alert(1)</script></html>")
        answer = self.look(self.make(file=html, file_name="evil.html").path)
        self.assertIn("attachment", answer.headers["Content-Disposition"])

    def test_a_page_elsewhere_is_reached_with_the_campaign(self):
        asset = self.make(source="url", url="https://pumps.com/v?id=1&utm_source=x#a")
        answer = self.look(f"{asset.path}?utm_campaign=May&utm_source=y&token=z")
        self.assertEqual(answer.status_code, 302)
        self.assertEqual(
            answer.headers["Location"],
            "https://pumps.com/v?id=1&utm_source=x&utm_campaign=May#a",
        )

    def test_nothing_is_recorded_and_nothing_told(self):
        asset = self.make()
        count = self.env["marketing.touchpoint"].search_count([])
        self.look(asset.path)
        self.assertEqual(self.env["marketing.touchpoint"].search_count([]), count)
        asset.active = False
        self.env.flush_all()
        texts = {
            re.sub(r'csrf_token: "\w+"', "", self.look(path).text)
            for path in (asset.path, "/marketing/content/none")
        }
        self.assertEqual(len(texts), 1)
        answer = self.look("/marketing/content/none")
        self.assertEqual(answer.status_code, 404)
        self.assertIn("not offered any more", answer.text)

    def test_guessing_is_limited(self):
        for _number in range(60):
            self.env["marketing.rate.limit"]._is_allowed(
                "content-try", "127.0.0.1", 60, 1
            )
        self.assertEqual(self.look("/marketing/content/none").status_code, 429)
        self.assertEqual(self.look(self.make().path).status_code, 200)
