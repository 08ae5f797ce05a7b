"""How serious a finding is, by policy, words and law; and who may see and change it."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .check_common import CLEAN, CheckCase


@tagged("post_install", "-at_install")
class TestCheckPolicy(CheckCase):
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

    def test_words_and_policies_of_another_company_are_not_seen(self):
        other = {"company_id": self.company_other.id}
        word = self.env["marketing.check.word"].create({"word": "quiet"} | other)
        policy = self.env["marketing.check.policy"].create(
            {"code": "placeholder", "level": "off"} | other
        )
        for record in (word, policy):
            for user in (self.user_marketing, self.user_manager):
                with self.assertRaises(AccessError):
                    record.with_user(user).read(["company_id"])
        check = self.check(self.make_clean(preview="[NAME]: " + "quiet pumps " * 4))
        self.assertEqual(self.finding(check, "placeholder").severity, "block")
        self.assertFalse(self.finding(check, "spam_word"))

    def test_another_company_does_not_see_the_check(self):
        check = self.check(self.make_clean())
        check.sudo().company_id = self.company_other
        with self.assertRaises(AccessError):
            check.with_user(self.user_marketing).read(["state"])
