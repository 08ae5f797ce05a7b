from odoo import models


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    def _prepare_mail_values(self, res_ids):
        """Let each mail of ours know which delivery it is."""
        mail_values_all = super()._prepare_mail_values(res_ids)
        deliveries = self.env.context.get("marketing_deliveries")
        if deliveries:
            for res_id, mail_values in mail_values_all.items():
                mail_values["marketing_delivery_id"] = deliveries.get(res_id)
        return mail_values_all

    def _manage_mail_values(self, mail_values_all):
        """Note whom Odoo leaves out, and why: those get a trace but no mail."""
        left_out = self.env.context.get("marketing_left_out")
        if left_out is not None:
            for res_id, mail_values in mail_values_all.items():
                if mail_values.get("state") == "cancel":
                    left_out[res_id] = mail_values.get("failure_type")
        return super()._manage_mail_values(mail_values_all)
