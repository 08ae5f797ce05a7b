"""What a marketer learns of his mailing before anybody gets it."""

from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import Command
from odoo.tests import tagged

from .check_common import CLEAN, CheckCase


@tagged("post_install", "-at_install")
class TestCheckMailing(CheckCase):
    def test_a_clean_mail_passes(self):
        mailing = self.make_clean()
        check = self.check(mailing)
        self.assertEqual(check.finding_ids.mapped("message"), [])
        self.assertEqual((check.state, check.audience), ("done", 3))
        self.assertEqual(mailing.marketing_check_result, "passed")

    def test_versions_of_an_ab_test_are_checked_too(self):
        mailing = self.make_clean()
        test = self.env["marketing.ab.test"].create(
            {
                "mailing_id": mailing.id,
                "varies": "content",
                "arm_ids": [Command.create({}), Command.create({"body_html": CLEAN})],
            }
        )
        self.assertEqual(self.codes(self.check(mailing)), [])
        test.arm_ids[1].body_html = CLEAN.replace(
            "this is", '[NAME] <t t-out="object.city.upper()"/>'
        )
        check = self.check(mailing)
        self.assertEqual(set(self.codes(check)), {"placeholder", "render_error"})
        self.assertEqual(self.finding(check, "placeholder").variant, "Version B")

    def test_each_planted_defect_is_found(self):
        body = CLEAN.replace
        tag = '<a href="https://pumps.com/new">'
        cases = {
            "placeholder": {"body_html": body("Dear", "Dear [NAME] {{name}}")},
            "link_empty": {"body_html": body(tag, '<a href="#">')},
            "link_example": {"body_html": body(tag, '<a href="https://example.com">')},
            "missing_value": {
                "body_html": body("this is", '<t t-out="object.city"/> is')
            },
            "render_error": {
                "body_html": body("this is", '<t t-out="object.city.upper()"/> is')
            },
            "law_word": {"subject": "Our new pumps 国家级"},
            "spam_word": {"subject": "Our new pumps: act now"},
            "subject_length": {"subject": "New pumps " * 12},
            "subject_shouting": {"subject": "OUR SUPER PUMPS are here"},
            "subject_unrelated": {"subject": "Win a holiday tomorrow"},
            "preview_length": {"preview": "Pumps"},
            "size": {"body_html": CLEAN + "<p>pump pump pump</p>" * 8000},
            "image_text": {
                "body_html": '<img src="/p" alt="Pump"/>Our new pumps are here now'
            },
            "image_alt": {"body_html": body('alt="One of the new pumps"', "")},
            "text_part": {
                "body_html": '<h1>pumps</h1><img src="/p" alt="" width="9"/>'
            },
        }
        for code, values in cases.items():
            with self.subTest(code):
                check = self.check(self.make_clean(**values))
                self.assertIn(code, self.codes(check))
                finding = self.finding(check, code)[0]
                self.assertTrue(finding.message)
                self.assertTrue(finding.advice)
                self.assertTrue(finding.with_user(self.user_marketing).action_open())

    def test_a_check_that_breaks_says_so(self):
        mailing = self.make_clean(body_html=CLEAN + '<t t-out="object.city.upper()"/>')
        checks = self.env["marketing.mailing.check"]
        check = checks._check_mailing(mailing, -1)
        with (
            patch.object(type(checks), "_render_persons", side_effect=ValueError("Oh")),
            self.assertLogs("odoo.addons.email_marketing_crm", "WARNING"),
        ):
            checks._run_lane(0, 1)
        self.assertEqual((check.state, check.error), ("failed", "Oh"))

    def test_a_conflict_with_another_transaction_breaks_no_check(self):
        mailing = self.make_clean(body_html=CLEAN + '<t t-out="object.city.upper()"/>')
        checks = self.env["marketing.mailing.check"]
        check = checks._check_mailing(mailing, -1)
        with (
            patch.object(
                type(checks), "_render_persons", side_effect=SerializationFailure
            ),
            self.assertRaises(SerializationFailure),
        ):
            checks._run_lane(0, 1)
        self.assertEqual(check.state, "running")
        checks._run_lane(0, 1)
        self.assertEqual(check.state, "done")

    def test_a_user_stops_a_check(self):
        mailing = self.make_clean(body_html=CLEAN + '<t t-out="object.city.upper()"/>')
        check = self.env["marketing.mailing.check"]._check_mailing(mailing, -1)
        check.with_user(self.user_marketing).action_stop()
        self.assertEqual(check.state, "stopped")
        self.assertEqual(self.env["marketing.mailing.check"]._run_lane(0, 1), (0, 0))

    def test_the_size_is_the_one_that_leaves(self):
        """The layout around the text counts; links of the tracker are made and gone."""
        links = self.env["link.tracker"].search_count([])
        mails = self.env["mail.mail"].search_count([])
        traces = self.env["mailing.trace"].search_count([])
        self.check(self.make_clean())
        self.assertEqual(self.env["link.tracker"].search_count([]), links)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self.assertEqual(self.env["mailing.trace"].search_count([]), traces)

    def test_the_size_is_that_of_who_gets_the_most(self):
        """Not of the first person, who happens to see none of the blocks."""
        big = self.make_segment(self.chen.email, name="Big buyers")
        chinese = self.env["res.lang"]._activate_lang("zh_CN")
        conditions = self.env["marketing.content.condition"].create(
            [
                {"name": "Big", "segment_ids": [(6, 0, big.ids)]},
                {"name": "Chinese", "lang_ids": [(6, 0, chinese.ids)]},
                {
                    "name": "All others",
                    "lang_ids": [(6, 0, chinese.ids)],
                    "is_inverted": True,
                },
            ]
        )

        def fill(condition, count):
            text = "<p>pump pump pump</p>" * count
            return f'<div data-marketing-condition="{condition.id}">{text}</div>'

        buyers, readers, others = conditions
        for blocks, is_too_big in (
            (fill(buyers, 8000), True),
            (fill(readers, 3500) + fill(others, 3500), False),  # nobody gets both
            (fill(readers, 3500) + fill(others, 300) + fill(buyers, 3500), True),
        ):
            check = self.check(self.make_clean(body_html=CLEAN + blocks))
            self.assertEqual("size" in self.codes(check), is_too_big)

    def test_the_plain_text_is_that_of_who_gets_the_least(self):
        big = self.make_segment(self.ana.email, name="Big buyers")
        condition = self.env["marketing.content.condition"].create(
            {"name": "Big", "segment_ids": [(6, 0, big.ids)]}
        )
        mailing = self.make_clean(
            body_html=f'<div data-marketing-condition="{condition.id}">{CLEAN}</div>'
            "<p>New pumps</p>"
        )
        self.assertIn("text_part", self.codes(self.check(mailing)))

    def test_old_checks_are_forgotten_but_for_decisions(self):
        mailing = self.make_clean()
        old, decided, last = (self.check(mailing).sudo() for _number in range(3))
        decided.override_reason = "The board wants it"
        (old + decided + last).write({"date": "2025-01-01"})
        self.env["marketing.mailing.check"]._gc_checks()
        self.assertEqual((old + decided + last).exists(), decided + last)
