from odoo import api, fields, models
from odoo.tools.mail import email_domain_extract


class MailingMailing(models.Model):
    """Which sender a mailing counts for: its mail server and From domain."""

    _inherit = "mailing.mailing"

    marketing_sender_id = fields.Many2one(
        "marketing.sender",
        "Sender Domain",
        compute="_compute_marketing_sender_id",
        store=True,
        index="btree_not_null",
        ondelete="set null",
        groups="email_marketing_crm.group_marketing_user",
        help="The mail server and From domain; its quotas, warm-up and brakes decide "
        "how fast the mailing leaves.",
    )

    @api.depends("mail_server_id", "email_from", "mailing_type", "user_id")
    def _compute_marketing_sender_id(self):
        """The sender there is, or a new one for a mailing that is saved."""
        keys = {
            mailing: mailing._get_sender_key()
            for mailing in self
            if mailing.mailing_type == "mail"
        }
        senders = self.env["marketing.sender"].sudo()
        drafts = {key for mailing, key in keys.items() if key and not mailing._origin}
        saved = {key for mailing, key in keys.items() if key and mailing._origin}
        found = senders._find(drafts - saved) | senders._get_or_create(saved)
        for mailing in self:
            mailing.marketing_sender_id = found.get(keys.get(mailing), False)

    def _get_sender_key(self):
        """(mail server, From domain, company), or None without a usable address."""
        self.ensure_one()
        domain = email_domain_extract(self.email_from or "")
        if not domain:
            return None
        mailing = self.sudo()
        company = mailing.user_id.company_id or self.env.company
        return mailing.mail_server_id._origin.id, domain.lower(), company.id
