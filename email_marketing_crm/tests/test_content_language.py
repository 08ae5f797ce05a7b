from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .content_common import ContentCase


@tagged("post_install", "-at_install")
class TestContentLanguage(ContentCase):
    """Each reader gets the mailing in his language."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailing = cls.make_mailing(cls.everybody, preview="Have a look")
        cls.chinese = cls.make_translation(cls.mailing, "zh_CN", preview="请看")

    def test_readers_get_their_language(self):
        mails = self.sent(self.mailing)
        self.assertEqual(mails["li@example.com"]["subject"], "新水泵")
        self.assertIn("您好，Li", mails["li@example.com"]["body"])
        self.assertIn("请看", mails["li@example.com"]["body"])
        for address in ("ana@example.com", "eva@example.com"):
            self.assertEqual(mails[address]["subject"], "New pumps")
            self.assertIn("Have a look", mails[address]["body"])
            self.assertNotIn("您好", mails[address]["body"])

    def test_delivery_knows_what_was_sent(self):
        self.sent(self.mailing)
        langs = {
            delivery.email: delivery.variant["lang"]
            for delivery in self.deliveries_of(self.mailing)
        }
        self.assertEqual(
            langs,
            {
                "ana@example.com": "en_US",
                "li@example.com": "zh_CN",
                "eva@example.com": "en_US",
            },
        )

    def test_values_are_written_as_the_reader_writes_them(self):
        """Names that Odoo translates come in the language of the text."""
        china = self.env.ref("base.cn").with_context(lang="zh_CN")
        china.name = "中国"
        self.li.country_id = self.eva.country_id = china
        body = '<p><t t-out="object.country_id.name"/></p>'
        self.mailing.body_html = body
        self.chinese.body_html = body
        mails = self.sent(self.mailing)
        self.assertIn("中国", mails["li@example.com"]["body"])
        self.assertIn("China", mails["eva@example.com"]["body"])

    def test_stock_queue_sends_languages_too(self):
        """A mailing without segments leaves by Odoo's queue, in the same languages."""
        self.mailing.marketing_segment_ids = False
        self.mailing.mailing_domain = [("id", "in", (self.li + self.eva).ids)]
        self.assertFalse(self.mailing.marketing_kind)
        with self.mock_mail_gateway(mail_unlink_sent=False):
            self.mailing.action_send_mail()
        subjects = {
            mail.res_id: mail.subject
            for mail in self._new_mails.filtered(
                lambda mail: mail.mailing_id == self.mailing
            )
        }
        self.assertEqual(subjects, {self.li.id: "新水泵", self.eva.id: "New pumps"})
        self.assertEqual(self.mailing.state, "done")

    def test_journeys_speak_the_language_too(self):
        self.mailing.marketing_segment_ids = False
        self.mailing.marketing_kind = "journey"
        person = self.li.marketing_person_id
        self.env["marketing.delivery"]._plan(
            self.mailing, [(person.id, self.li.id, 1), (person.id, self.li.id, 2)]
        )
        self.deliver()
        subjects = [mail["subject"] for mail in self._mails]
        self.assertEqual(subjects, ["新水泵", "新水泵"])

    def test_copy_takes_the_languages_along(self):
        copied = self.mailing.copy()
        self.assertEqual(copied.marketing_translation_ids.subject, "新水泵")
        self.assertNotEqual(copied.marketing_translation_ids, self.chinese)

    def test_translation_starts_from_the_text(self):
        values = (
            self.env["marketing.mailing.translation"]
            .with_context(default_mailing_id=self.mailing.id)
            .default_get(["mailing_id", "subject", "body_html"])
        )
        self.assertEqual(values["subject"], "New pumps")
        self.assertIn("look here", values["body_html"])

    def test_empty_text_is_refused(self):
        with self.assertRaises(ValidationError):
            self.make_translation(self.mailing, "de_DE", body_html="<p><br></p>")

    def test_what_was_sent_stays(self):
        self.sent(self.mailing)
        self.assertEqual(self.mailing.state, "done")
        with self.assertRaises(UserError):
            self.chinese.subject = "Other"
        with self.assertRaises(UserError):
            self.chinese.unlink()

    def test_marketer_writes_it(self):
        mailing = self.mailing.with_user(self.user_marketing)
        translation = self.env["marketing.mailing.translation"]
        translation.with_user(self.user_marketing).create(
            {
                "mailing_id": mailing.id,
                "lang_id": self.lang("de_DE").id,
                "subject": "Neue Pumpen",
                "body_html": "<p>Guten Tag</p>",
            }
        )
        action = mailing.action_view_translations()
        self.assertEqual(
            translation.search_count(action["domain"]),
            mailing.marketing_translation_count,
        )
        self.assertEqual(
            self.sent(self.mailing)["eva@example.com"]["subject"], "Neue Pumpen"
        )

    def test_who_may_see_and_change_a_language(self):
        translation = self.make_translation(self.make_mailing(self.everybody), "zh_CN")
        for user in (self.user_marketing, self.user_manager):
            translation.with_user(user).subject = "更新的水泵"
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                translation.with_user(user).read(["subject"])
            with self.assertRaises(AccessError):
                translation.with_user(user).subject = "Mine"
