"""The law is asked about each text that somebody may get."""

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .content_common import ContentCase

UNSUBSCRIBE = '<p><a href="/unsubscribe_from_list">Unsubscribe</a></p>'
ADDRESS = "<p>Pumps Ltd, 12 Mill Lane, York</p>"
FOOTER = ADDRESS + UNSUBSCRIBE
BODY = "<p>Our new pumps are quiet.</p>"


@tagged("post_install", "-at_install")
class TestCheckLaw(ContentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        checks = cls.env["marketing.compliance.profile"]._get_checks()
        profile = cls.env["marketing.compliance.profile"].create(
            {
                "name": "Strict",
                **{f"check_{check}": "ignore" for check in checks},
                "check_unsubscribe": "block",
                "check_address": "block",
                "check_sender": "block",
                "check_label": "block",
                "labels": "广告, AD",
            }
        )
        company = cls.user_marketing.company_id
        company.name = "Pumps Ltd"
        company.marketing_compliance_profile_id = profile
        company.partner_id.write({"street": "12 Mill Lane", "city": "York"})

    def make(self, **values):
        return self.make_mailing(
            self.everybody,
            **{"subject": "AD: New pumps", "body_html": BODY + FOOTER, **values},
        )

    def make_test(self, mailing, varies, *arms):
        return self.env["marketing.ab.test"].create(
            {
                "mailing_id": mailing.id,
                "varies": varies,
                "test_percent": 100,
                "arm_ids": [Command.create(arm) for arm in arms],
            }
        )

    def assert_stopped(self, mailing, *words):
        """The form says so, the check finds it, and nobody gets it."""
        mailing.invalidate_recordset()
        for word in words:
            self.assertIn(word, mailing.marketing_blocking)
        check = self.env["marketing.mailing.check"]._check_mailing(mailing)
        self.assertTrue(check.finding_ids.filtered("is_legal"))
        with self.assertRaisesRegex(UserError, "cannot be sent"):
            mailing.with_user(self.user_marketing).action_launch()
        self.assertEqual(mailing.state, "draft")
        return check

    def test_what_is_as_the_law_wants_it_leaves(self):
        mailing = self.make()
        self.make_translation(
            mailing, "zh_CN", subject="广告：新水泵", body_html=BODY + FOOTER
        )
        self.make_test(mailing, "content", {}, {"body_html": "<p>B</p>" + FOOTER})
        self.assertFalse(mailing.marketing_blocking)
        self.assertEqual(len(self.sent(mailing)), 3)

    def test_a_translation_without_a_footer_stops_it(self):
        mailing = self.make()
        chinese = self.make_translation(mailing, "zh_CN", subject="新水泵")
        check = self.assert_stopped(
            mailing, f"{chinese.lang_id.name}: The mail has no link to unsubscribe"
        )
        self.assertEqual(
            {
                (found.code, found.variant)
                for found in check.finding_ids
                if found.is_legal
            },
            {
                (f"legal_{code}", chinese.lang_id.name)
                for code in ("unsubscribe", "address", "label")
            },
        )

    def test_a_version_without_a_footer_stops_it(self):
        mailing = self.make()
        body = BODY + ADDRESS
        self.make_test(mailing, "content", {}, {"body_arch": body, "body_html": body})
        check = self.assert_stopped(mailing, "Version B: The mail has no link")
        found = check.finding_ids.filtered("is_legal")
        self.assertEqual(found.mapped("code"), ["legal_unsubscribe"])
        self.assertEqual(found.variant, "Version B")
        self.assertEqual(found.action_open()["res_model"], "marketing.ab.arm")

    def test_a_version_without_the_label_stops_it(self):
        mailing = self.make()
        self.make_test(mailing, "subject", {}, {"subject": "New pumps"})
        self.assert_stopped(mailing, "Version B: The subject does not begin")

    def test_a_version_of_a_sender_nobody_knows_stops_it(self):
        mailing = self.make(body_html=BODY + FOOTER)
        mailing.mail_server_id = self.env["ir.mail_server"].create(
            {
                "name": "Sends for both",
                "smtp_host": "mail.example.com",
                "from_filter": "pumps.example.com, gmail.com",
            }
        )
        self.make_test(mailing, "sender", {}, {"email_from": "Bo <bo@gmail.com>"})
        self.assert_stopped(mailing, "Version B: It is not plain who sends the mail")

    def test_what_all_texts_lack_is_said_once(self):
        mailing = self.make(body_html=BODY)
        self.make_translation(mailing, "zh_CN", subject="广告", body_html="<p>好</p>")
        self.assertEqual(mailing.marketing_blocking.count("no link to unsubscribe"), 1)
        self.assertNotIn(": The mail has no link", mailing.marketing_blocking)

    def test_a_footer_that_only_some_see_stops_it(self):
        condition = self.make_condition(lang_ids=self.lang("zh_CN"))
        mailing = self.make(body_html=BODY + self.block(condition, FOOTER))
        self.assert_stopped(mailing, "only in blocks that not everybody gets")
        mailing.body_html = BODY + self.block(condition, "<p>你好</p>") + FOOTER
        self.assertFalse(mailing.marketing_blocking)

    def test_a_footer_for_some_and_one_for_the_others_is_one_for_all(self):
        chinese = self.make_condition(lang_ids=self.lang("zh_CN"))
        others = self.make_condition(
            "Others", lang_ids=self.lang("zh_CN"), is_inverted=True
        )
        body = self.block(chinese, FOOTER) + BODY
        mailing = self.make(body_html=body + self.block(others, FOOTER))
        self.assertFalse(mailing.marketing_blocking)
        mailing.body_html = body + self.block(others, ADDRESS)
        self.assert_stopped(mailing, "only in blocks that not everybody gets")

    def test_who_is_no_person_sees_no_block(self):
        """Neither of two opposite ones: their footer has to stand outside."""
        chinese = self.make_condition(lang_ids=self.lang("zh_CN"))
        others = self.make_condition(
            "Others", lang_ids=self.lang("zh_CN"), is_inverted=True
        )
        body = self.block(chinese, FOOTER) + self.block(others, FOOTER)
        mailing = self.make(
            body_html=body,
            marketing_segment_ids=False,
            mailing_model_id=self.env["ir.model"]._get_id("crm.team"),
        )
        self.assertIn("only in blocks", mailing.marketing_blocking)

    def test_a_profile_that_becomes_strict_stops_translations_on_their_way(self):
        profile = self.user_marketing.company_id.marketing_compliance_profile_id
        profile.check_unsubscribe = "ignore"
        mailing = self.make()
        self.make_translation(
            mailing, "zh_CN", subject="广告：新水泵", body_html=BODY + ADDRESS
        )
        mailing.action_launch()
        profile.check_unsubscribe = "block"
        self.env.invalidate_all()
        self.deliver()
        self.assertEqual(self.received(), [])
        self.assertEqual(
            {delivery.reason for delivery in self.deliveries_of(mailing)},
            {"noncompliant"},
        )
