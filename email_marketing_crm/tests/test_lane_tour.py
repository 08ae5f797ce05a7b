from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestLaneTour(HttpCase):
    """A manager chooses the lane of a sender, and reads which one a mailing takes."""

    browser_size = "1900x1200"

    def test_sender_changes_its_lane_and_back(self):
        new_test_user(
            self.env,
            "lane_manager",
            groups="email_marketing_crm.group_marketing_manager,base.group_user",
        )
        sender = self.env["marketing.sender"].create(
            {"domain": "news.lane.example.com"}
        )
        partner = self.env["res.partner"].create(
            {"name": "Ana", "email": "ana@lane.example.com"}
        )
        segment = self.env["marketing.segment"].create(
            {"name": "Lane readers", "kind": "static"}
        )
        segment._include_records(partner)
        attachment = self.env["ir.attachment"].create(
            {"name": "prices.txt", "raw": b"1", "res_model": "mailing.mailing"}
        )
        for values in (
            {"subject": "New pumps"},
            {
                "subject": "Price list",
                "attachment_ids": [Command.link(attachment.id)],
            },
            {
                "subject": "By hand",
                "body_html": "<p><t t-if='object.city'>In town?</t></p>",
            },
        ):
            mailing = self.env["mailing.mailing"].create(
                {
                    "body_html": "<p>Look</p>",
                    "mailing_model_id": self.env["ir.model"]._get_id("res.partner"),
                    "email_from": "news@news.lane.example.com",
                    "reply_to": "news@news.lane.example.com",
                    "marketing_segment_ids": [Command.set(segment.ids)],
                    **values,
                }
            )
            self.assertEqual(mailing.marketing_sender_id, sender)
        self.start_tour(
            "/odoo/marketing-senders", "marketing_sender_lane", login="lane_manager"
        )
        self.assertFalse(sender.is_high_volume)
        changes = sender.message_ids.tracking_value_ids.filtered(
            lambda value: value.field_id.name == "is_high_volume"
        )
        self.assertEqual(len(changes), 2, "Who changed the lane stays on the sender.")
