import re
from datetime import datetime, timedelta
from unittest.mock import patch
from urllib.parse import urlencode

from odoo import Command, fields
from odoo.tests import HttpCase, tagged

from odoo.addons.mail.tests.common import MockEmail

ANA = "ana@example.com"
BEN = "ben@example.com"


class PageCase(HttpCase, MockEmail):
    """People without a login, and the programs that follow their links."""

    def setUp(self):
        super().setUp()
        self.env.cr.execute("DELETE FROM marketing_rate_limit")
        self.env["marketing.topic"].search([]).write({"is_public": False})
        self.topic = self.env["marketing.topic"].create(
            {"name": "Pumps", "description": "New pumps, once a month."}
        )
        self.other = self.env["marketing.topic"].create({"name": "Events"})

    # ------------------------------------------------------------------
    # what people do
    # ------------------------------------------------------------------

    def look(self, path, method="GET"):
        return self.url_open(path, allow_redirects=False, method=method)

    def press(self, page, action=None, **values):
        """Send the form of a page, with its token against forged requests."""
        text = page.text
        token = re.search(r'name="csrf_token" value="([^"]+)"', text).group(1)
        return self.url_open(
            action or page.url.removeprefix(self.base_url()),
            data={"csrf_token": token, **values},
            allow_redirects=False,
        )

    def ask_for_subscription(self, email, topic=None):
        """Fill in the public form; returns the answer and the links that were sent."""
        path = "/marketing/subscribe/" + (topic or self.topic)._get_form_token()
        with self.mock_mail_gateway():
            answer = self.press(self.look(path), email=email)
            links = [
                link
                for mail in self._new_mails
                for link in re.findall(r"/marketing/confirm/[\w-]+", mail.body_html)
            ]
        return answer, links

    # ------------------------------------------------------------------
    # what is then
    # ------------------------------------------------------------------

    def make_person(self, email=ANA, **values):
        partner = self.env["res.partner"].create(
            {"name": "Ana", "email": email, **values}
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        return partner.marketing_person_id

    def person_of(self, email):
        self.env.invalidate_all()
        return self.env["marketing.person"].search([("email_normalized", "=", email)])

    def state_of(self, email, topic=None):
        consents = self.person_of(email).consent_ids
        return (
            consents.filtered(
                lambda consent: consent.topic_id == (topic or self.topic)
            ).state
            or None
        )

    def agree(self, person, topic=None, **evidence):
        self.env["marketing.consent"]._set_state(
            person.ids, topic or self.topic, "in", {"source": "page", **evidence}
        )
        self.env.flush_all()


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


@tagged("post_install", "-at_install")
class TestPreferences(PageCase):
    """The page behind the link in each mail."""

    def setUp(self):
        super().setUp()
        self.person = self.make_person()
        self.path = f"/marketing/preferences/{self.person._get_preference_token()}"

    def save(self, *topics, **values):
        page = self.look(self.path)
        shown = re.findall(r'name="shown" value="(\d+)"', page.text)
        return self.press(
            page,
            topic=[topic.id for topic in topics],
            shown=shown,
            **{"track": "on", **values},
        )

    def test_looking_changes_nothing(self):
        self.agree(self.person)
        before = self.env["marketing.consent.log"].search_count([])
        page = self.look(self.path)
        self.look(self.path, method="HEAD")
        for action in ("stop", "resume", "reason"):
            self.assertEqual(self.look(f"{self.path}/{action}").status_code, 405)
        self.assertEqual(self.env["marketing.consent.log"].search_count([]), before)
        self.assertIn("Stop all e-mail", page.text)
        self.assertNotIn(ANA, page.text)
        self.assertEqual(page.headers["Cache-Control"], "no-store")

    def test_topics_in_and_out(self):
        self.agree(self.person)
        self.save(self.other)
        self.assertEqual(self.state_of(ANA), "out")
        self.assertEqual(self.state_of(ANA, self.other), "in")
        page = self.look(self.path)
        ticked = re.findall(r'id="topic_(\d+)"[^>]*checked', page.text)
        self.assertEqual(ticked, [str(self.other.id)])

    def test_a_topic_that_was_never_answered_is_not_refused_by_saving(self):
        self.save()
        self.assertIsNone(self.state_of(ANA))

    def test_a_form_that_did_not_show_a_topic_does_not_withdraw_it(self):
        page = self.look(self.path)
        later = self.env["marketing.topic"].create({"name": "Later"})
        self.agree(self.person, later)
        shown = re.findall(r'name="shown" value="(\d+)"', page.text)
        self.press(page, shown=shown, track="on")
        self.assertEqual(self.state_of(ANA, later), "in")

    def test_stop_everything_and_allow_again(self):
        self.agree(self.person)
        page = self.press(self.look(self.path), f"{self.path}/stop")
        self.assertIn("All e-mail is stopped", page.text)
        self.assertTrue(self.person_of(ANA).is_opted_out)
        self.assertEqual(self.state_of(ANA), "out")
        page = self.press(self.look(self.path), f"{self.path}/resume")
        self.assertIn("You can get mail again", page.text)
        self.assertFalse(self.person_of(ANA).is_opted_out)
        self.assertEqual(self.state_of(ANA), "out")

    def test_choosing_a_topic_allows_mail_again(self):
        self.person._stop_everything({"source": "page"})
        self.env.flush_all()
        self.save(self.topic)
        self.assertFalse(self.person_of(ANA).is_opted_out)
        self.assertEqual(self.state_of(ANA), "in")

    def test_wishes(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env.flush_all()
        self.save(frequency="month", pause="30", language="fr_FR", track="")
        person = self.person_of(ANA)
        self.assertEqual(person.preferred_frequency, "month")
        self.assertAlmostEqual(
            person.paused_until,
            fields.Datetime.now() + timedelta(days=30),
            delta=timedelta(minutes=5),
        )
        self.assertTrue(person.is_do_not_track)
        self.assertEqual(person.preferred_lang, "fr_FR")
        self.assertEqual(person.partner_ids.lang, "fr_FR")
        self.assertIn('lang="fr-FR"', self.look(self.path).text)
        self.save(frequency="", pause="keep", track="on")
        person = self.person_of(ANA)
        self.assertFalse(person.preferred_frequency)
        self.assertFalse(person.is_do_not_track)
        self.assertTrue(person.paused_until)
        self.save(frequency="rubbish", pause="", language="xx_XX")
        person = self.person_of(ANA)
        self.assertFalse(person.paused_until)
        self.assertEqual(person.preferred_lang, "fr_FR")

    def test_the_reason_is_kept(self):
        self.agree(self.person)
        reason = self.env["mailing.subscription.optout"].search([], limit=1)
        self.save(reason=str(reason.id), feedback="Too many pumps")
        evidence = self.person_of(ANA).consent_log_ids.filtered(
            lambda row: row.event == "withdrawn"
        )
        self.assertEqual(
            (evidence.reason_id, evidence.note), (reason, "Too many pumps")
        )

    def test_a_consent_in_its_last_weeks_is_renewed_by_saving(self):
        self.topic.expiry_months = 12
        now = fields.Datetime.now()
        self.agree(self.person, date=now - timedelta(days=340))
        self.save(self.topic)
        consent = self.person_of(ANA).consent_ids
        self.assertGreater(consent.expiry_date, now + timedelta(days=300))
        count = len(self.person_of(ANA).consent_log_ids)
        self.save(self.topic)
        self.assertEqual(len(self.person_of(ANA).consent_log_ids), count)

    def test_topics_of_other_companies_are_not_shown(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.env["marketing.topic"].create(
            {"name": "Foreign topic", "company_id": company.id}
        )
        self.person.partner_ids.company_id = self.env.company
        self.env.flush_all()
        self.env["marketing.person"]._synchronize_records(self.person.ids)
        self.assertNotIn("Foreign topic", self.look(self.path).text)
        self.save(foreign)
        self.assertIsNone(self.state_of(ANA, foreign))

    # ------------------------------------------------------------------
    # links
    # ------------------------------------------------------------------

    def test_forged_links(self):
        token = self.person._get_preference_token()
        ben = self.make_person(BEN)
        number, expires, signature = token.split("-")
        for forged in (
            f"{ben.id}-{expires}-{signature}",
            f"{number}-{int(expires, 16) + 1:x}-{signature}",
            f"{number}-{expires}-{'0' * len(signature)}",
            f"0{number}-{expires}-{signature}",
            "x",
            "--",
        ):
            path = f"/marketing/preferences/{forged}"
            with self.subTest(forged=forged):
                self.assertEqual(self.look(path).status_code, 404)
                page = self.look("/marketing/preferences")
                self.assertEqual(self.press(page, f"{path}/stop").status_code, 404)
        self.assertFalse(self.person_of(BEN).is_opted_out)
        self.assertFalse(self.person_of(ANA).is_opted_out)

    def test_a_link_of_a_topic_is_no_link_of_a_person(self):
        topic = self.topic._get_form_token()
        self.assertEqual(self.look(f"/marketing/preferences/{topic}").status_code, 404)

    def test_a_link_of_another_database(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "database.secret", "the secret of another database"
        )
        self.env.flush_all()
        self.assertEqual(self.look(self.path).status_code, 404)

    def test_a_link_that_is_too_old(self):
        long_ago = fields.Datetime.now() - timedelta(days=500)
        with patch.object(fields.Datetime, "now", return_value=long_ago):
            token = self.person._get_preference_token()
        page = self.look(f"/marketing/preferences/{token}")
        self.assertEqual(page.status_code, 404)
        self.assertIn("Get a new link", page.text)

    def test_the_link_of_a_merged_person_leads_to_the_survivor(self):
        ben = self.make_person(BEN)
        self.person._merge_into(ben)
        self.env.flush_all()
        self.press(self.look(self.path), f"{self.path}/stop")
        self.assertTrue(self.person_of(BEN).is_opted_out)

    def test_a_lost_link_is_sent_to_who_is_known_and_says_so_to_nobody(self):
        answers = []
        for email in (ANA, "stranger@example.com", "rubbish"):
            with self.mock_mail_gateway():
                page = self.look("/marketing/preferences")
                answers.append(self.press(page, email=email).text)
                mails = self._new_mails
                self.assertEqual(len(mails), int(email == ANA))
                if mails:
                    self.assertIn("/marketing/preferences/", mails.body_html)
        self.assertEqual(len({len(answer) for answer in answers}), 1)


@tagged("post_install", "-at_install")
class TestUnsubscribe(PageCase):
    """Odoo's links in mailings to contacts, and to lists."""

    def setUp(self):
        super().setUp()
        self.person = self.make_person()
        self.partner = self.person.partner_ids
        self.agree(self.person)
        self.agree(self.person, self.other)

    def make_mailing(self, topic=None, **values):
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": "New pumps",
                "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                "body_html": "<p>Hello</p>",
                **({"marketing_topic_id": topic.id} if topic else {}),
                **values,
            }
        )
        self.env.flush_all()
        return mailing

    def make_campaign(self):
        """A mailing of ours, to a segment, without a topic."""
        segment = self.env["marketing.segment"].create(
            {"name": "Readers", "res_model": "res.partner"}
        )
        return self.make_mailing(marketing_segment_ids=[Command.set(segment.ids)])

    def path_of(self, mailing, action, record=None, token=None):
        record = record or self.partner
        token = token or mailing._generate_mailing_recipient_token(record.id, ANA)
        query = urlencode({"document_id": record.id, "email": ANA, "hash_token": token})
        return f"/mailing/{mailing.id}/{action}?{query}"

    def unsubscribe(self, mailing):
        page = self.look(self.path_of(mailing, "confirm_unsubscribe"))
        fields_ = dict(
            re.findall(
                r'name="(mailing_id|document_id|email|hash_token)" value="([^"]*)"',
                page.text,
            )
        )
        return page, self.press(page, "/mailing/confirm_unsubscribe", **fields_)

    def test_the_topic_of_the_mailing_is_withdrawn_and_nothing_else(self):
        mailing = self.make_mailing(self.topic)
        page, answer = self.unsubscribe(mailing)
        self.assertIn("Other topics stay as they are", page.text)
        self.assertIn("Pumps", answer.text)
        self.assertIn("Stop all e-mail", answer.text)
        self.assertEqual(self.state_of(ANA), "out")
        self.assertEqual(self.state_of(ANA, self.other), "in")
        self.assertFalse(self.person_of(ANA).is_opted_out)
        evidence = self.person_of(ANA).consent_log_ids[:1]
        self.assertEqual((evidence.source, evidence.mailing_id), ("mail", mailing))

    def test_a_mailing_without_topic_blocks_the_address_and_says_so(self):
        mailing = self.make_campaign()
        page, answer = self.unsubscribe(mailing)
        self.assertIn("no mailing of any kind", page.text)
        self.assertIn("all our mailings", answer.text)
        self.assertTrue(self.person_of(ANA).is_opted_out)
        self.assertEqual(self.state_of(ANA), "out")

    def test_one_click_does_the_same(self):
        mailing = self.make_mailing(self.topic)
        answer = self.url_open(
            self.path_of(mailing, "unsubscribe_oneclick"),
            data={"List-Unsubscribe": "One-Click"},
        )
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.state_of(ANA), "out")
        self.assertFalse(self.person_of(ANA).is_opted_out)

    def test_following_any_link_unsubscribes_nobody(self):
        for mailing in (self.make_mailing(self.topic), self.make_campaign()):
            for action in ("confirm_unsubscribe", "unsubscribe"):
                for method in ("GET", "HEAD"):
                    self.look(self.path_of(mailing, action), method=method)
            self.look(self.path_of(mailing, "unsubscribe_oneclick"))
        self.assertEqual(self.state_of(ANA), "in")
        self.assertFalse(self.person_of(ANA).is_opted_out)

    def test_a_mailing_that_is_not_ours_keeps_the_pages_of_odoo(self):
        mailing = self.make_mailing()
        asked = self.look(self.path_of(mailing, "confirm_unsubscribe"))
        self.assertNotIn("/marketing/preferences", asked.text)
        self.assertFalse(self.person_of(ANA).is_opted_out)
        answer = self.look(self.path_of(mailing, "unsubscribe"))
        self.assertIn("no longer part of our services", answer.text)
        self.env.invalidate_all()
        self.assertTrue(self.person_of(ANA).is_opted_out)
        self.assertEqual(self.state_of(ANA), "out")

    def test_forged_links_do_nothing(self):
        mailing = self.make_mailing(self.topic)
        for action in ("confirm_unsubscribe", "unsubscribe"):
            path = self.path_of(mailing, action, token="0" * 128)
            self.assertGreaterEqual(self.look(path).status_code, 400)
        path = self.path_of(mailing, "unsubscribe_oneclick", token="0" * 128)
        answer = self.url_open(path, data={"List-Unsubscribe": "One-Click"})
        self.assertGreaterEqual(answer.status_code, 400)
        self.assertEqual(self.state_of(ANA), "in")

    def test_the_reason_can_be_given_afterwards(self):
        _page, answer = self.unsubscribe(self.make_mailing(self.topic))
        action = re.search(
            r'action="(/marketing/preferences/[^"]+/reason)"', answer.text
        )
        reason = self.env["mailing.subscription.optout"].search([], limit=1)
        self.press(answer, action.group(1), reason=str(reason.id))
        self.assertEqual(self.person_of(ANA).consent_log_ids[:1].reason_id, reason)

    def test_a_topic_of_its_own_is_left_with_the_list(self):
        mailing_list = self.env["mailing.list"].create({"name": "Pump list"})
        contact = self.env["mailing.contact"].create(
            {"email": ANA, "list_ids": [fields.Command.set(mailing_list.ids)]}
        )
        mailing = self.make_mailing(
            self.topic,
            mailing_model_id=self.env["ir.model"]._get_id("mailing.list"),
            contact_list_ids=[fields.Command.set(mailing_list.ids)],
        )
        self.url_open(
            self.path_of(mailing, "unsubscribe_oneclick", contact),
            data={"List-Unsubscribe": "One-Click"},
        )
        self.assertEqual(self.state_of(ANA), "out")
        self.assertTrue(contact.subscription_ids.opt_out)

    def test_pages_of_mailing_lists_keep_working_and_tell_us(self):
        mailing_list = self.env["mailing.list"].create(
            {"name": "Pump list", "is_public": True}
        )
        self.topic.mailing_list_id = mailing_list
        contact = self.env["mailing.contact"].create(
            {"email": ANA, "list_ids": [fields.Command.set(mailing_list.ids)]}
        )
        mailing = self.make_mailing(
            mailing_model_id=self.env["ir.model"]._get_id("mailing.list"),
            contact_list_ids=[fields.Command.set(mailing_list.ids)],
        )
        self.assertEqual(mailing.marketing_topic_id, self.topic)
        path = self.path_of(mailing, "unsubscribe", contact)
        self.assertEqual(self.look(path).status_code, 200)
        self.assertEqual(self.state_of(ANA), "in")
        self.url_open(
            self.path_of(mailing, "unsubscribe_oneclick", contact),
            data={"List-Unsubscribe": "One-Click"},
        )
        self.assertEqual(self.state_of(ANA), "out")
        self.env.invalidate_all()
        self.assertTrue(contact.subscription_ids.opt_out)
        token = mailing._generate_mailing_recipient_token(contact.id, ANA)
        self.make_jsonrpc_request(
            "/mailing/list/update",
            {
                "mailing_id": mailing.id,
                "document_id": contact.id,
                "email": ANA,
                "hash_token": token,
                "lists_optin_ids": mailing_list.ids,
            },
        )
        self.assertEqual(self.state_of(ANA), "in")
        self.assertEqual(self.person_of(ANA).consent_log_ids[:1].source, "page")
