from odoo import fields, models


class MailComposeMessage(models.TransientModel):
    """Mailings that leave by Odoo's own queue have variants too.

    The lanes split before they compose. Odoo's queue hands a batch to the composer,
    which is split here: the composer takes the content of a part for as long as it
    writes that part's mails.
    """

    _inherit = "mail.compose.message"

    marketing_variant = fields.Json("Variant")

    def _prepare_mail_values(self, res_ids):
        mailing = self.mass_mailing_id
        if (
            not mailing
            or self.composition_mode != "mass_mail"
            or self.env.context.get("marketing_deliveries")
            or self.env.context.get("marketing_is_split")
        ):
            return super()._prepare_mail_values(res_ids)
        parts = mailing._split_by_content(dict.fromkeys(res_ids))
        if [content for content, _part in parts] == [{}]:
            return super()._prepare_mail_values(res_ids)
        values = {}
        for content, part in parts:
            composer = self.with_context(marketing_is_split=True)
            before = {name: composer[name] for name in content}
            composer.write(content)
            values |= composer._prepare_mail_values(list(part))
            composer.write(
                {
                    name: composer._fields[name].convert_to_write(value, composer)
                    for name, value in before.items()
                }
            )
        return {res_id: values[res_id] for res_id in res_ids if res_id in values}
