from odoo import api, fields, models

from ..tools.mail_holes import cut_template


class MailingMailing(models.Model):
    """Which lane sends a mailing: one by one, or written once and filled in."""

    _inherit = "mailing.mailing"

    marketing_lane = fields.Selection(
        [("standard", "Standard"), ("high_volume", "High volume")],
        string="Lane",
        compute="_compute_marketing_lane",
        help="High volume: the mail is written once and filled in for each recipient. "
        "Standard: each mail is written and sent on its own, which takes longer.",
    )
    marketing_lane_reason = fields.Char(
        "Mail by Mail Because",
        compute="_compute_marketing_lane",
        help="Why all mails of this mailing, or those of some of its texts, are "
        "written and sent one by one.",
    )

    @api.depends(
        "marketing_sender_id.is_high_volume",
        "attachment_ids",
        "keep_archives",
        "reply_to_mode",
        "reply_to",
        "body_html",
        "marketing_translation_ids.body_html",
        "marketing_ab_test_ids.arm_ids.body_html",
    )
    def _compute_marketing_lane(self):
        for mailing in self:
            mailing.marketing_lane, mailing.marketing_lane_reason = mailing._get_lane()

    def _get_lane(self):
        """Its lane, and why mails go one by one: (lane, sentence or None)."""
        obstacle = self._get_volume_obstacle()
        if obstacle:
            return "standard", obstacle
        texts = self._get_cut_texts()
        whole = [name for name, is_cut in texts.items() if not is_cut]
        if not whole:
            return "high_volume", None
        if len(whole) == len(texts):
            return "standard", self.env._(
                "Its text has conditions or loops of QWeb (t-if, t-foreach …), so it "
                "is another one for each recipient. Blocks shown by condition do the "
                "same and can be written once."
            )
        return "high_volume", self.env._(
            "Only these texts, which have conditions or loops of QWeb in them: %s",
            ", ".join(whole),
        )

    def _get_volume_obstacle(self):
        """Why the mails of this mailing are sent one by one, in a sentence; or None."""
        self.ensure_one()
        sender = self.sudo().marketing_sender_id
        if not sender:
            return self.env._("The mailing has no sender.")
        obstacle = sender._get_volume_obstacle()
        if obstacle:
            return obstacle
        if self.attachment_ids:
            return self.env._("The mailing has attachments.")
        if self.keep_archives:
            return self.env._("Its mails are kept (Keep Archives).")
        if self.reply_to_mode != "new" or not self.reply_to:
            return self.env._(
                "Replies go to the contact's own page, so each mail is kept there."
            )
        if "/mail/unfollow" in (self.body_html or ""):
            return self.env._("It has a link to unfollow, which Odoo makes for each.")
        return None

    def _get_cut_texts(self):
        """`{name of a text: whether it can be written once}`, of every text."""
        return {
            text["name"] or self.env._("the mailing's own"): (
                cut_template(text["body_html"] or "") is not None
            )
            for text in self._get_checked_texts()
        }
