import re
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from .consent_common import ANA, BEN
from .consent_page_common import PageCase


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
    # blocked addresses
    # ------------------------------------------------------------------

    def test_a_choice_does_not_lift_a_block_and_the_page_says_so(self):
        self.env["marketing.suppression"]._suppress([ANA], "opted_out_import")
        page = self.look(self.path)
        self.assertIn("the owner of this address wants no mail", page.text)
        self.assertNotIn("/unblock", page.text, "Nothing is chosen yet")
        page = self.save(self.topic)
        self.assertNotIn("Your choice is saved.", page.text)
        self.assertIn("has no effect yet", page.text)
        self.assertTrue(self.person_of(ANA).is_suppressed)
        self.assertEqual(self.look(f"{self.path}/unblock").status_code, 405)
        with self.mock_mail_gateway():
            page = self.press(page, f"{self.path}/unblock")
            self.assertIn("a link is on its way", page.text)
            [link] = re.findall(
                r"/marketing/confirm/[\w-]+", self._new_mails.body_html
            )[:1]
        self.press(self.look(link))
        self.assertFalse(self.person_of(ANA).is_suppressed)
        self.assertEqual(self.state_of(ANA), "in")
        page = self.save(self.topic)
        self.assertIn("Your choice is saved.", page.text)

    def test_each_block_is_named_and_users_blocks_stay(self):
        self.agree(self.person)
        for suppression, sentence, has_way_out in (
            ("bounce", "came back to us", True),
            ("complaint", "reported as unwanted", True),
            ("manual", "please", False),
        ):
            with self.subTest(suppression=suppression):
                self.person.suppression = suppression
                self.env.flush_all()
                page = self.look(self.path)
                self.assertIn(sentence, page.text)
                self.assertEqual("/unblock" in page.text, has_way_out)
        with self.mock_mail_gateway():
            self.press(page, f"{self.path}/unblock")
            self.assertFalse(self._new_mails)

    def test_who_had_enough_confirmation_mails_today_is_told(self):
        self.agree(self.person)
        self.env["marketing.suppression"]._suppress([ANA], "opted_out_import")
        texts = []
        for _time in range(4):
            with self.mock_mail_gateway():
                page = self.press(self.look(self.path), f"{self.path}/unblock")
            texts.append("a link is on its way" in page.text)
        self.assertEqual(texts, [True, True, True, False])
        self.assertIn("asked several times today", page.text)

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

    def test_a_form_with_numbers_that_are_none(self):
        self.agree(self.person)
        page = self.look(self.path)
        for number in ("²", "9" * 30, "-1", "x"):
            with self.subTest(number):
                answer = self.press(
                    page, topic=[number], shown=[number], reason=number, track="on"
                )
                self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.state_of(ANA), "in")
