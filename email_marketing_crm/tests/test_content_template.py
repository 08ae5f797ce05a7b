from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .content_common import ContentCase


@tagged("post_install", "-at_install")
class TestContentTemplate(ContentCase):
    """Mails to begin with."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = cls.env.company
        company.name = "Rivers Pumps"
        company.website = "https://rivers.example"
        company.partner_id.write(
            {"street": "12 Harbour Street", "city": "Basel", "zip": "4051"}
        )
        cls.templates = cls.env["marketing.mail.template"]

    def template(self, key="newsletter", lang="en_US"):
        return self.templates.search(
            [("key", "=", key), ("lang_id.code", "=", lang), ("is_library", "=", True)]
        )

    def make_from(self, template, model="res.partner", **values):
        return self.env["mailing.mailing"].create(
            {
                **template.get_mailing_values(model),
                "mailing_model_id": self.env["ir.model"]._get(model).id,
                "email_from": "Pumps Ltd <news@pumps.example.com>",
                "user_id": self.user_marketing.id,
                **values,
            }
        )

    def test_choices(self):
        choices = self.templates.with_user(self.user_marketing).get_choices()
        self.assertEqual(choices["lang"], "en_US")
        self.assertLessEqual(
            {"en_US", "zh_CN"}, {lang["code"] for lang in choices["langs"]}
        )
        kinds = {template["kind"] for template in choices["templates"]}
        self.assertIn("Newsletter", kinds)
        newsletter = next(
            template
            for template in choices["templates"]
            if template["kind"] == "Newsletter"
        )
        self.assertIn("12 Harbour Street", newsletter["html"])
        chinese = self.templates.get_choices("zh_CN")
        self.assertIn("月度通讯", [mail["name"] for mail in chinese["templates"]])

    def test_every_template_can_be_sent_by_a_marketer(self):
        """Marketers without the right to edit any template use all of ours."""
        marketer = self.user_marketing
        self.assertFalse(marketer.has_group("mail.group_mail_template_editor"))
        lead = self.make_lead("ana@example.com", contact_name="Ana Pereira")
        contact = self.make_contact("ana@example.com")
        library = self.templates.search([("is_library", "=", True)])
        self.assertEqual(len(library), 30)
        for template in library:
            for record in (self.ana, lead, contact):
                with self.subTest(template=template.display_name, model=record._name):
                    mailing = self.make_from(template.with_user(marketer), record._name)
                    mail = mailing.with_user(marketer)._prepare_mail_as_seen_by(
                        record.with_user(marketer)
                    )
                    body = str(mail["body_html"])
                    self.assertIn("Ana", body)
                    self.assertNotIn("t-out", body)
                    self.assertNotIn("{{", mail["subject"])
                    self.assertNotIn("Interested in pumps", body)
                    self.assertIn("Rivers Pumps", body)
                    self.assertIn("12 Harbour Street", body)
                    self.assertLess(len(body.encode()), 102 * 1024)
                    texts = mailing._get_legal_texts()
                    for check in ("address", "unsubscribe"):
                        [(_text, problem)] = mailing._find_in_texts(check, None, texts)
                        self.assertFalse(problem)

    def test_the_footer_shows_logo_and_pages_of_the_company(self):
        company = self.env.company
        networks = ("facebook", "linkedin", "twitter", "instagram", "youtube")
        networks += ("tiktok", "github", "discord")
        company.write({f"social_{network}": False for network in networks})
        company.social_linkedin = "https://www.linkedin.com/company/rivers"
        company.social_youtube = "youtube.com/@rivers"
        for lang in ("en_US", "zh_CN"):
            self.template("welcome", lang).action_restore()
            mailing = self.make_from(self.template("welcome", lang))
            for body in (mailing.body_arch, mailing.body_html):
                self.assertIn('href="https://www.linkedin.com/company/rivers"', body)
                self.assertIn('href="https://youtube.com/@rivers"', body)
                self.assertNotIn("Facebook", body)
                footer = str(body)[body.index("YouTube") - 2000 :]
                self.assertIn(f"/logo.png?company={company.id}", footer)
                for link in ("/unsubscribe_from_list", "/marketing/preferences"):
                    self.assertIn(link, footer)
        company.write({"social_linkedin": False, "social_youtube": False})
        mailing = self.make_from(self.template("welcome"))
        self.assertNotIn("LinkedIn", mailing.body_html)
        self.assertIn("12 Harbour Street", mailing.body_html)

    def test_fallback_where_nobody_knows_the_name(self):
        lead = self.make_lead("unknown@example.com")
        mailing = self.make_from(self.template(), "crm.lead")
        mail = mailing._prepare_mail_as_seen_by(lead)
        self.assertIn("Hello there", mail["body_html"])

    def test_records_without_a_person_are_greeted_too(self):
        template = self.template()
        values = template.get_mailing_values("res.country")
        self.assertIn("object.name", values["body_arch"])
        self.assertNotIn("object.marketing_name", values["body_html"])

    def test_mail_reaches_its_reader(self):
        """Chosen, sent, received: the links are those of the person."""
        mailing = self.make_from(
            self.template("welcome"),
            marketing_segment_ids=[(6, 0, self.everybody.ids)],
        )
        mail = self.sent(mailing)["ana@example.com"]
        self.assertEqual(mail["subject"], "Welcome, Ana")
        self.assertIn("/confirm_unsubscribe?", mail["body"])
        self.assertRegex(mail["body"], r"/marketing/preferences/[\w-]+")
        self.assertIn("/view?", mail["body"])

    def test_translation_is_offered_by_the_template(self):
        mailing = self.make_from(self.template("birthday"))
        self.env["res.lang"].search([("code", "=", "de_DE")]).active = True
        values = (
            self.env["marketing.mailing.translation"]
            .with_context(default_mailing_id=mailing.id)
            .default_get(["mailing_id", "lang_id", "subject", "body_arch", "body_html"])
        )
        self.assertEqual(values["lang_id"], self.lang("zh_CN").id)
        self.assertIn("生日快乐", values["subject"])
        self.assertIn("生日快乐", values["body_html"])

    def test_mailing_becomes_a_template(self):
        mailing = self.make_mailing(self.everybody).with_user(self.user_marketing)
        action = mailing.action_save_as_template()
        template = self.templates.browse(action["res_id"])
        self.assertEqual(template.subject, "New pumps")
        self.assertFalse(template.is_library)
        names = [mail["name"] for mail in self.templates.get_choices()["templates"]]
        self.assertIn("New pumps", names)

    def test_library_is_put_back(self):
        template = self.template()
        template.action_restore()
        before = template.body_html
        template.with_user(self.user_marketing).write(
            {"subject": "Ours", "body_html": "<p>Ours</p>"}
        )
        self.templates._load_library()
        self.assertEqual(template.subject, "Ours")
        template.action_restore()
        self.assertEqual(template.body_html, before)

    def test_new_mailing_from_the_list(self):
        action = self.template().with_user(self.user_marketing).action_use()
        mailing = self.env["mailing.mailing"].browse(action["res_id"])
        self.assertEqual(mailing.subject, "What we learned this month")

    def test_who_has_no_address_is_told_what_to_do(self):
        self.user_marketing.email = False
        template = self.template().with_user(self.user_marketing)
        with self.assertRaisesRegex(UserError, "preferences"):
            template.action_use()
        self.user_marketing.email = "marketer@example.com"
        mailing = self.env["mailing.mailing"].browse(template.action_use()["res_id"])
        self.assertIn("marketer@example.com", mailing.email_from)

    def test_a_mail_server_with_an_address_is_sender_enough(self):
        """As in Odoo's own form: the server's address takes the place of the user's."""
        self.env["ir.config_parameter"].set_param(
            "mass_mailing.mail_server_id",
            self.env["ir.mail_server"]
            .create(
                {
                    "name": "News",
                    "smtp_host": "smtp.example.com",
                    "from_filter": "news@example.com",
                }
            )
            .id,
        )
        self.env.company.alias_domain_id = self.env["mail.alias.domain"].create(
            {"name": "example.com", "default_from": "news"}
        )
        self.user_marketing.email = False
        action = self.template().with_user(self.user_marketing).action_use()
        mailing = self.env["mailing.mailing"].browse(action["res_id"])
        self.assertEqual(mailing.email_from, "news@example.com")

    def test_rights(self):
        template = self.template()
        mailer = new_test_user(
            self.env, "mailer", groups="mass_mailing.group_mass_mailing_user"
        )
        self.assertTrue(self.templates.with_user(mailer).get_choices()["templates"])
        with self.assertRaises(AccessError):
            template.with_user(mailer).subject = "x"
        with self.assertRaises(AccessError):
            template.with_user(self.user_employee).read(["subject"])

    def test_step_of_a_journey_begins_with_a_template(self):
        """A mailing of a journey takes a template as any other does."""
        mailing = self.make_from(self.template("anniversary"), marketing_kind="journey")
        person = self.ana.marketing_person_id
        self.env["marketing.delivery"]._plan(mailing, [(person.id, self.ana.id, 1)])
        self.deliver()
        self.assertEqual(self._mails[0]["subject"], "A year together, thank you")
        self.assertIn("Dear Ana", self._mails[0]["body"])
