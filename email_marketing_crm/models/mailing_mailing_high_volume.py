from odoo import api, fields, models


class MailingMailing(models.Model):
    """Which lane sends a mailing: one by one, or written once and filled in."""

    _inherit = "mailing.mailing"

    marketing_lane = fields.Selection(
        [("standard", "Standard"), ("high_volume", "High volume")],
        string="Lane",
        compute="_compute_marketing_lane",
    )
    marketing_lane_reason = fields.Char(
        "Reason of the Lane", compute="_compute_marketing_lane"
    )

    @api.depends(
        "marketing_sender_id.is_high_volume",
        "attachment_ids",
        "keep_archives",
        "reply_to_mode",
        "reply_to",
        "body_html",
    )
    def _compute_marketing_lane(self):
        for mailing in self:
            obstacle = mailing._get_volume_obstacle()
            mailing.marketing_lane = "standard" if obstacle else "high_volume"
            mailing.marketing_lane_reason = obstacle

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
            return self.env._("Its mails are kept.")
        if self.reply_to_mode != "new" or not self.reply_to:
            return self.env._(
                "Replies go to the contact's own page, so each mail is kept there."
            )
        if "/mail/unfollow" in (self.body_html or ""):
            return self.env._("It has a link to unfollow, which Odoo makes for each.")
        return None
