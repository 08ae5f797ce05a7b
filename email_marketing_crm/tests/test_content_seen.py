from odoo.exceptions import AccessError
from odoo.tests import Form, HttpCase, tagged

from .content_common import ContentCase


@tagged("post_install", "-at_install")
class TestContentSeen(ContentCase):
    """The mail as one person gets it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.condition = cls.make_condition("Chinese", lang_ids=cls.lang("zh_CN"))
        cls.mailing = cls.make_mailing(
            cls.everybody,
            body_html="<p>Hello <t t-out='object.name'>you</t></p>"
            + cls.block(cls.condition, "Only here")
            + '<p><a href="/unsubscribe_from_list">Bye</a></p>',
        )

    def preview(self, user=None):
        mailing = self.mailing.with_user(user or self.user_marketing)
        action = mailing.action_preview()
        return mailing.env["marketing.mail.preview"].browse(action["res_id"])

    def test_preview_of_two_persons(self):
        preview = self.preview()
        preview.res_id = self.ana.id
        self.assertIn("Hello Ana", preview.body)
        self.assertNotIn("Only here", preview.body)
        self.assertFalse(preview.condition_ids)
        preview.res_id = self.li.id
        self.assertIn("Only here", preview.body)
        self.assertIn("Only here", preview.text)
        self.assertEqual(preview.condition_ids, self.condition)

    def test_preview_is_what_is_sent(self):
        """Byte for byte, but for what makes links and the pixel the person's own."""
        before = {
            partner: str(
                self.mailing._prepare_mail_as_seen_by(partner)["body_html"]
            ).replace(" ", "")
            for partner in (self.ana, self.li)
        }
        self.mailing.action_launch()
        self.compose()
        for partner, body in before.items():
            mail = self.env["mail.mail"].search([("res_id", "=", partner.id)])
            self.assertEqual(str(mail.body_html).replace(" ", ""), body)

    def test_preview_leaves_nothing_behind(self):
        counted = ("mail.mail", "mailing.trace", "link.tracker", "marketing.delivery")
        before = [self.env[model].search_count([]) for model in counted]
        self.assertTrue(self.preview().body)
        self.env.flush_all()
        self.assertEqual(
            [self.env[model].search_count([]) for model in counted], before
        )

    def test_next_person_and_round_again(self):
        preview = self.preview()
        seen = []
        for _step in range(4):
            seen.append(preview.res_id)
            preview.action_next()
        partners = (self.ana + self.li + self.eva).sorted("id").ids
        self.assertEqual(seen, [*partners, partners[0]])

    def test_test_mail_is_the_mail_of_the_person(self):
        test = Form(
            self.env["mailing.mailing.test"]
            .with_user(self.user_marketing)
            .with_context(default_mass_mailing_id=self.mailing.id)
        )
        self.assertEqual(test.res_id, self.ana.id)
        test.res_id = self.li.id
        test.email_to = "marketer@example.com\nno address"
        with self.mock_mail_gateway():
            test.save().send_mail_test()
        [mail] = self._mails
        self.assertEqual(mail["subject"], "[TEST] New pumps")
        self.assertIn("Hello Li", mail["body"])
        self.assertIn("Only here", mail["body"])
        self.assertIn("no address", self.mailing.message_ids[:1].body)

    def test_preview_of_a_sent_mail_is_what_was_sent(self):
        self.mailing.action_launch()
        self.deliver()
        self.li.marketing_person_id._set_preferences(
            {"preferred_lang": "en_US"}, {"source": "manual"}
        )
        body = self.mailing._prepare_mail_as_seen_by(self.li)["body_html"]
        self.assertIn("Only here", body)

    def test_previews_are_ones_own(self):
        preview = self.preview()
        with self.assertRaises(AccessError):
            preview.with_user(self.user_manager).read(["subject"])
        with self.assertRaises(AccessError):
            preview.with_user(self.user_employee).read(["subject"])


@tagged("post_install", "-at_install")
class TestContentView(ContentCase, HttpCase):
    """The page in the browser."""

    def test_page_shows_what_its_reader_got(self):
        condition = self.make_condition("Chinese", lang_ids=self.lang("zh_CN"))
        mailing = self.make_mailing(
            self.everybody,
            body_html="<p>Hello</p>"
            + self.block(condition, "Only here")
            + '<p><a href="/marketing/preferences">Choose</a></p>',
        )
        mailing.action_launch()
        self.deliver()
        # What he reads now does not change what he got then.
        self.li.marketing_person_id._set_preferences(
            {"preferred_lang": "en_US"}, {"source": "manual"}
        )
        self.env.flush_all()
        for partner, is_shown in ((self.ana, False), (self.li, True)):
            url = mailing._get_view_url(partner.email, partner.id)
            page = self.url_open(url[url.index("/mailing") :]).text
            self.assertIn("Hello", page)
            self.assertEqual("Only here" in page, is_shown)
            self.assertRegex(page, r"/marketing/preferences/[\w-]+")
        stranger = mailing._get_view_url(self.ana.email, self.ana.id)
        forged = stranger[stranger.index("/mailing") :].replace("ana%40", "li%40")
        self.assertEqual(self.url_open(forged).status_code, 401)
