from collections import Counter

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.mail import email_domain_extract
from odoo.tools.misc import format_date

from ..tools.sender_pace import scale_up
from .mailing_mailing import SENDING_STATES
from .number_format import format_number

#: Addresses that tell how the mails of a mailing spread over providers.
SAMPLE = 5000


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

    @api.depends(
        "mail_server_id", "email_from", "mailing_type", "user_id", "marketing_topic_id"
    )
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
        company = mailing._get_compliance_company()
        return mailing.mail_server_id._origin.id, domain.lower(), company.id

    @api.depends("marketing_sender_id", "state", "marketing_segment_ids")
    @api.depends_context("lang")
    def _compute_marketing_pace_text(self):
        for mailing in self:
            sender = mailing.marketing_sender_id
            if not sender:
                mailing.marketing_pace_text = False
            elif not mailing.marketing_kind:
                mailing.marketing_pace_text = mailing._get_standard_text(sender)
            elif mailing.state == "done":
                mailing.marketing_pace_text = False
            else:
                mailing.marketing_pace_text = mailing._get_pace_text(sender)

    def _get_standard_text(self, sender):
        """How the sender paces a mailing without a plan, which Odoo's queue sends."""
        self.ensure_one()
        limited, _braked = sender._get_limited()
        if not limited:
            return False
        waiting = sum(
            sender._count_standard(
                SQL(
                    "mail.marketing_released_date IS NULL AND mailing.id = %s",
                    self._origin.id or 0,
                )
            ).values()
        )
        if waiting:
            return self.env._(
                "%s mails wait in Odoo's mail queue until the sender has room.",
                format_number(self.env, waiting, 0),
            )
        if self.state == "done":
            return False
        return self.env._(
            "A mailing without segments leaves by Odoo's mail queue: it keeps to the "
            "quota of the sender, but neither the most engaged first nor to an hour. "
            "Choose segments for a mailing that does."
        )

    def _get_pace_text(self, sender):
        """How many mails may leave today, and when the last of this mailing will."""
        self.ensure_one()
        if sender.brake_state == "braked":
            return self.env._("The sender is braked: nothing leaves.")
        room = sender._get_room_today()
        pace = sender._get_pace()
        if room is not None:
            text = self.env._(
                "Room for %s more mails today.", format_number(self.env, room, 0)
            )
        elif pace.is_free:
            return self.env._("No quota: mails leave as fast as the server takes them.")
        else:
            text = self.env._("Some providers take so many mails an hour only.")
        counts = self._count_for_forecast(pace)
        forecast = sum(counts.values()) and sender._get_forecast(
            counts, sender._get_waiting(but=self)
        )
        if not forecast:
            return text
        return self.env._(
            "%(room)s The %(count)s mails of this mailing are out on about %(date)s.",
            room=text,
            count=format_number(self.env, sum(counts.values()), 0),
            date=format_date(self.env, forecast[-1][0]),
        )

    def _count_for_forecast(self, pace):
        """`{provider: mails}` of this mailing that have not left.

        Where providers have limits, by the domains of the first of them.
        """
        self.ensure_one()
        if self.state in SENDING_STATES:
            count = self.marketing_waiting
            first = SQL(
                "SELECT email FROM marketing_delivery WHERE mailing_id = %s"
                " AND state IN ('planned', 'composed', 'sending') LIMIT %s",
                self.id,
                SAMPLE,
            )
        else:
            segments = self.marketing_segment_ids
            count = sum(segments.mapped("member_count"))
            first = SQL(
                "SELECT person.email_normalized AS email"
                "  FROM marketing_segment_member member"
                "  JOIN marketing_person person ON person.id = member.person_id"
                " WHERE member.segment_id = ANY(%s) AND member.state = 'member'"
                " LIMIT %s",
                segments._origin.ids,
                SAMPLE,
            )
        if not (pace.providers or pace.braked):
            return {"other": count}
        domains = dict(
            self.env.execute_query(
                SQL(
                    "SELECT split_part(email, '@', 2), count(*) FROM (%s) first"
                    " WHERE email IS NOT NULL GROUP BY 1",
                    first,
                )
            )
        )
        known = self.env["marketing.email.domain"]._get_providers(list(domains))
        shares = Counter()
        for domain, number in domains.items():
            shares[known[domain]] += number
        return scale_up(shares, count)
