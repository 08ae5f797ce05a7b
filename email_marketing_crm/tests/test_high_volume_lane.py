"""The high-volume lane: which mailings and senders have it."""

from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from .volume_common import VolumeCase


@tagged("post_install", "-at_install")
class TestVolumeLane(VolumeCase):
    def test_what_falls_back(self):
        attachment = self.env["ir.attachment"].create({"name": "a.txt", "raw": b"a"})
        for values, word in (
            ({"attachment_ids": [Command.set(attachment.ids)]}, "attachments"),
            ({"keep_archives": True}, "kept"),
            ({"reply_to_mode": "update"}, "Replies"),
        ):
            with self.subTest(word):
                mailing = self.make_volume_mailing(**values)
                self.assertEqual(mailing.marketing_lane, "standard")
                self.assertIn(word, mailing.marketing_lane_reason)
        self.assertEqual(self.mailing.marketing_lane, "high_volume")
        sender = self.mailing.marketing_sender_id
        self.assertEqual(sender.lane, "high_volume")
        sender.is_high_volume = False
        self.assertEqual(sender.lane, "standard")
        self.assertIn("switched off", self.mailing.marketing_lane_reason)

    def test_another_module_changes_how_mails_are_sent(self):
        sender = self.mailing.marketing_sender_id
        with patch.object(
            type(sender),
            "_get_sending_overrides",
            lambda self, *names: {"other_module": ["mail.mail.send"]},
        ):
            self.assertEqual(sender.lane, "standard")
            self.assertIn("other_module", sender.lane_reason)
            self.deliver()
        self.assertFalse(any(self.deliveries_of(self.mailing).mapped("is_high_volume")))
        self.assertCountEqual(self.smtp.addresses, self.emails_known)

    def test_no_module_of_odoo_stands_in_the_way(self):
        self.assertEqual(self.env["marketing.sender"]._get_sending_overrides(), {})
