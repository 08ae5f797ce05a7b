import re
from datetime import datetime, timedelta

from odoo import fields
from odoo.tests import tagged

from .consent_common import ANA, BEN
from .consent_page_common import PageCase


@tagged("post_install", "-at_install")
class TestSubscribe(PageCase):
    """Double opt-in, as people and as strangers do it."""

    def test_a_form_a_mail_a_button(self):
        answer, links = self.ask_for_subscription("Ana <ANA@example.com>")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.state_of(ANA), "pending")
        [link] = links
        page = self.look(link)
        self.assertIn("Yes, I confirm", page.text)
        self.assertEqual(self.state_of(ANA), "pending")
        self.assertIn("You are subscribed", self.press(page).text)
        self.assertEqual(self.state_of(ANA), "in")
        person = self.person_of(ANA)
        self.assertTrue(person.consent_ids.confirmed_date)
        evidence = person.consent_log_ids[:1]
        self.assertEqual((evidence.event, evidence.source), ("given", "confirmation"))
        self.assertTrue(evidence.ip)
        self.assertIn("Pumps", evidence.text)
        self.assertTrue(person.contact_ids, "Somebody without a record gets no mail")

    def test_the_database_does_not_hold_the_link(self):
        _answer, [link] = self.ask_for_subscription(ANA)
        nonce = link.rpartition("/")[2]
        request = self.person_of(ANA).env["marketing.consent.request"].search([])[:1]
        self.assertNotIn(nonce, request.sudo().token_hash)

    def test_a_scanner_that_follows_every_link_confirms_nothing(self):
        _answer, [link] = self.ask_for_subscription(ANA)
        for method in ("GET", "HEAD", "GET"):
            self.look(link, method=method)
        self.assertEqual(self.state_of(ANA), "pending")

    def test_a_link_works_once(self):
        _answer, [link] = self.ask_for_subscription(ANA)
        page = self.look(link)
        self.press(page)
        person = self.person_of(ANA)
        self.env["marketing.consent"]._set_state(
            person.ids, self.topic, "out", {"source": "page"}
        )
        self.assertEqual(self.press(page).status_code, 404)
        self.assertEqual(self.look(link).status_code, 404)
        self.assertEqual(self.state_of(ANA), "out")

    def test_a_link_expires(self):
        _answer, [link] = self.ask_for_subscription(ANA)
        page = self.look(link)
        requests = self.env["marketing.consent.request"].search([])
        requests.write({"expiry_date": datetime(2020, 1, 1)})
        self.env.flush_all()
        self.assertEqual(self.press(page).status_code, 404)
        self.assertEqual(self.state_of(ANA), "pending")

    def test_a_made_up_link_tells_and_changes_nothing(self):
        self.ask_for_subscription(ANA)
        for nonce in ("x", "0" * 43, "../../etc"):
            self.assertEqual(self.look(f"/marketing/confirm/{nonce}").status_code, 404)
        self.assertEqual(self.state_of(ANA), "pending")

    def test_a_form_without_its_token_is_refused(self):
        path = "/marketing/subscribe/" + self.topic._get_form_token()
        answer = self.url_open(path, data={"email": ANA}, allow_redirects=False)
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.person_of(ANA))

    def test_strangers_learn_nothing(self):
        known = self.make_person(BEN)
        self.agree(known)
        blocked = self.make_person("cem@example.com")
        blocked._stop_everything({"source": "page"})
        pages = {
            re.sub(r"csrf_token[^;]*;", "", self.ask_for_subscription(email)[0].text)
            for email in ("new@example.com", BEN, "cem@example.com")
        }
        self.assertEqual(len({len(page) for page in pages}), 1)

    def test_who_is_in_gets_no_mail(self):
        self.agree(self.make_person(ANA))
        _answer, links = self.ask_for_subscription(ANA)
        self.assertFalse(links)
        self.assertEqual(self.state_of(ANA), "in")

    def test_who_is_out_stays_out_until_he_confirms(self):
        person = self.make_person(ANA)
        person._stop_everything({"source": "page"})
        self.env["marketing.consent"]._set_state(
            person.ids, self.topic, "out", {"source": "page"}
        )
        _answer, [link] = self.ask_for_subscription(ANA)
        self.assertEqual(self.state_of(ANA), "out")
        self.assertTrue(self.person_of(ANA).is_opted_out)
        self.press(self.look(link))
        self.assertEqual(self.state_of(ANA), "in")
        self.assertFalse(self.person_of(ANA).is_opted_out)

    def test_a_confirmation_lifts_the_suppression_of_an_erased_address(self):
        suppressions = self.env["marketing.suppression"]
        suppressions._suppress([ANA], "erased")
        _answer, [link] = self.ask_for_subscription(ANA)
        self.assertTrue(suppressions._is_suppressed([ANA]))
        self.press(self.look(link))
        self.assertFalse(suppressions._is_suppressed([ANA]))

    def test_who_is_in_and_blocked_gets_the_mail_that_ends_the_block(self):
        person = self.make_person(ANA)
        self.agree(person)
        self.env["mail.blacklist"]._add(ANA)
        self.assertEqual(self.state_of(ANA), "in")
        _answer, [link] = self.ask_for_subscription(ANA)
        self.assertTrue(self.person_of(ANA).is_opted_out)
        self.press(self.look(link))
        self.assertFalse(self.person_of(ANA).is_opted_out)

    def test_an_address_is_not_flooded(self):
        links = [link for _n in range(6) for link in self.ask_for_subscription(ANA)[1]]
        self.assertEqual(len(links), 3)

    def test_a_network_address_is_limited(self):
        answers = [
            self.ask_for_subscription(f"p{number}@example.com")[0].status_code
            for number in range(22)
        ]
        self.assertEqual(answers, [200] * 20 + [429] * 2)
        self.assertFalse(self.person_of("p21@example.com"))

    def test_a_topic_without_double_opt_in_takes_the_word(self):
        self.topic.is_double_opt_in = False
        _answer, links = self.ask_for_subscription(ANA)
        self.assertFalse(links)
        self.assertEqual(self.state_of(ANA), "in")
        self.assertFalse(self.person_of(ANA).consent_ids.confirmed_date)

    def test_a_wrong_address_is_said(self):
        answer, _links = self.ask_for_subscription("not an address")
        self.assertIn("not an e-mail address", answer.text)

    def test_forms_of_hidden_and_unknown_topics_are_closed(self):
        token = self.topic._get_form_token()
        forged = token.replace(f"{self.topic.id}-", f"{self.other.id}-", 1)
        self.assertEqual(self.look(f"/marketing/subscribe/{forged}").status_code, 404)
        self.topic.is_public = False
        self.env.flush_all()
        self.assertEqual(self.look(f"/marketing/subscribe/{token}").status_code, 404)

    def test_a_website_form_of_odoo_asks_for_confirmation_too(self):
        mailing_list = self.env["mailing.list"].create({"name": "Pump list"})
        self.topic.mailing_list_id = mailing_list
        contact = self.env["mailing.contact"].create({"email": ANA})
        self.env.flush_all()
        public = self.env.ref("base.public_user")
        with self.mock_mail_gateway():
            subscription = (
                self.env["mailing.subscription"]
                .with_user(public)
                .sudo()
                .create({"contact_id": contact.id, "list_id": mailing_list.id})
            )
        self.assertEqual(self.state_of(ANA), "pending")
        self.assertTrue(subscription.opt_out)
        self.assertEqual(len(self._new_mails), 1)

    # ------------------------------------------------------------------
    # time
    # ------------------------------------------------------------------

    def pass_days(self, days):
        """Everything that was asked lies so many days longer back."""
        self.env.flush_all()
        for table in ("marketing_consent", "marketing_consent_request"):
            self.env.cr.execute(
                f"UPDATE {table} SET date = date - interval '{int(days)} days'"
            )
        self.env.cr.execute(
            "UPDATE marketing_consent_request"
            f" SET expiry_date = expiry_date - interval '{int(days)} days'"
        )
        self.env.invalidate_all()

    def remind(self):
        with self.mock_mail_gateway():
            self.env["marketing.consent.request"]._remind()
            return [
                re.search(r"/marketing/confirm/[\w-]+", mail.body_html).group()
                for mail in self._new_mails
            ]

    def test_who_does_not_answer_is_reminded_once_and_then_forgotten(self):
        self.env.cr.execute("DELETE FROM marketing_consent WHERE state = 'pending'")
        self.ask_for_subscription(ANA)
        self.assertFalse(self.remind())
        self.pass_days(4)
        [link] = self.remind()
        self.assertIn("Yes, I confirm", self.look(link).text)
        self.pass_days(4)
        self.assertFalse(self.remind())
        self.pass_days(40)
        self.env["marketing.consent.request"]._purge()
        self.assertIsNone(self.state_of(ANA))
        self.assertFalse(
            self.env["marketing.consent.request"].search(
                [("person_id", "=", self.person_of(ANA).id)]
            )
        )
        self.assertEqual(
            self.person_of(ANA).consent_log_ids.sorted("id").mapped("event"),
            ["requested", "reminded", "purged"],
        )

    def test_no_reminder_is_a_setting_that_stays(self):
        self.env.cr.execute("DELETE FROM marketing_consent WHERE state = 'pending'")
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.marketing_opt_in_reminders, 1)
        settings.marketing_opt_in_reminders = 0
        settings.execute()
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.marketing_opt_in_reminders, 0)
        self.ask_for_subscription(ANA)
        self.pass_days(4)
        self.assertFalse(self.remind())


@tagged("post_install", "-at_install")
class TestOptInApi(PageCase):
    """Other systems ask for a double opt-in."""

    def report(self, key, **body):
        return self.url_open(
            "/marketing/opt-in",
            json=body,
            headers={"Authorization": f"Bearer {key}"} if key else {},
        )

    def make_key(self, groups):
        user = self.env["res.users"].create(
            {
                "name": "Shop",
                "login": f"shop_{groups}",
                "group_ids": [
                    fields.Command.set(
                        [
                            self.env.ref("base.group_user").id,
                            self.env.ref(groups).id,
                        ]
                    )
                ],
            }
        )
        key = (
            self.env["res.users.apikeys"]
            .with_user(user)
            ._generate(None, "shop", datetime.now() + timedelta(days=1))
        )
        self.env.flush_all()
        return key

    def test_a_shop_asks_and_the_person_confirms(self):
        key = self.make_key("email_marketing_crm.group_marketing_user")
        with self.mock_mail_gateway():
            answer = self.report(
                key,
                email=ANA,
                topics=[self.topic.id],
                evidence={"ip": "192.0.2.1", "text": "Shop: yes", "state": "in"},
            )
            self.assertEqual(answer.status_code, 202)
            self.assertEqual(len(self._new_mails), 1)
        self.assertEqual(self.state_of(ANA), "pending")
        evidence = self.person_of(ANA).consent_log_ids
        self.assertEqual(
            (evidence.source, evidence.ip, evidence.text),
            ("api", "192.0.2.1", "Shop: yes"),
        )

    def test_what_cannot_be_read_and_who_may_not(self):
        key = self.make_key("email_marketing_crm.group_marketing_user")
        self.assertEqual(self.report(key, email="x").status_code, 400)
        self.assertEqual(self.report(key, email=ANA, topics=[]).status_code, 400)
        self.assertEqual(self.report(key, email="x", topics=[1]).status_code, 400)
        foreign = self.make_key("base.group_user")
        answer = self.report(foreign, email=ANA, topics=[self.topic.id])
        self.assertEqual(answer.status_code, 403)
        self.assertEqual(self.report(None, email=ANA, topics=[1]).status_code, 401)
        self.assertFalse(self.person_of(ANA))
