import json

from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.email_marketing_crm.tests.common import BROWSER
from odoo.addons.email_marketing_crm_website.hooks import pre_init_hook, uninstall_hook

ANA, BEN = "ana.form@example.com", "ben.form@example.com"


@tagged("post_install", "-at_install")
class TestWebsiteForm(HttpCase):
    """What a browser does on the website ends in the history of its person."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.page = cls.env["website.page"].create(
            {
                "name": "Pumps",
                "type": "qweb",
                "key": "email_marketing_crm_website.test_page",
                "arch": "<t t-call='website.layout'><p>Pumps</p></t>",
                "url": "/test-pumps",
                "is_published": True,
                "track": True,
            }
        )

    def setUp(self):
        super().setUp()
        self.opener.headers["User-Agent"] = BROWSER
        # Odoo tracks no page that it reads from a copy of the database.
        self.set_registry_readonly_mode(False)

    def visit(self, query=""):
        response = self.url_open(f"/test-pumps{query}")
        self.assertEqual(response.status_code, 200)

    def send_form(self, email):
        response = self.url_open(
            "/website/form/crm.lead",
            data={"name": "Offer", "contact_name": "Ana", "email_from": email},
            headers={"Referer": f"{self.base_url()}/test-pumps?x=1"},
        )
        return self.env["crm.lead"].browse(json.loads(response.text)["id"])

    def events_of(self, email):
        self.env.invalidate_all()
        events = self.env["marketing.touchpoint"].search(
            [("person_id.email_normalized", "=", email)], order="date, id"
        )
        return {
            code: group.mapped("data")
            for code, group in events.grouped(lambda event: event.type_id.code).items()
        }

    def test_a_stranger_becomes_known_by_his_form(self):
        source = self.env["marketing.acquisition.source"].create(
            {"name": "WeChat", "kind": "other"}
        )
        self.visit("?utm_source=wechat&utm_campaign=spring")
        lead = self.send_form(ANA)
        url = f"{self.base_url()}/test-pumps"
        marks = {"utm_source": "wechat", "utm_campaign": "spring"}
        events = self.events_of(ANA)
        self.assertEqual(events["page_view"], [{"title": "Pumps", "url": url} | marks])
        self.assertEqual(events["form"], [{"title": "Pumps", "url": url} | marks])
        person = lead.marketing_person_id
        self.assertEqual(person.acquisition_source_id, source)
        # From now on he is known: no form is needed.
        self.env["website.track"].search([]).unlink()
        self.visit()
        self.assertEqual(len(self.events_of(ANA)["page_view"]), 2)

    def test_who_was_known_before_keeps_his_origin(self):
        person = self.env["res.partner"].create({"name": "Ben", "email": BEN})
        self.send_form(BEN)
        self.assertFalse(person.marketing_person_id.acquisition_source_id)
        self.assertEqual(len(self.events_of(BEN)["form"]), 1)

    def test_a_stranger_without_a_source_came_by_the_website(self):
        lead = self.send_form(ANA)
        self.assertEqual(
            lead.marketing_person_id.acquisition_source_id,
            self.env.ref("email_marketing_crm_website.acquisition_source_website"),
        )
        self.visit()
        [view] = self.events_of(ANA)["page_view"]
        self.assertEqual(view["title"], "Pumps")

    def test_an_origin_stays_with_its_persons(self):
        name = "email_marketing_crm_website.acquisition_source_website"
        source = self.env.ref(name)
        uninstall_hook(self.env)
        self.assertEqual(self.env.ref(name), source)
        person = self.send_form(ANA).marketing_person_id
        uninstall_hook(self.env)
        self.assertFalse(self.env.ref(name, raise_if_not_found=False))
        self.assertEqual(person.acquisition_source_id, source)
        pre_init_hook(self.env)
        self.assertEqual(self.env.ref(name), source)

    def test_customers_who_log_in_are_known_and_colleagues_left_out(self):
        for login, group, count in (
            ("customer.form", "base.group_portal", 1),
            ("colleague.form", "base.group_user", 0),
        ):
            email = f"{login}@example.com"
            new_test_user(self.env, login, groups=group, email=email)
            self.authenticate(login, login)
            self.visit()
            self.visit()
            self.assertEqual(len(self.events_of(email).get("page_view", [])), count)

    def test_a_stranger_costs_one_statement(self):
        """Most visitors are nobody's: looking at a page must not become slow."""
        strangers = self.env["website.track"].with_user(
            self.env.ref("base.public_user")
        )
        visitor = self.env["website.visitor"].create({"access_token": "e" * 32})
        self.env.flush_all()
        strangers.env.user._is_public()
        with self.assertQueryCount(1):
            strangers._capture_last(visitor.id)
