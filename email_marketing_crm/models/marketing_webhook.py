import logging
import secrets
from collections import Counter

from odoo import api, fields, models

from ..tools import webhook_mailgun, webhook_postmark, webhook_sendgrid, webhook_ses
from ..tools.amazon_certificate import fetch_certificate
from ..tools.webhook import TELLING_KINDS

_logger = logging.getLogger(__name__)

#: What reads and checks the requests of a provider, see `tools/webhook.py`.
ADAPTERS = {
    "ses": webhook_ses,
    "sendgrid": webhook_sendgrid,
    "mailgun": webhook_mailgun,
    "postmark": webhook_postmark,
}


class MarketingWebhook(models.Model):
    """An address at which a mail provider reports what became of mails.

    Made by managers, read by `/marketing/webhook/<provider>/<token>`. The token tells
    who may come in at all, `secret` whether a request is the provider's own. Events are
    taken in sets; each is known by the provider's own number for it, so that the same
    request twice changes nothing. An event about an address that nobody here has is
    counted and forgotten: no provider can add persons. What comes in is counted in
    `marketing.webhook.call`, so that nothing waits for this row.
    """

    _name = "marketing.webhook"
    _description = "Webhook of a Mail Provider"
    _order = "provider, id"

    name = fields.Char(required=True, default=lambda self: self.env._("New webhook"))
    provider = fields.Selection(
        [
            ("ses", "Amazon SES"),
            ("sendgrid", "SendGrid"),
            ("mailgun", "Mailgun"),
            ("postmark", "Postmark"),
        ],
        required=True,
        default="ses",
    )
    company_id = fields.Many2one("res.company", ondelete="cascade")
    active = fields.Boolean(default=True)
    token = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: secrets.token_urlsafe(32),
        groups="email_marketing_crm.group_marketing_manager",
    )
    secret = fields.Text(
        "Key",
        copy=False,
        groups="email_marketing_crm.group_marketing_manager",
        help="What proves that a request is the provider's own. Amazon SES: the ARNs of"
        " your SNS topics, one a line. SendGrid: the public key of the signed event"
        " webhook. Mailgun: the webhook signing key. Postmark: name:password, as they"
        " stand in the address that you give to Postmark.",
    )
    url = fields.Char(
        "Address for the Provider",
        compute="_compute_url",
        groups="email_marketing_crm.group_marketing_manager",
    )
    subscribe_url = fields.Char(
        "Confirm at Amazon",
        readonly=True,
        copy=False,
        help="Amazon asks whether you want its notifications: open this once.",
    )
    is_incomplete = fields.Boolean(compute="_compute_is_incomplete")
    # what came
    call_ids = fields.One2many("marketing.webhook.call", "webhook_id", readonly=True)
    last_date = fields.Datetime("Last Request", compute="_compute_figures")
    call_count = fields.Integer("Requests", compute="_compute_figures")
    taken_count = fields.Integer(
        "Taken",
        compute="_compute_figures",
        help="Events of the last 30 days that are in the history of persons now.",
    )
    ignored_count = fields.Integer(
        "Not Used",
        compute="_compute_figures",
        help="Events of the last 30 days that say nothing new: opens and clicks, which"
        " we count ourselves, repeated ones, and those of addresses nobody here has.",
    )
    unknown_count = fields.Integer(
        "Not Understood",
        compute="_compute_figures",
        help="Events of the last 30 days of a kind that the provider's documentation"
        " did not know.",
    )
    refused_count = fields.Integer(
        "Refused",
        compute="_compute_figures",
        help="Requests of the last 30 days that were not signed, too large or no JSON.",
    )

    _token_unique = models.Constraint("UNIQUE(token)", "This token is taken.")

    @api.depends("provider", "token")
    def _compute_url(self):
        for webhook in self:
            webhook.url = (
                f"{webhook.get_base_url()}/marketing/webhook/"
                f"{webhook.provider}/{webhook.token}"
            )

    @api.depends("provider", "secret")
    def _compute_is_incomplete(self):
        for webhook in self:
            webhook.is_incomplete = not (webhook.sudo().secret or "").strip()

    @api.depends("call_ids")
    def _compute_figures(self):
        figures = {
            webhook: values
            for webhook, *values in self.env["marketing.webhook.call"]
            .sudo()
            ._read_group(
                [("webhook_id", "in", self.ids), ("date", ">", "today -30d")],
                ["webhook_id"],
                [
                    "date:max",
                    "__count",
                    "taken:sum",
                    "ignored:sum",
                    "unknown:sum",
                    "refused:sum",
                ],
            )
        }
        for webhook in self:
            (
                webhook.last_date,
                webhook.call_count,
                webhook.taken_count,
                webhook.ignored_count,
                webhook.unknown_count,
                webhook.refused_count,
            ) = figures.get(webhook, (False, 0, 0, 0, 0, 0))

    def action_renew_token(self):
        """Draw a new address: whoever knows the old one is shut out."""
        self.ensure_one()
        self.token = secrets.token_urlsafe(32)

    def action_view_calls(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_webhook_call_action"
        )
        return action | {"domain": [("webhook_id", "=", self.id)]}

    # ------------------------------------------------------------------
    # TAKING
    # ------------------------------------------------------------------

    @api.model
    def _find(self, provider, token):
        """The webhook of an address; empty where there is none."""
        if provider not in ADAPTERS or not token or "\0" in token:
            return self.sudo().browse()
        return self.sudo().search(
            [("token", "=", token), ("provider", "=", provider)], limit=1
        )

    def _take(self, body, headers):
        """Take a request of the provider.

        :param bytes body: as it came
        :param headers: a mapping that knows no difference of case
        :returns: the status to answer: 200, 400 for what cannot be read, 403 for what
            is not the provider's own, 503 where that cannot be told now
        """
        self.ensure_one()
        adapter = ADAPTERS[self.provider]
        try:
            is_authentic = self._is_authentic(body, headers)
        except OSError as error:
            _logger.warning("Amazon's certificate cannot be fetched: %s", error)
            self._count(error=self.env._("Amazon's certificate could not be fetched."))
            return 503
        if not is_authentic:
            self._count(error=self.env._("The request is not signed by the provider."))
            return 403
        nonce = adapter.read_nonce(body) if hasattr(adapter, "read_nonce") else None
        if nonce and self._is_used(nonce):
            self._count(ignored=1)
            return 200
        try:
            events = adapter.read_events(body)
        except ValueError:
            self._count(error=self.env._("The request is no JSON."))
            return 400
        kinds = Counter(event.kind for event in events)
        for event in events:
            if event.kind == "subscription":
                self.subscribe_url = event.url
        telling = [
            event
            for event in events
            if event.kind in TELLING_KINDS and event.id and event.email
        ]
        taken = self._take_events(telling)
        unknown = kinds["unknown"]
        self._count(taken, len(events) - taken - unknown, unknown, nonce=nonce)
        return 200

    def _is_authentic(self, body, headers):
        """Whether a request is the provider's own, and of these days.

        Amazon's certificate is fetched for a topic of ours only: nobody on the network
        is asked because a stranger wants it to.

        :raises OSError: when Amazon's certificate cannot be had
        """
        adapter = ADAPTERS[self.provider]
        now = fields.Datetime.now()
        if not adapter.is_authentic(body, headers, self.secret or "", now):
            return False
        if self.provider != "ses":
            return True
        url = webhook_ses.find_certificate_url(body)
        return bool(url) and webhook_ses.is_signed(body, fetch_certificate(url))

    def _is_used(self, nonce):
        """Whether a signature that does not cover the content came before."""
        return bool(
            self.env["marketing.webhook.call"]
            .sudo()
            .search_count([("webhook_id", "=", self.id), ("nonce", "=", nonce)])
        )

    def _count(self, taken=0, ignored=0, unknown=0, error=None, nonce=None):
        self.env["marketing.webhook.call"].sudo().create(
            {
                "webhook_id": self.id,
                "date": fields.Datetime.now(),
                "taken": taken,
                "ignored": ignored,
                "unknown": unknown,
                "refused": 1 if error else 0,
                "error": error,
                "nonce": nonce,
            }
        )
