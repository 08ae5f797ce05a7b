import io
import json
import zipfile

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from ..models import marketing_person_disclosure
from .common_delivery import DeliveryCase

#: Rows that say nothing about a person himself, or that another section tells.
NOT_TOLD = {
    "marketing.delivery.preview",  # a check of an audience, gone with the day
    "marketing.duplicate",  # is about somebody else too
    "marketing.frequency.usage",  # a look at what was counted, gone with the day
    "marketing.inbox",  # what is about to be worked out
    "marketing.score.checkpoint",  # is part of the score
    "marketing.segment.member",  # has a section of its own
}


@tagged("post_install", "-at_install")
class TestDisclosure(DeliveryCase):
    """A person gets all that is known about him, and nobody else gets it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_partner("ana@example.com", comment="<p>Met at the fair</p>")
        cls.person = cls.person_of("ana@example.com")

    def disclose(self):
        file = io.BytesIO()
        counts = self.person.sudo()._write_disclosure(file)
        archive = zipfile.ZipFile(file)
        page = archive.read("data.html").decode()
        return counts, json.loads(archive.read("data.json")), page

    def test_it_tells_everything(self):
        self.make_lead("ana@example.com", description="<p>Wants pumps</p>")
        topic = self.env["marketing.topic"].create({"name": "Valves"})
        self.env["marketing.consent"]._set_state(
            self.person.ids, topic, "in", {"source": "form", "ip": "198.51.100.7"}
        )
        segment = self.make_segment("ana@example.com", name="Readers")
        mailing = self.make_mailing(segment)
        mailing.action_put_in_queue()
        self.env["marketing.delivery"]._plan_audience(mailing)
        self.deliver()
        self.happened("form", "ana@example.com", data={"title": "Quote form"})
        self.run_inbox()
        counts, data, page = self.disclose()
        for text in (
            "ana@example.com",
            "Met at the fair",
            "Wants pumps",
            "Valves",
            "198.51.100.7",
            "Readers",
            "New pumps",
            "Quote form",
        ):
            with self.subTest(text=text):
                self.assertIn(text, page)
                self.assertIn(text, json.dumps(data, ensure_ascii=False))
        self.assertEqual(counts["marketing.delivery"], 1)
        self.assertEqual(data["segments"][0]["segment"], "Readers")

    def test_it_tells_nothing_about_others(self):
        self.make_partner("bo@example.com", name="Bo Li")
        self.happened("form", "bo@example.com", data={"title": "Form of Bo"})
        self.run_inbox()
        _counts, _data, page = self.disclose()
        self.assertNotIn("bo@example.com", page)
        self.assertNotIn("Form of Bo", page)

    def test_it_tells_of_all_addresses_of_a_merged_person(self):
        kept = self.person.partner_ids
        former = self.make_partner("a.pereira@example.com")
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (kept | former).ids, kept
        )
        _counts, data, _page = self.disclose()
        self.assertEqual(
            {row["email_normalized"] for row in data["marketing.person"]},
            {"ana@example.com", "a.pereira@example.com"},
        )

    def test_a_long_history_is_read_in_parts_and_told_in_full(self):
        self.patch(marketing_person_disclosure, "CHUNK", 7)
        for _number in range(20):
            self.happened("form", "ana@example.com")
        self.run_inbox()
        counts, data, _page = self.disclose()
        forms = self.touchpoints_of("ana@example.com")
        self.assertEqual(counts["marketing.touchpoint"], len(forms))
        self.assertEqual(len(data["marketing.touchpoint"]), len(forms))

    def test_every_table_that_knows_persons_is_told(self):
        persons = self.env["marketing.person"]
        told = persons._get_disclosed_fields().keys()
        rules = {rule.model for rule in persons._get_erasure_rules()}
        self.assertLessEqual(rules - NOT_TOLD, told)

    def test_only_managers_hand_it_over_and_it_is_written_down(self):
        for user in (self.user_marketing, self.user_sales, self.user_employee):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.person.with_user(user).action_disclose()
        self.person.with_user(self.user_manager).action_disclose()
        request = self.env["marketing.privacy.request"].search([], limit=1)
        self.assertEqual(request.user_id, self.user_manager)
        self.assertEqual(request.kind, "disclosure")


@tagged("post_install", "-at_install")
class TestDisclosureRoute(HttpCase, DeliveryCase):
    def test_who_asked_gets_the_copy_once_and_nobody_else(self):
        self.clock.move_to(self.env.cr.now())
        self.make_partner("ana@example.com")
        person = self.person_of("ana@example.com")
        action = person.with_user(self.user_manager).action_disclose()
        request = self.env["marketing.privacy.request"].search([], limit=1)
        self.assertEqual(action["url"], f"/marketing/disclosure/{request.id}")
        for login, status in (
            ("marketer", 404),
            ("employee", 404),
            ("marketing_manager", 200),
        ):
            with self.subTest(login=login):
                self.authenticate(login, login)
                response = self.url_open(action["url"])
                self.assertEqual(response.status_code, status)
        archive = zipfile.ZipFile(io.BytesIO(response.content))
        self.assertIn("ana@example.com", archive.read("data.html").decode())
        request.invalidate_recordset()
        self.assertTrue(request.line_ids.filtered(lambda x: x.outcome == "copied"))
        request.date = "2026-01-01"
        self.assertEqual(self.url_open(action["url"]).status_code, 404)
        self.authenticate(None, None)
        response = self.url_open(action["url"], allow_redirects=False)
        self.assertEqual(response.status_code, 303)
