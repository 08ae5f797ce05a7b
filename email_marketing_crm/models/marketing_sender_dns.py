from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import email_domain_extract
from odoo.tools.misc import format_datetime

from ..tools.address_check import LookupFailedError
from ..tools.sender_dns import check_sender

#: Days after which the cron asks again.
CHECK_DAYS = 1
#: Worst first.
SEVERITIES = ("error", "warning", "info")
ICONS = {
    "error": "fa-times-circle text-danger",
    "warning": "fa-exclamation-triangle text-warning",
    "info": "fa-info-circle text-info",
}


class MarketingSender(models.Model):
    """What the domain name system says about a sender: can it be trusted?

    Asked by a cron each day and by a button; the answer is kept as codes, so that
    everybody reads it in his own language. No answer keeps what was known before.
    """

    _inherit = "marketing.sender"

    dkim_selectors = fields.Char(
        "DKIM Selectors",
        help="Names of the DKIM keys that the mail server signs with, separated by "
        "spaces. Empty: the usual names are tried.",
    )
    dns_checked_date = fields.Datetime("DNS Checked", readonly=True, copy=False)
    dns_error = fields.Char("No Answer", readonly=True, copy=False)
    dns_result = fields.Json(readonly=True, copy=False)
    dns_state = fields.Selection(
        [
            ("unknown", "Not checked"),
            ("error", "Not trusted"),
            ("warning", "Doubtful"),
            ("good", "Trusted"),
        ],
        "DNS Trust",
        compute="_compute_dns_state",
        store=True,
    )
    dns_findings = fields.Html(
        "Findings", compute="_compute_dns_findings", sanitize=False
    )

    @api.depends("dns_result")
    def _compute_dns_state(self):
        for sender in self:
            found = {severity for _code, severity, _values in sender._get_dns_result()}
            if not sender.dns_result:
                sender.dns_state = "unknown"
            elif "error" in found:
                sender.dns_state = "error"
            else:
                sender.dns_state = "warning" if "warning" in found else "good"

    @api.depends("dns_result", "dns_error")
    @api.depends_context("lang")
    def _compute_dns_findings(self):
        for sender in self:
            sender.dns_findings = Markup("").join(
                Markup('<p class="mb-1"><i class="fa %s me-2"></i>%s</p>')
                % (ICONS[severity], text)
                for _code, severity, text in sender._get_dns_findings()
            )

    def write(self, vals):
        """What was found about another domain or other keys says nothing any more."""
        result = super().write(vals)
        if {"domain", "mail_server_id", "dkim_selectors"} & vals.keys():
            super().write(
                {"dns_result": False, "dns_error": False, "dns_checked_date": False}
            )
        return result

    # ------------------------------------------------------------------
    # CHECK
    # ------------------------------------------------------------------

    def action_check_dns(self):
        self.check_access("read")
        self.sudo()._check_dns()

    @api.model
    def _cron_check_dns(self):
        """Ask about the senders that were not asked about for a day."""
        due = fields.Datetime.now() - timedelta(days=CHECK_DAYS)
        senders = self.search(
            [
                "|",
                ("dns_checked_date", "=", False),
                ("dns_checked_date", "<=", due),
            ],
            order="dns_checked_date NULLS FIRST, id",
        )
        self.env["ir.cron"]._commit_progress(remaining=len(senders))
        for sender in senders:  # each of them some questions to the network
            sender._check_dns()
            if not self.env["ir.cron"]._commit_progress(1):
                break

    def _check_dns(self):
        """Ask, and keep what was answered."""
        lookup = self.env["marketing.email.domain"].sudo()._get_lookup()
        now = fields.Datetime.now()
        for sender in self:
            if lookup is None:
                sender.write({"dns_error": "off", "dns_checked_date": now})
                continue
            try:
                findings = check_sender(
                    sender.domain,
                    sender._get_return_domain(),
                    (sender.dkim_selectors or "").replace(",", " ").split(),
                    lookup,
                )
            except LookupFailedError as error:
                sender.write({"dns_error": str(error), "dns_checked_date": now})
                continue
            sender.write(
                {
                    "dns_result": {
                        "findings": [*sender._check_from_filter(), *findings]
                    },
                    "dns_error": False,
                    "dns_checked_date": now,
                }
            )

    def _get_server_filter(self):
        """The addresses that the mail server takes mail from; empty for all."""
        self.ensure_one()
        servers = self.env["ir.mail_server"].sudo()
        server = self.sudo().mail_server_id
        if not server:
            server, _address = servers._find_mail_server(f"news@{self.domain}")
        return server.from_filter if server else servers._get_default_from_filter()

    def _get_return_domain(self):
        """Where bounces go: the bounce address if the server takes it, else From."""
        self.ensure_one()
        company = self.company_id or self.user_id.company_id or self.env.company
        servers = self.env["ir.mail_server"]
        bounce = company.sudo().bounce_email or servers._get_default_bounce_address()
        if bounce and servers._match_from_filter(bounce, self._get_server_filter()):
            return email_domain_extract(bounce) or self.domain
        return self.domain

    def _check_from_filter(self):
        """Whether Odoo puts another From address into mails of this domain."""
        allowed = self._get_server_filter()
        servers = self.env["ir.mail_server"]
        if servers._match_from_filter(f"news@{self.domain}", allowed):
            return []
        if any(
            email_domain_extract(part) == self.domain
            for part in servers._parse_from_filter(allowed)
        ):
            return []
        return [
            ["from_filter", "error", {"domain": self.domain, "allowed": allowed or ""}]
        ]

    # ------------------------------------------------------------------
    # FINDINGS
    # ------------------------------------------------------------------

    def _get_dns_result(self):
        """What was answered last: `[(code, severity, values of the sentence)]`."""
        return (self.dns_result or {}).get("findings", [])

    def _get_dns_findings(self):
        """What was found when it was last asked: `[(code, severity, sentence)]`.

        Severity is `error`, `warning` or `info`, the worst first. `dns_unknown` says
        that nobody has asked yet or that there was no answer.
        """
        self.ensure_one()
        sender = self.sudo()
        findings = [
            (code, severity, self._explain_dns(code, values))
            for code, severity, values in sender._get_dns_result()
        ]
        findings.sort(key=lambda finding: SEVERITIES.index(finding[1]))
        if sender.dns_error == "off":
            findings.append(
                (
                    "dns_unknown",
                    "info",
                    self.env._(
                        "Domains are not looked up: the setting is switched off."
                    ),
                )
            )
        elif sender.dns_error:
            findings.append(
                (
                    "dns_unknown",
                    "info",
                    self.env._(
                        "The last check on %(date)s got no answer: %(error)s",
                        date=format_datetime(self.env, sender.dns_checked_date),
                        error=sender.dns_error,
                    ),
                )
            )
        elif not sender.dns_checked_date:
            findings.append(
                ("dns_unknown", "info", self.env._("The domain was not checked yet."))
            )
        return findings
