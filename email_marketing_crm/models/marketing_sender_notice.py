"""Who is told that a sender was braked."""

from markupsafe import Markup

from odoo import models


class MarketingSender(models.Model):
    _inherit = "marketing.sender"

    def _tell_owners(self):
        """Tell the owners of senders that were braked, with the numbers."""
        news = self.brake_ids.filtered(
            lambda brake: brake.state == "active" and not brake.is_told
        )
        news.is_told = True
        for sender in news.sender_id:
            owner = sender._get_owner()
            translated = sender.with_context(lang=owner.lang or self.env.lang)
            brakes = news.filtered(lambda brake, own=sender: brake.sender_id == own)
            reasons = dict.fromkeys(
                brakes.with_context(lang=translated.env.lang).mapped("explanation")
            )
            text = Markup("<br/>").join(reasons)
            translated.message_post(
                body=text,
                partner_ids=owner.partner_id.ids,
                subject=translated.env._("%s is braked", sender.display_name),
            )
            translated.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=translated.env._("Mails are stopped: find out why"),
                note=text,
                user_id=owner.id,
            )

    def _get_owner(self):
        """Who is told: the owner, else a manager who may open the sender."""
        self.ensure_one()
        if self.user_id.active:
            return self.user_id
        managers = self.env.ref(
            "email_marketing_crm.group_marketing_manager"
        ).all_user_ids.filtered(
            lambda user: (
                user.active
                and (not self.company_id or self.company_id in user.company_ids)
            )
        )
        return managers[:1] or self.env.user
