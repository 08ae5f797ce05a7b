from odoo import models


class MailComposeMessage(models.TransientModel):
    """Mass mails that are no mailing leave out who complained or is suppressed, too.

    As Odoo's blacklist: who switches the exclusion list off writes what he must.
    """

    _inherit = "mail.compose.message"

    def _get_blacklist_record_ids(self, mail_values_dict, recipients_info=None):
        record_ids = super()._get_blacklist_record_ids(
            mail_values_dict, recipients_info
        )
        if self.composition_mode != "mass_mail" or not self.use_exclusion_list:
            return record_ids
        recipients_info = recipients_info or self._get_recipients_data(mail_values_dict)
        addresses = {
            res_id: info["mail_to_normalized"]
            for res_id, info in recipients_info.items()
        }
        emails = {email for found in addresses.values() for email in found}
        persons = self.env["marketing.person"].sudo()
        refused = self.env["marketing.suppression"].sudo()._is_suppressed(emails)
        refused |= set(
            persons.search(
                [
                    ("email_normalized", "in", list(emails)),
                    ("suppression", "in", ("complaint", "manual")),
                ]
            ).mapped("email_normalized")
        )
        return record_ids | {
            res_id for res_id, found in addresses.items() if refused.intersection(found)
        }
