from odoo import models


class MailComposeMessage(models.TransientModel):
    """Odoo's composer, as the compose lane uses it: a batch at once."""

    _inherit = "mail.compose.message"

    @property
    def _batch_size(self):
        """Mails that are composed at once; the lane's batch is not cut any further."""
        deliveries = self.env.context.get("marketing_deliveries")
        return len(deliveries) if deliveries else super()._batch_size

    def _prepare_mail_values(self, res_ids):
        """Let each mail of ours know which delivery it is.

        Odoo copies each body into the message of the chatter. Where that is deleted
        with the mail, and was cleaned and kept for nothing, the copy is left out.
        """
        mail_values_all = super()._prepare_mail_values(res_ids)
        deliveries = self.env.context.get("marketing_deliveries")
        if deliveries:
            for res_id, mail_values in mail_values_all.items():
                mail_values["marketing_delivery_id"] = deliveries.get(res_id)
                if self.auto_delete and not self.auto_delete_keep_log:
                    mail_values["body"] = False
        return mail_values_all

    def _get_blacklist_record_ids(self, mail_values_dict, recipients_info=None):
        """Odoo reads the whole blacklist for each batch: ask about the batch alone.

        The gate asked a moment ago; here also second addresses of a contact are.
        """
        if not self.env.context.get("marketing_deliveries"):
            return super()._get_blacklist_record_ids(mail_values_dict, recipients_info)
        if not self.use_exclusion_list:
            return set()
        found = recipients_info or self._get_recipients_data(mail_values_dict)
        addresses = {
            email for info in found.values() for email in info["mail_to_normalized"]
        }
        blocked = set(
            self.env["mail.blacklist"]
            .sudo()
            .search_fetch([("email", "in", list(addresses))], ["email"])
            .mapped("email")
        )
        return {
            res_id
            for res_id, info in found.items()
            if blocked.intersection(info["mail_to_normalized"])
        }

    def _manage_mail_values(self, mail_values_all):
        """Note whom Odoo leaves out, and why: those get a trace but no mail."""
        left_out = self.env.context.get("marketing_left_out")
        if left_out is not None:
            for res_id, mail_values in mail_values_all.items():
                if mail_values.get("state") == "cancel":
                    left_out[res_id] = mail_values.get("failure_type")
        return super()._manage_mail_values(mail_values_all)
