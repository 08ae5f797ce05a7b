from odoo import api, models
from odoo.tools import email_normalize_all

#: Records on which salespeople write to people.
SALES_MODELS = frozenset({"crm.lead", "res.partner"})
#: What a user writes himself: in the chatter, or with the composer to several records.
#: Notifications, answers by templates and mailings are of other types.
WRITTEN_TYPES = frozenset({"comment", "email_outgoing"})


class MailMail(models.Model):
    """What salespeople write by hand is an event of whom they write to.

    A salesperson's own mail is a mail that an internal user wrote on a contact or a
    lead and that leaves for somebody outside; whatever sends it comes by here. Rules
    of frequency count it by its weight.
    """

    _inherit = "mail.mail"

    @api.model_create_multi
    def create(self, vals_list):
        mails = super().create(vals_list)
        if self.env.context.get("marketing_automated"):
            return mails
        written = [
            mail
            for mail, vals in zip(mails.sudo(), vals_list, strict=True)
            if not vals.get("mailing_id")
            and mail.model in SALES_MODELS
            and mail.message_type in WRITTEN_TYPES
        ]
        if written:
            self.browse([mail.id for mail in written])._capture_sales_mails()
        return mails

    def _capture_sales_mails(self):
        """Record who gets these mails, where an employee wrote them."""
        events = []
        for mail in self.sudo():
            if not any(user._is_internal() for user in mail.author_id.user_ids):
                continue
            emails = {
                partner.email
                for partner in mail.recipient_ids
                if partner.partner_share and partner.email
            }
            emails |= set(email_normalize_all(mail.email_to or ""))
            events += [
                {
                    "type": "sales_mail",
                    "email": email,
                    "res_model": mail.model,
                    "res_id": mail.res_id,
                    "company_id": mail.record_company_id.id,
                    "data": {"title": mail.subject or "", "user": mail.author_id.name},
                    # one message leaves as several mails
                    "dedup_key": f"message:{mail.mail_message_id.id}:{email}",
                }
                for email in emails
            ]
        self.env["marketing.touchpoint"]._capture(events)
