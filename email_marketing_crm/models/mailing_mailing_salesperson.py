from odoo import api, fields, models
from odoo.tools import SQL, email_domain_extract, formataddr

from ..tools.mail_blocks import fill_sender, has_sender_parts


class MailingMailing(models.Model):
    """Who the mail is from: one sender for all, or the salesperson of each recipient.

    A salesperson sends only from an address that the mail server may send for: one of
    another domain would fail the checks of the receiving side and cost the reputation
    of the mailing's own domain. Who has none, or no salesperson, gets the mail from the
    mailing's sender, and `variant` of his delivery says why.
    """

    _inherit = "mailing.mailing"

    marketing_sender_kind = fields.Selection(
        [
            ("fixed", "The sender above"),
            ("salesperson", "Each recipient's salesperson"),
            ("owner", "The responsible of the campaign"),
        ],
        string="Sent By",
        required=True,
        default="fixed",
        help="Salesperson: of the contact or lead, else of another record of the "
        "person. Who has none gets the mail from the sender above.",
    )
    marketing_sender_problem = fields.Text(
        "Cannot Send", compute="_compute_marketing_sender_problem", compute_sudo=True
    )

    @api.depends("marketing_sender_kind", "email_from", "mail_server_id", "campaign_id")
    def _compute_marketing_sender_problem(self):
        for mailing in self:
            users = self.env["res.users"]
            if mailing.marketing_sender_kind == "salesperson":
                users = mailing._get_salespeople()
            elif mailing.marketing_sender_kind == "owner":
                users = mailing._get_owner()
            refused = users.filtered(mailing._get_sender_refusal)
            if refused and mailing.marketing_sender_kind == "salesperson":
                refused = mailing._filter_in_charge(refused)
            domains = ", ".join(sorted(mailing._get_sender_domains()))
            mailing.marketing_sender_problem = (
                self.env._(
                    "%(names)s: no address in %(domains)s, so their contacts get the "
                    "mail from the sender above. Give them such an address, or let the "
                    "mail server send for their domain.",
                    names=", ".join(refused.mapped("name")),
                    domains=domains or "…",
                )
                if refused
                else False
            )

    # ------------------------------------------------------------------
    # SPLIT
    # ------------------------------------------------------------------

    def _split_by_content(self, deliveries):
        parts = super()._split_by_content(deliveries)
        if self.marketing_sender_kind == "fixed":
            return [(self._add_places(content), part) for content, part in parts]
        senders = self._get_senders(deliveries)
        return [
            split
            for content, part in parts
            for split in self._split_by_sender(content, part, senders)
        ]

    def _split_by_sender(self, content, part, senders):
        """A part, split by sender; one that has its own, in an A/B test, keeps it."""
        if "email_from" in content:
            return [(self._add_places(content), part)]
        groups = {}
        for res_id, delivery_id in part.items():
            key = senders.get(res_id, (False, "nobody"))
            groups.setdefault(key, {})[res_id] = delivery_id
        return [
            (self._add_sender(content, *key), group) for key, group in groups.items()
        ]

    def _add_places(self, content):
        """Content whose places for the sender tell of the mailing's responsible."""
        if not has_sender_parts(self._get_body(content)):
            return content
        return self._fill_places(content, self.sudo().user_id)

    def _add_sender(self, content, user_id, problem=None):
        """Content that comes from a user; from the mailing's sender without one."""
        if not user_id:
            content = self._add_variant(content, sender_problem=problem)
            return self._add_places(content)
        user = self.env["res.users"].sudo().browse(user_id)
        address = self._get_sender_address(user)
        content = self._add_variant(content, sender=user_id) | {
            "author_id": user.partner_id.id,
            "email_from": address,
        }
        if self.reply_to_mode == "new":
            content["reply_to"] = address
        return self._fill_places(content, user)

    def _fill_places(self, content, user):
        body = self._get_body(content)
        if not has_sender_parts(body):
            return content
        return content | {"body": fill_sender(body, self._get_sender_parts(user))}

    def _get_variant_content(self, variant):
        content = super()._get_variant_content(variant)
        sender = (variant or {}).get("sender")
        if sender and self.env["res.users"].sudo().browse(sender).exists():
            return self._add_sender(content, sender)
        return self._add_places(content)

    # ------------------------------------------------------------------
    # SENDERS
    # ------------------------------------------------------------------

    def _get_senders(self, deliveries):
        """Who sends to each record: `{record id: (user id, None) or (False, why)}`."""
        self.ensure_one()
        if self.marketing_sender_kind == "owner":
            found = dict.fromkeys(deliveries, self._get_owner().id)
        else:
            found = self._find_salespeople(deliveries)
        users = self.env["res.users"].sudo().browse({*found.values()} - {False, None})
        refusals = {user.id: self._get_sender_refusal(user) for user in users}
        senders = {}
        for res_id in deliveries:
            user_id = found.get(res_id)
            problem = refusals[user_id] if user_id else "nobody"
            senders[res_id] = (False, problem) if problem else (user_id, None)
        return senders

    def _find_salespeople(self, deliveries):
        """`{record id: user id}`: of the record, else of another of the person's."""
        records = self.env[self.mailing_model_real].sudo().browse(deliveries).exists()
        found = {}
        if getattr(records._fields.get("user_id"), "comodel_name", "") == "res.users":
            found = {
                record.id: record.user_id.id for record in records if record.user_id
            }
        missing = {
            res_id: person_id
            for res_id, person_id in self._get_content_persons(
                {key: value for key, value in deliveries.items() if key not in found}
            ).items()
        }
        if missing:
            known = self._find_person_salespeople(set(missing.values()))
            found |= {
                res_id: known[person_id]
                for res_id, person_id in missing.items()
                if person_id in known
            }
        return found

    def _find_person_salespeople(self, person_ids):
        """`{person id: user id}`: of his contact, else of his latest lead."""
        self.env.flush_all()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ON (person_id) person_id, user_id
                      FROM (SELECT marketing_person_id AS person_id, user_id,
                                   1 AS place, id
                              FROM res_partner
                             WHERE marketing_person_id = ANY(%(ids)s)
                               AND user_id IS NOT NULL AND active
                             UNION ALL
                            SELECT marketing_person_id, user_id, 2, -id
                              FROM crm_lead
                             WHERE marketing_person_id = ANY(%(ids)s)
                               AND user_id IS NOT NULL AND active) found
                     ORDER BY person_id, place, id
                    """,
                    ids=list(person_ids),
                )
            )
        )

    def _get_salespeople(self):
        """Users who may be the salesperson of a contact or lead."""
        group = self.env.ref("sales_team.group_sale_salesman")
        return self.env["res.users"].search(
            [("all_group_ids", "in", group.ids), ("share", "=", False)]
        )

    def _filter_in_charge(self, users):
        """Those of these users whom contacts or leads are assigned to."""
        rows = self.env.execute_query(
            SQL(
                "SELECT user_id FROM crm_lead WHERE user_id = ANY(%(ids)s) AND active"
                " UNION SELECT user_id FROM res_partner"
                " WHERE user_id = ANY(%(ids)s) AND active",
                ids=users.ids,
            )
        )
        return self.env["res.users"].browse(sorted(user_id for (user_id,) in rows))

    def _get_owner(self):
        """Who is responsible for the campaign, else for the mailing."""
        mailing = self.sudo()
        return mailing.campaign_id.user_id or mailing.user_id

    def _get_sender_domains(self):
        """Domains that mails of this mailing may come from.

        The one of its sender, and those its mail server is set up to send for.
        """
        self.ensure_one()
        mailing = self.sudo()
        domains = {email_domain_extract(mailing.email_from)}
        for part in (mailing.mail_server_id.from_filter or "").split(","):
            name = part.strip().lower()
            if name and "@" not in name:
                domains.add(name)
        return domains - {False, "", None}

    def _get_sender_refusal(self, user):
        """Why a user cannot be the sender: a code, or None."""
        if not user.active or user.share:
            return "left"
        domain = email_domain_extract(user.email or "")
        if not domain:
            return "no_address"
        if domain.lower() not in self._get_sender_domains():
            return "foreign_domain"
        return None

    def _get_sender_address(self, user):
        """The address as it stands in the mail; a name is never a template."""
        name = (user.name or "").replace("{{", "").replace("}}", "")
        return formataddr((name, user.email_normalized or user.email))

    def _get_sender_parts(self, user):
        """What `data-marketing-sender` of a place can ask for."""
        return {
            "name": user.name,
            "function": user.partner_id.function,
            "phone": user.partner_id.phone,
            "email": user.email,
            "signature": user.signature,
        }
