"""What a check counts over the whole audience, and the mail written as a trial."""

import time
from ast import literal_eval
from unittest.mock import patch

from lxml import etree

from odoo.tests import tagged

from .check_common import CLEAN, CheckCase


@tagged("post_install", "-at_install")
class TestCheckAudience(CheckCase):
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

    def test_counts_are_written_as_the_reader_writes_numbers(self):
        self.segment._include_records(self.make_crowd(1200))
        check = self.check(self.make_clean(body_html=CLEAN + "<t t-out='object.zip'/>"))
        [finding] = self.finding(check, "missing_value")
        self.assertEqual(finding.count, 1203)
        self.assertIn("1,203 of 1,203 persons have no “Zip”", finding.message)

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

    def make_condition(self, name, *partners):
        emails = [partner.email for partner in partners]
        segment = self.make_segment(*emails, name=name)
        return self.env["marketing.content.condition"].create(
            {"name": name, "segment_ids": [(6, 0, segment.ids)]}
        )

    def assert_missing(self, body, *partners):
        """Who reads nothing where the mail shows his city."""
        check = self.check(self.make_clean(body_html=CLEAN + body))
        finding = self.finding(check, "missing_value")
        self.assertEqual(finding.count, len(partners))
        if partners:
            people = self.env["res.partner"].search(finding.action_open()["domain"])
            self.assertEqual(people, self.env["res.partner"].concat(*partners))

    def test_a_value_in_several_blocks_is_missed_by_the_readers_of_each(self):
        self.partners.city = False
        first = self.make_condition("First", self.ana)
        second = self.make_condition("Second", self.chen)
        block = '<p data-marketing-condition="%d">In <t t-out="object.city"/></p>'
        self.assert_missing(block % first.id + block % second.id, self.ana, self.chen)
        self.assert_missing(block % second.id, self.chen)

    def test_a_block_in_a_block_is_read_by_who_meets_both(self):
        self.partners.city = False
        outer = self.make_condition("Outer", self.ana, self.bo)
        inner = self.make_condition("Inner", self.bo, self.chen)
        nested = (
            '<div data-marketing-condition="%d"><p data-marketing-condition="%d">'
            'In <t t-out="object.city"/></p></div>'
        )
        self.assert_missing(nested % (outer.id, inner.id), self.bo)
        nobody = self.make_condition("Nobody")
        self.assert_missing(nested % (outer.id, nobody.id))

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

    def test_what_one_person_sets_does_not_save_the_next_one(self):
        mailing = self.make_clean(
            body_html=CLEAN
            + '<t t-if="object.city" t-set="place" t-value="object.city"/>'
            + '<t t-out="place.upper()"/>'
        )
        error = self.finding(self.check(mailing), "render_error")
        people = self.env["res.partner"].search(error.action_open()["domain"])
        self.assertEqual(people, self.bo + self.chen)

    def test_the_text_is_prepared_once_whoever_it_is_written_for(self):
        """Compiling it for each of a million persons would take most of an hour."""
        mailing = self.make_clean(body_html=CLEAN + '<t t-out="object.name.upper()"/>')
        qweb = type(self.env["ir.qweb"])
        with patch.object(
            qweb, "_generate_code", autospec=True, side_effect=qweb._generate_code
        ) as compiled:
            check = self.check(mailing)
        self.assertEqual((check.state, check.rendered), ("done", 3))
        sources = [
            etree.tostring(call.args[1], encoding="unicode")
            for call in compiled.call_args_list
            if isinstance(call.args[1], etree._Element)
        ]
        self.assertEqual(len([text for text in sources if "name.upper" in text]), 1)

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

    def test_readers_of_another_language_are_counted(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.partners.lang = "en_US"
        self.chen.lang = "zh_CN"
        finding = self.finding(self.check(self.make_clean()), "language")
        self.assertEqual(finding.count, 1)
        people = self.env["res.partner"].search(finding.action_open()["domain"])
        self.assertEqual(people, self.chen)
