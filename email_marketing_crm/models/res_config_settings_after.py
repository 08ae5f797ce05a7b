from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .mailing_mailing_results import CONVERSION_DAYS
from .marketing_person_bounce import SOFT_DAYS, SOFT_LIMIT


class ResConfigSettings(models.TransientModel):
    """What mails that come back, and leads that come after a mail, count for.

    Written here and not by `config_parameter`, which forgets a 0: mails that come back
    0 times in a row never stop the mail to an address.
    """

    _inherit = "res.config.settings"

    marketing_soft_bounce_limit = fields.Integer("Mails in a Row")
    marketing_soft_bounce_days = fields.Integer("Within (Days)")
    marketing_conversion_days = fields.Integer(
        "Leads Within (Days)",
        help="A lead, and one that is won, counts as a result of each mailing that the"
        " person clicked in or answered at most so many days before.",
    )

    @api.constrains("marketing_soft_bounce_limit", "marketing_soft_bounce_days")
    def _check_marketing_soft_bounce(self):
        for settings in self:
            if (
                settings.marketing_soft_bounce_limit < 0
                or settings.marketing_soft_bounce_days < 1
            ):
                raise ValidationError(
                    self.env._(
                        "Mails come back 0 times (never stop) or more, within at least"
                        " one day."
                    )
                )

    @api.constrains("marketing_conversion_days")
    def _check_marketing_conversion_days(self):
        for settings in self:
            if settings.marketing_conversion_days < 1:
                raise ValidationError(
                    self.env._(
                        "A lead counts as a result of a mailing for at least one day"
                        " after the person clicked or answered."
                    )
                )

    @api.model
    def get_values(self):
        limit, days = self.env["marketing.person"]._get_soft_limit()
        return super().get_values() | {
            "marketing_soft_bounce_limit": limit,
            "marketing_soft_bounce_days": days,
            "marketing_conversion_days": self.env[
                "mailing.mailing"
            ]._get_conversion_days(),
        }

    def set_values(self):
        result = super().set_values()
        days = self.env["mailing.mailing"]._get_conversion_days()
        if self.marketing_conversion_days != days:
            self.env.ref(
                "email_marketing_crm.ir_cron_marketing_mailing_result"
            ).sudo()._trigger()
        parameters = self.env["ir.config_parameter"].sudo()
        for (parameter, _default), value in (
            (SOFT_LIMIT, self.marketing_soft_bounce_limit),
            (SOFT_DAYS, self.marketing_soft_bounce_days),
            (CONVERSION_DAYS, self.marketing_conversion_days),
        ):
            parameters.set_param(parameter, str(value))
        return result
