from odoo import api, models


class MailNotification(models.Model):
    _inherit = "mail.notification"

    @api.model
    def search(self, domain, *args, **kwargs):
        """Mails of the lane were looked through at once and have no notifications.

        Odoo's sending asks again for each of them; mails of mailings have traces.
        """
        if self.env.context.get("marketing_without_notifications"):
            return self.browse()
        return super().search(domain, *args, **kwargs)
