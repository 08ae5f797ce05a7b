"""The high-volume lane: the mailing tells why its mails went one by one."""

import itertools
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import marketing_delivery_high_volume, marketing_mailing_fallback
from ..models.marketing_delivery_letter import Letter
from ..models.marketing_delivery_writer import MailWriter
from .volume_common import BODY, LOGGER, VolumeCase


@tagged("post_install", "-at_install")
class TestVolumeTold(VolumeCase):
    def rows(self):
        return self.env["marketing.mailing.fallback"].search(
            [("mailing_id", "=", self.mailing.id)]
        )

    def told(self, user=None):
        return self.mailing.with_user(
            user or self.user_marketing
        ).marketing_fallback_text

    def deliver_in_two_batches(self):
        with patch.object(marketing_delivery_high_volume, "VOLUME_BATCH", 10):
            self.deliver()
        self.assertCountEqual(self.smtp.addresses, self.emails_known)

    def test_nothing_to_tell(self):
        self.deliver()
        self.assertTrue(all(self.deliveries_of(self.mailing).mapped("is_high_volume")))
        self.assertFalse(self.rows())
        self.assertFalse(self.told())

    def test_a_mail_that_changes_while_it_is_written(self):
        numbers = itertools.count()
        with patch.object(Letter, "normalize", lambda _self, _mail: next(numbers)):
            self.deliver_in_two_batches()
        self.assertFalse(any(self.deliveries_of(self.mailing).mapped("is_high_volume")))
        self.assertEqual(self.rows().mapped("cause"), ["differs"], "once, not twice")
        self.assertIn("changes while they are written", self.told())

    def test_an_error_says_which(self):
        def fail(*_args):
            raise ValueError("no such font")

        with patch.object(MailWriter, "write_skeleton", fail), mute_logger(LOGGER):
            self.deliver_in_two_batches()
        self.assertEqual(self.rows().mapped("cause"), ["error"])
        self.assertIn("no such font", self.told())

    def test_values_with_formatting(self):
        self.partners.comment = "<p>Loves <b>pumps</b></p>"
        self.mailing.body_html = BODY.format(text='<t t-out="object.comment"/>')
        self.deliver_in_two_batches()
        self.assertEqual(self.rows().mapped("cause"), ["formatted"])
        self.assertIn("a plain field instead", self.told())

    def test_no_two_persons_alike(self):
        self.mailing.reply_to = "{{ object.email }}"
        self.deliver_in_two_batches()
        self.assertEqual(self.rows().mapped("cause"), ["small"])
        self.assertIn("Fewer than ten", self.told())

    def test_one_awkward_name_is_no_news(self):
        self.partners[3].name = "<b>Eve</b> = 1"
        self.deliver()
        self.assertFalse(self.rows())

    def test_what_the_lane_says_before_is_not_said_again(self):
        self.mailing.body_html = "<p t-if='object.city'>Hello</p>"
        self.assertTrue(self.mailing.marketing_lane_reason)
        self.deliver()
        self.assertFalse(self.rows())

    def test_two_causes_and_who_reads_them(self):
        fallbacks = self.env["marketing.mailing.fallback"]
        for _batch in range(3):
            fallbacks._note(self.mailing, "small")
            fallbacks._note(self.mailing, "error", "first\nsecond line")
        first, second = self.told().split("\n")
        self.assertIn("Fewer than ten", first)
        self.assertIn("failed: first second line.", second)
        for user in (self.user_marketing, self.user_sales, self.user_employee):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.rows().with_user(user).read(["cause"])
        self.mailing.unlink()
        self.assertFalse(self.rows())

    def test_a_row_that_another_lane_writes_keeps_no_mail_back(self):
        """It has the lock: this lane goes on, and looks again with its next batch."""
        fallbacks = self.env["marketing.mailing.fallback"]
        with self.registry.cursor() as other:
            other.execute(
                "SELECT pg_advisory_xact_lock(%s, %s)",
                [marketing_mailing_fallback.LOCK_CLASS, self.mailing.id],
            )
            fallbacks._note(self.mailing, "small")
            self.assertFalse(self.rows())
            other.rollback()
        fallbacks._note(self.mailing, "small")
        self.assertTrue(self.rows())
