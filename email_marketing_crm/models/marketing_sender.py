from psycopg2.errors import UniqueViolation

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import ConcurrencyError, ValidationError
from odoo.tools.mail import email_domain_extract

from odoo.addons.base.models.res_partner import _tz_get


class MarketingSender(models.Model):
    """Who mail comes from, as mailbox providers see it: mail server and From domain.

    Providers judge a sender by what they get from it, so everything about its
    reputation hangs here: quotas, warm-up, pace, brakes. One row per server and domain,
    made for the first mailing that has them; without a server it is whichever Odoo
    chooses for the domain. A row without a company is shared by all; a company that
    wants quotas of its own has a row of its own. The row is the manager's
    configuration: the lanes lock it to share its quota, and write no result into it.
    It goes with its mail server.
    """

    _name = "marketing.sender"
    _description = "Sender of Mailings"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "domain, id"
    _rec_name = "domain"

    domain = fields.Char(
        "From Domain",
        required=True,
        tracking=True,
        help="What follows the @ in the address that mailings come from.",
    )
    mail_server_id = fields.Many2one(
        "ir.mail_server",
        ondelete="cascade",
        tracking=True,
        help="Empty: the server that Odoo chooses for the From domain.",
    )
    company_id = fields.Many2one(
        "res.company",
        ondelete="cascade",
        help="Empty: mailings of every company count together.",
    )
    user_id = fields.Many2one(
        "res.users",
        "Owner",
        default=lambda self: self.env.user,
        tracking=True,
        help="Is told when the sender is braked; without an owner a manager is.",
    )
    active = fields.Boolean(default=True)
    tz = fields.Selection(
        _tz_get,
        "Time Zone",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
        help="Days of quotas and of the warm-up begin at midnight here.",
    )
    # quotas
    hourly_quota = fields.Integer(
        tracking=True, aggregator=None, help="Mails in an hour at most. 0: no limit."
    )
    daily_quota = fields.Integer(
        tracking=True, aggregator=None, help="Mails in a day at most. 0: no limit."
    )
    mailing_count = fields.Integer("Mailings", compute="_compute_mailing_count")

    # One row per server, domain and company; nothing counts as a value too.
    _server_domain_unique = models.UniqueIndex(
        "(domain, COALESCE(mail_server_id, 0), COALESCE(company_id, 0))",
        "There is a sender of this mail server and domain already.",
    )
    _quotas_positive = models.Constraint(
        "CHECK(hourly_quota >= 0 AND daily_quota >= 0)",
        "A quota is a number of mails, or 0 for no limit.",
    )

    # ------------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------------

    @api.depends("domain", "mail_server_id")
    def _compute_display_name(self):
        for sender in self:
            server = sender.sudo().mail_server_id
            sender.display_name = (
                self.env._(
                    "%(domain)s via %(server)s",
                    domain=sender.domain,
                    server=server.name,
                )
                if server
                else sender.domain
            )

    def _compute_mailing_count(self):
        counts = dict(
            self.env["mailing.mailing"]._read_group(
                [("marketing_sender_id", "in", self.ids)],
                ["marketing_sender_id"],
                ["__count"],
            )
        )
        for sender in self:
            sender.mailing_count = counts.get(sender, 0)

    @api.constrains("domain")
    def _check_domain(self):
        for sender in self:
            if email_domain_extract(f"name@{sender.domain}") != sender.domain:
                raise ValidationError(
                    self.env._(
                        "“%s” is no domain. Write what follows the @, such as "
                        "news.example.com.",
                        sender.domain,
                    )
                )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._clean_domain(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._clean_domain(vals))

    @api.model
    def _clean_domain(self, vals):
        if "domain" not in vals:
            return vals
        return {**vals, "domain": (vals["domain"] or "").strip().lower().lstrip("@")}

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_view_mailings(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "mass_mailing.mailing_mailing_action_mail"
        )
        return action | {
            "display_name": self.env._("Mailings from %s", self.display_name),
            "domain": [("marketing_sender_id", "=", self.id)],
            "context": {},
        }

    # ------------------------------------------------------------------
    # TOOLS
    # ------------------------------------------------------------------

    @api.model
    def _find(self, keys):
        """`{(server id, domain, company id): sender}` of those that exist.

        The sender of the company, else the one that is shared.
        """
        senders = self.with_context(active_test=False).search(
            [("domain", "in", [domain for _server, domain, _company in keys])]
        )
        known = {
            (sender.mail_server_id.id, sender.domain, sender.company_id.id): sender
            for sender in senders
        }
        found = {
            key: known.get(key) or known.get((*key[:2], False), self.browse())
            for key in keys
        }
        return {key: sender for key, sender in found.items() if sender}

    @api.model
    def _get_or_create(self, keys):
        """`{(server id, domain, company id): sender}`; a new one is shared by all."""
        found = self._find(keys)
        missing = {key[:2] for key in keys if key not in found}
        if not missing:
            return found
        owner = False if self.env.uid == SUPERUSER_ID else self.env.uid
        try:
            with self.env.cr.savepoint():
                self.create(
                    [
                        {"domain": domain, "mail_server_id": server, "user_id": owner}
                        for server, domain in sorted(missing, key=str)
                    ]
                )
                self.env.flush_all()
        except UniqueViolation as error:
            raise ConcurrencyError(str(error)) from error  # Odoo tries again
        return found | self._find([key for key in keys if key not in found])
