from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.mail_provider import provider_of_domain, provider_of_servers
from .marketing_sender_provider import PROVIDER_SELECTION


class MarketingEmailDomain(models.Model):
    """Who runs the mailboxes of a domain: its name tells, or its mail servers do."""

    _inherit = "marketing.email.domain"

    provider = fields.Selection(
        PROVIDER_SELECTION,
        "Mailbox Provider",
        readonly=True,
        help="Whose servers take the mail of the domain, since they were looked up.",
    )

    @api.model
    def _get_providers(self, names):
        """`{domain: provider}`; `other` for domains nobody has looked up."""
        providers = {name: provider_of_domain(name) for name in names}
        own = [name for name, provider in providers.items() if provider == "other"]
        return providers | dict(
            self.env.execute_query(
                SQL(
                    "SELECT name, provider FROM marketing_email_domain"
                    " WHERE name = ANY(%s) AND provider IS NOT NULL",
                    own,
                )
            )
        )

    @api.model
    def _note_servers(self, servers):
        """Keep whose servers take mail: `{domain: names of its mail servers}`."""
        providers = {
            name: provider_of_servers(hosts) for name, hosts in servers.items() if hosts
        }
        if not providers:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_email_domain domain
                   SET provider = known.provider
                  FROM unnest(%s::varchar[], %s::varchar[]) known (name, provider)
                 WHERE domain.name = known.name
                   AND domain.provider IS DISTINCT FROM known.provider
                """,
                list(providers),
                list(providers.values()),
            )
        )
        self.invalidate_model(["provider"])
