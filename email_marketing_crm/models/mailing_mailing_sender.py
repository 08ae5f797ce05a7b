from odoo import api, fields, models
from odoo.tools.mail import email_domain_extract
from odoo.tools.misc import format_date

from .mailing_mailing import SENDING_STATES


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

    marketing_sender_state = fields.Selection(
        related="marketing_sender_id.brake_state", string="State of the Sender"
    )
    marketing_brake_text = fields.Text(related="marketing_sender_id.brake_text")
    marketing_pace_text = fields.Char(
        "Pace",
        compute="_compute_marketing_pace_text",
        compute_sudo=True,
        groups="email_marketing_crm.group_marketing_user",
        help="If nothing goes wrong on the way.",
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

    @api.depends("marketing_sender_id", "state", "marketing_segment_ids")
    @api.depends_context("lang")
    def _compute_marketing_pace_text(self):
        for mailing in self:
            sender = mailing.marketing_sender_id
            if not sender or not mailing.marketing_kind or mailing.state == "done":
                mailing.marketing_pace_text = False
            else:
                mailing.marketing_pace_text = mailing._get_pace_text(sender)

    def _get_pace_text(self, sender):
        """How many mails may leave today, and when the last of this mailing will."""
        self.ensure_one()
        if sender.brake_state == "braked":
            return self.env._("The sender is braked: nothing leaves.")
        room = sender._get_room_today()
        if room is None:
            return self.env._("No quota: mails leave as fast as the server takes them.")
        text = self.env._("Room for %s more mails today.", room)
        count, ahead = self._count_for_forecast(sender)
        forecast = count and sender._get_forecast(count, ahead)
        if not forecast:
            return text
        return self.env._(
            "%(room)s The %(count)s mails of this mailing are out on about %(date)s.",
            room=text,
            count=count,
            date=format_date(self.env, forecast[-1][0]),
        )

    def _count_for_forecast(self, sender):
        """(mails of this mailing that have not left, mails that leave before them)."""
        self.ensure_one()
        ahead = sender._count_waiting()
        if self.state in SENDING_STATES:
            return self.marketing_waiting, max(ahead - self.marketing_waiting, 0)
        return sum(self.marketing_segment_ids.mapped("member_count")), ahead
