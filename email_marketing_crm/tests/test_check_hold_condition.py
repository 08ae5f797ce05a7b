"""Conditions and segments of a mailing that change after it was checked."""

from odoo import Command
from odoo.tests import tagged

from .check_common import CLEAN, HoldCase


@tagged("post_install", "-at_install")
class TestCheckHoldConditions(HoldCase):
    """What decides who sees what of a mailing belongs to what was checked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.berlin = cls.env["marketing.segment"].create(
            {
                "name": "Berlin",
                "res_model": "res.partner",
                "domain": "[('city', '=', 'Berlin')]",
            }
        )

    def make_checked(self, **values):
        """A mailing on its way whose check found nothing."""
        mailing = self.make_clean(**values)
        self.check(mailing)
        mailing.action_put_in_queue()
        self.assertEqual((mailing.state, mailing.marketing_hold), ("in_queue", False))
        return mailing

    def make_condition(self, **values):
        return self.env["marketing.content.condition"].create(
            {"name": "Some", "segment_ids": [Command.set(self.berlin.ids)], **values}
        )

    def make_body(self, condition):
        return CLEAN + f'<p data-marketing-condition="{condition.id}">Near you</p>'

    def assert_looked_at_again(self, mailing):
        """It waits, is checked by itself, and leaves then."""
        mailing.invalidate_recordset()
        self.assertEqual(mailing.marketing_hold, "check")
        self.assertEqual(mailing.marketing_check_result, "stale")
        before = len(mailing.marketing_check_ids)
        self.run_checks()
        mailing.invalidate_recordset()
        self.assertEqual(len(mailing.marketing_check_ids), before + 1)
        self.assertFalse(mailing.marketing_hold)

    def test_a_condition_of_a_block(self):
        condition = self.make_condition()
        mailing = self.make_checked(body_html=self.make_body(condition))
        other = self.make_checked(subject="Our other new pumps are here")
        condition.name = "Berliners"
        mailing.invalidate_recordset()
        self.assertFalse(mailing.marketing_hold, "A name decides nothing")
        condition.is_inverted = True
        self.assertFalse(other.marketing_hold)
        self.assert_looked_at_again(mailing)
        self.berlin.domain = "[('city', '=', 'Bonn')]"
        self.assert_looked_at_again(mailing)

    def test_a_segment_of_the_mailing(self):
        mailing = self.make_checked(
            marketing_excluded_segment_ids=[Command.set(self.berlin.ids)]
        )
        inner = self.env["marketing.segment"].create(
            {
                "name": "Inner",
                "res_model": "res.partner",
                "domain": "[('name', '=', 'Bo')]",
            }
        )
        self.env["marketing.segment.link"].create(
            {"segment_id": self.berlin.id, "other_id": inner.id, "kind": "include"}
        )
        self.assert_looked_at_again(mailing)
        inner.domain = "[('name', '=', 'Chen')]"
        self.assert_looked_at_again(mailing)
        inner.name = "Inmost"
        mailing.invalidate_recordset()
        self.assertFalse(mailing.marketing_hold)

    def test_a_draft_says_that_it_was_checked_before(self):
        condition = self.make_condition()
        mailing = self.make_clean(body_html=self.make_body(condition))
        self.check(mailing)
        self.assertNotEqual(mailing.marketing_check_result, "stale")
        self.berlin.domain = "[('city', '=', 'Bonn')]"
        mailing.invalidate_recordset()
        self.assertEqual(mailing.marketing_check_result, "stale")
        self.assertFalse(mailing.marketing_hold, "A draft waits for its user")
