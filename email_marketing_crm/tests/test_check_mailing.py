"""What a marketer learns of his mailing before anybody gets it."""

import time
from ast import literal_eval
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import NOW
from .common_delivery import DeliveryCase
from .test_tools_check_program import REPORT

#: A mail nothing can be said against.
CLEAN = """
<h1>New pumps</h1>
<p>Dear <t t-out="object.name">customer</t>,</p>
<p>this is what we have built for you and for your plants in the last year. The new
pumps are quiet and small, and they need half of the current that the old ones need.</p>
<p><a href="https://pumps.com/new">See the new pumps</a></p>
<img src="/web/image/1" alt="One of the new pumps"/>
<p><a href="/unsubscribe_from_list">Unsubscribe</a></p>
"""


class CheckCase(DeliveryCase):
    """Ana, Bo and Chen get a mailing; the company has no compliance profile."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.marketing_compliance_profile_id = False
        cls.ana, cls.bo, cls.chen = cls.partners = cls.env["res.partner"].concat(
            cls.make_partner("ana@pumps.com", "Ana", city="Berlin"),
            cls.make_partner("bo@pumps.com", "Bo"),
            cls.make_partner("chen@pumps.com", "Chen"),
        )
        cls.segment = cls.make_segment(*cls.partners.mapped("email"))

    @classmethod
    def make_clean(cls, **values):
        mailing = cls.make_mailing(
            cls.segment,
            **{
                "subject": "Our new pumps are here",
                "preview": "Quiet, small, and they need half of the current",
                "body_html": CLEAN,
                **values,
            },
        )
        mailing.sudo().marketing_sender_id.write(
            {"dns_checked_date": NOW, "dns_result": {"findings": []}}
        )
        return mailing

    def check(self, mailing, user=None, **values):
        """Check a mailing; returns the check as its user sees it."""
        action = mailing.with_user(user or self.user_marketing).action_marketing_check()
        return (
            self.env[action["res_model"]]
            .with_user(user or self.user_marketing)
            .browse(action["res_id"])
        )

    def codes(self, check):
        return check.finding_ids.mapped("code")

    def finding(self, check, code):
        return check.finding_ids.filtered(lambda finding: finding.code == code)


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

    def test_who_has_no_value_is_counted_and_shown(self):
        mailing = self.make_clean(
            body_html=CLEAN + 'in <t t-out="object.city"/> with '
            '<t t-out="object.user_id.name"/> and <t t-out="object.street">there</t>'
        )
        self.bo.city = ""
        check = self.check(mailing)
        city, seller = self.finding(check, "missing_value")
        self.assertEqual((city.count, seller.count), (2, 3))
        self.assertIn("2 of 3 persons have no “City”", city.message)
        self.assertIn("Salesperson > Name", seller.message)
        people = self.env["res.partner"].search(city.action_open()["domain"])
        self.assertEqual(people, self.bo + self.chen)

    def test_values_of_subject_and_preview_too(self):
        mailing = self.make_clean(
            subject="Pumps for {{ object.city }} and {{ object.name }}",
            preview="From {{ object.street ||| your street }} to {{ object.zip }}",
        )
        found = self.finding(self.check(mailing), "missing_value")
        self.assertEqual(
            [(finding.place, finding.count) for finding in found],
            [("subject", 2), ("preview", 3)],
        )

    def test_a_block_is_asked_about_those_who_see_it(self):
        big = self.make_segment(self.chen.email, name="Big buyers")
        condition = self.env["marketing.content.condition"].create(
            {"name": "Big", "segment_ids": [(6, 0, big.ids)]}
        )
        block = '<p data-marketing-condition="%d">%s</p>'
        mailing = self.make_clean(
            body_html=CLEAN
            + block % (condition.id, 'In <t t-out="object.city"/>: ')
            + block % (condition.id, '<t t-out="object.city.upper()"/>')
        )
        check = self.check(mailing)
        for code in ("missing_value", "render_error"):
            finding = self.finding(check, code)
            self.assertEqual(finding.count, 1)
            people = self.env["res.partner"].search(finding.action_open()["domain"])
            self.assertEqual(people, self.chen)

    def test_each_language_is_checked_for_its_readers(self):
        chinese = self.env["res.lang"]._activate_lang("zh_CN")
        self.partners.lang = "en_US"
        self.chen.lang = "zh_CN"
        self.env.flush_all()
        self.run_inbox()
        mailing = self.make_clean()
        self.env["marketing.mailing.translation"].create(
            {
                "mailing_id": mailing.id,
                "lang_id": chinese.id,
                "subject": "国家级新水泵已经上市",
                "preview": "安静、小巧，只需一半的电流，欢迎您来参观展厅",
                "body_html": '<p>尊敬的<t t-out="object.city"/>客户，我们的新水泵现在'
                "可以订购了，安静、小巧，欢迎您来我们的展厅参观。</p>",
            }
        )
        check = self.check(mailing)
        self.assertEqual(
            {finding.variant for finding in check.finding_ids}, {chinese.name}
        )
        self.assertEqual(self.finding(check, "missing_value").count, 1)
        self.assertEqual(self.finding(check, "law_word").place, "subject")
        self.assertFalse(self.finding(check, "language"))

    def test_who_the_mail_cannot_be_written_for_is_named(self):
        mailing = self.make_clean(
            body_html=CLEAN + '<t t-out="object.city.upper()"/>',
            subject="New pumps {{ 1 / (object.id - %d) }}" % self.chen.id,
        )
        check = self.check(mailing)
        errors = self.finding(check, "render_error")
        self.assertEqual(check.rendered, 3)
        people = {
            tuple(self.env["res.partner"].search(error.action_open()["domain"]).ids)
            for error in errors
        }
        self.assertEqual(people, {(self.bo.id,), (self.chen.id,)})
        self.assertIn("Bo", "".join(errors.mapped("message")))
        self.assertIn("ZeroDivisionError", "".join(errors.mapped("message")))
        self.assertEqual(set(errors.mapped("severity")), {"block"})

    def test_plain_fields_are_not_tried_because_they_cannot_fail(self):
        check = self.check(self.make_clean())
        self.assertFalse(check.is_render_needed)
        self.assertEqual(check.rendered, 0)

    def test_what_takes_longer_goes_on_in_the_worker(self):
        mailing = self.make_clean(body_html=CLEAN + '<t t-out="object.city.upper()"/>')
        checks = self.env["marketing.mailing.check"]
        audience = "odoo.addons.email_marketing_crm.models"
        with patch(f"{audience}.marketing_mailing_check_audience.RENDER_BATCH", 1):
            check = checks.with_user(self.user_marketing)._check_mailing(mailing, -1)
            self.assertEqual((check.state, check.rendered), ("running", 0))
            self.assertEqual(mailing.marketing_check_result, "running")
            self.assertEqual(checks._get_lane_backlog(0, 1)[0], 1)
            ticks = iter(range(1000))
            with patch.object(time, "perf_counter", lambda: next(ticks) * 4.0):
                checks._run_lane(0, 1)
                self.assertEqual(check.state, "running")
                seen = check.rendered
                self.assertIn(seen, (1, 2))
                for _run in range(5):
                    checks._run_lane(0, 1)
        self.assertEqual((check.state, check.rendered), ("done", 3))
        error = self.finding(check, "render_error")
        self.assertEqual(error.count, 2)
        self.assertEqual(
            literal_eval(error.people_domain), [("id", "in", (self.bo + self.chen).ids)]
        )
        self.assertEqual(checks._run_lane(0, 1), (0, 0))

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

    def test_a_user_stops_a_check(self):
        mailing = self.make_clean(body_html=CLEAN + '<t t-out="object.city.upper()"/>')
        check = self.env["marketing.mailing.check"]._check_mailing(mailing, -1)
        check.with_user(self.user_marketing).action_stop()
        self.assertEqual(check.state, "stopped")
        self.assertEqual(self.env["marketing.mailing.check"]._run_lane(0, 1), (0, 0))

    def test_readers_of_another_language_are_counted(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.partners.lang = "en_US"
        self.chen.lang = "zh_CN"
        finding = self.finding(self.check(self.make_clean()), "language")
        self.assertEqual(finding.count, 1)
        people = self.env["res.partner"].search(finding.action_open()["domain"])
        self.assertEqual(people, self.chen)

    def test_the_size_is_the_one_that_leaves(self):
        """The layout around the text counts; links of the tracker are made and gone."""
        links = self.env["link.tracker"].search_count([])
        mails = self.env["mail.mail"].search_count([])
        traces = self.env["mailing.trace"].search_count([])
        self.check(self.make_clean())
        self.assertEqual(self.env["link.tracker"].search_count([]), links)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self.assertEqual(self.env["mailing.trace"].search_count([]), traces)

    def test_serious_findings_stand_first(self):
        check = self.check(
            self.make_clean(
                subject="国家级 free gift [NAME]",
                body_html=CLEAN.replace("https://pumps.com/new", "#"),
                preview="",
            )
        )
        severities = check.finding_ids.mapped("severity")
        order = ["block", "warn", "info"]
        self.assertEqual(severities, sorted(severities, key=order.index))
        self.assertEqual(check.finding_ids[0].place, "subject")

    def test_a_company_has_a_policy_of_its_own(self):
        mailing = self.make_clean(body_html=CLEAN.replace("Dear", "Dear [NAME]"))
        policy = self.env["marketing.check.policy"].with_user(self.user_manager)
        policy.create(
            {
                "code": "placeholder",
                "level": "warn",
                "company_id": self.env.company.id,
            }
        )
        policy.create(
            {
                "code": "placeholder",
                "level": "off",
                "company_id": self.company_other.id,
            }
        ) if self.company_other in self.user_manager.company_ids else None
        check = self.check(mailing)
        self.assertEqual(self.finding(check, "placeholder").severity, "warn")
        self.env["marketing.check.policy"].search([("code", "=", "placeholder")]).write(
            {"level": "off"}
        )
        self.assertFalse(self.check(mailing).finding_ids)

    def test_what_the_domain_name_system_says(self):
        mailing = self.make_clean()
        sender = mailing.marketing_sender_id.sudo()
        sender.dns_result = {
            "findings": [
                ["spf_missing", "error", {"domain": "pumps.example.com"}],
                ["dmarc_none", "info", {"domain": "pumps.example.com"}],
            ]
        }
        found = self.finding(self.check(mailing), "sender_domain")
        self.assertEqual(found.mapped("severity"), ["warn", "info"])
        self.assertIn("has no SPF record", found[0].message)
        self.assertEqual(found[0].action_open()["res_model"], "marketing.sender")

    def test_words_are_kept_by_managers(self):
        words = self.env["marketing.check.word"]
        word = words.with_user(self.user_manager).create(
            {"word": "quiet", "language": "en", "severity": "block", "kind": "spam"}
        )
        finding = self.finding(self.check(self.make_clean()), "spam_word")
        self.assertEqual(finding.word_id, word)
        self.assertEqual(finding.severity, "warn", "the policy says: warns")
        word.exceptions = "quiet and small, Quiet， small"
        check = self.check(self.make_clean(preview="Small, and half of the current"))
        self.assertFalse(self.finding(check, "spam_word"))

    def test_the_list_of_words_finds_no_harmless_ones(self):
        mailing = self.make_clean(
            subject="最近更新: 第一次参观我们的水泵展厅",
            preview="最后一天报名, 第一时间通知您, 电子发票已开具, 欢迎大家参观展厅",
            body_html="<p>最近我们的水泵展厅开放了, 最后一天是周五。第一步: 报名参观。"
            "这是我们第一次这样做, 最初只有三台水泵。</p>",
        )
        codes = self.codes(self.check(mailing))
        self.assertNotIn("law_word", codes)
        self.assertNotIn("spam_word", codes)

    def test_what_the_law_asks_for_comes_from_the_profile(self):
        profile = self.env["marketing.compliance.profile"].create(
            {
                "name": "Strict",
                "check_consent": "ignore",
                "check_sender": "ignore",
                "check_unsubscribe": "block",
                "check_address": "warn",
            }
        )
        self.env.company.marketing_compliance_profile_id = profile
        body = CLEAN.replace("/unsubscribe_from_list", "https://pumps.com/x")
        check = self.check(self.make_clean(body_html=body))
        self.assertEqual(
            {finding.code: finding.severity for finding in check.finding_ids},
            {"legal_unsubscribe": "block", "legal_address": "warn"},
        )
        self.assertTrue(all(check.finding_ids.mapped("is_legal")))

    # ------------------------------------------------------------------
    # other programs and servers
    # ------------------------------------------------------------------

    def test_without_spamassassin_it_is_said(self):
        with patch.dict("os.environ", PATH="/nowhere"):
            check = self.check(self.make_clean())
        self.assertIn("not installed", check.spam_report)
        self.assertEqual(check.state, "done")

    def test_spamassassin_is_asked_by_the_worker(self):
        with TemporaryDirectory() as folder:
            program = Path(folder, "spamassassin")
            program.write_text(
                f"#!/bin/sh\n/bin/cat > {folder}/mail\n/bin/cat <<'E'\n{REPORT}E\n"
            )
            program.chmod(0o755)
            with patch.dict("os.environ", PATH=folder):
                check = self.check(self.make_clean())
                self.assertTrue(check.is_spam_pending)
                self.assertFalse(check.spam_report)
                self.assertFalse(Path(folder, "mail").exists())
                self.env["marketing.mailing.check"]._run_lane(0, 1)
            mail = Path(folder, "mail").read_bytes()
        self.assertIn(b"Subject: Our new pumps are here", mail)
        self.assertIn(b"multipart/alternative", mail)
        self.assertEqual((check.state, check.spam_points), ("done", 6.3))
        self.assertIn("+3.9  URIBL_BLACK", check.spam_report)
        self.assertIn("URIBL_BLACK", self.finding(check, "spamassassin").message)

    def test_links_are_followed_only_when_it_is_switched_on(self):
        mailing = self.make_clean(
            body_html=CLEAN
            + '<a href="https://pumps.com/gone">Old</a>'
            + '<a href="http://intern.pumps.com/x">Inside</a>'
        )
        check = self.check(mailing)
        self.assertFalse(check.is_link_pending)
        self.env["ir.config_parameter"].set_param(
            "email_marketing_crm.check_links", "True"
        )

        def fetch(_method, url, _address):
            return (404 if url.endswith("gone") else 200), None

        def resolve(host, _port):
            return ["10.0.0.1" if host.startswith("intern") else "93.184.216.34"]

        check = self.check(mailing)
        self.assertTrue(check.is_link_pending)
        with patch.object(
            type(check), "_get_link_tools", lambda self: (fetch, resolve)
        ):
            self.env["marketing.mailing.check"]._run_lane(0, 1)
        self.assertEqual(check.state, "done")
        gone, inside = self.finding(check, "link_dead")
        self.assertIn("pumps.com/gone (404)", gone.message)
        self.assertEqual(gone.action_open()["url"], "https://pumps.com/gone")
        self.assertIn("private address", inside.message)

    # ------------------------------------------------------------------
    # rights
    # ------------------------------------------------------------------

    def test_who_may_see_and_change_what(self):
        check = self.check(self.make_clean(subject="Win a holiday"))
        for user in (self.user_sales, self.user_employee):
            with self.assertRaises(AccessError):
                check.with_user(user).read(["state"])
            with self.assertRaises(AccessError):
                check.finding_ids.with_user(user).read(["message"])
            with self.assertRaises(AccessError):
                self.env["marketing.check.word"].with_user(user).search([])
        for user in (self.user_marketing, self.user_manager):
            with self.assertRaises(AccessError):
                check.with_user(user).write({"override_reason": "I say so"})
            with self.assertRaises(AccessError):
                check.finding_ids.with_user(user).unlink()
        policy = self.env["marketing.check.policy"].search([], limit=1)
        with self.assertRaises(AccessError):
            policy.with_user(self.user_marketing).write({"level": "off"})
        policy.with_user(self.user_manager).write({"level": "off"})

    def test_another_company_does_not_see_the_check(self):
        check = self.check(self.make_clean())
        check.sudo().company_id = self.company_other
        with self.assertRaises(AccessError):
            check.with_user(self.user_marketing).read(["state"])

    def test_old_checks_are_forgotten_but_for_decisions(self):
        mailing = self.make_clean()
        old, decided, last = (self.check(mailing).sudo() for _number in range(3))
        decided.override_reason = "The board wants it"
        (old + decided + last).write({"date": "2025-01-01"})
        self.env["marketing.mailing.check"]._gc_checks()
        self.assertEqual((old + decided + last).exists(), decided + last)
