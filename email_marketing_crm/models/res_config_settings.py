from ipaddress import ip_address

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .marketing_email_domain import (
    DEFAULT_RECHECK_DAYS,
    DEFAULT_TIMEOUT,
    DNS_PARAMETER,
    NAMESERVERS_PARAMETER,
    RECHECK_PARAMETER,
    TIMEOUT_PARAMETER,
)
from .marketing_lane import DEFAULT_LANES, LANES_PARAMETER

#: More workers of a kind than any installation has cron threads.
MAX_LANES = 64


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketing_lanes = fields.Integer(
        "Workers per Kind",
        default=DEFAULT_LANES,
        config_parameter=LANES_PARAMETER,
        help="How many workers share each kind of marketing work. More than the "
        "server has cron threads (--max-cron-threads, on all machines) is no use.",
    )
    marketing_address_dns = fields.Boolean(
        "Look Up Domains of Addresses",
        help="Ask the domain name system whether domains exist and take mail.",
    )
    marketing_address_nameservers = fields.Char(
        "Name Servers",
        config_parameter=NAMESERVERS_PARAMETER,
        help="Addresses of the servers to ask, separated by spaces. Empty: those of "
        "the machine.",
    )
    marketing_address_timeout = fields.Float(
        "Patience (s)",
        default=DEFAULT_TIMEOUT,
        config_parameter=TIMEOUT_PARAMETER,
        help="Seconds to wait for an answer. No answer leaves a domain as it was.",
    )
    marketing_address_recheck_days = fields.Integer(
        "Check Again After (days)",
        default=DEFAULT_RECHECK_DAYS,
        config_parameter=RECHECK_PARAMETER,
    )

    @api.constrains("marketing_lanes")
    def _check_marketing_lanes(self):
        for settings in self:
            if not 1 <= settings.marketing_lanes <= MAX_LANES:
                raise ValidationError(
                    self.env._(
                        "Each kind of work has between 1 and %(most)s workers. Give it "
                        "as many as the server has cron threads.",
                        most=MAX_LANES,
                    )
                )

    @api.constrains("marketing_address_timeout", "marketing_address_recheck_days")
    def _check_marketing_address(self):
        for settings in self:
            if (
                settings.marketing_address_timeout <= 0
                or settings.marketing_address_recheck_days < 1
            ):
                raise ValidationError(
                    self.env._(
                        "Wait more than 0 seconds for the answer about a domain, and "
                        "check it again after at least one day."
                    )
                )

    @api.constrains("marketing_address_nameservers")
    def _check_nameservers(self):
        for settings in self:
            for server in (settings.marketing_address_nameservers or "").split():
                try:
                    ip_address(server.strip(","))
                except ValueError as error:
                    raise ValidationError(
                        self.env._(
                            "“%s” is no address of a name server. Write it like "
                            "192.0.2.53, and several with a space between them.",
                            server,
                        )
                    ) from error

    @api.model
    def get_values(self):
        value = self.env["ir.config_parameter"].sudo().get_param(DNS_PARAMETER, "True")
        return super().get_values() | {"marketing_address_dns": value == "True"}

    def set_values(self):
        result = super().set_values()
        # Written out: a setting that is missing means "on".
        self.env["ir.config_parameter"].sudo().set_param(
            DNS_PARAMETER, str(self.marketing_address_dns)
        )
        if self.marketing_address_dns:
            self.env["marketing.email.domain"].sudo()._check_unasked()
        self.env["marketing.lane"].sudo()._synchronize()
        return result
