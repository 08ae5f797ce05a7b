from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .marketing_person_bounce import SOFT_DAYS, SOFT_LIMIT


class ResConfigSettings(models.TransientModel):
    """When mails that come back stop the mail to an address; 0 mails is never.

    Written here and not by `config_parameter`, which forgets a 0.
    """

    _inherit = "res.config.settings"

    marketing_soft_bounce_limit = fields.Integer("Mails in a Row")
    marketing_soft_bounce_days = fields.Integer("Within (Days)")

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

    @api.model
    def get_values(self):
        limit, days = self.env["marketing.person"]._get_soft_limit()
        return super().get_values() | {
            "marketing_soft_bounce_limit": limit,
            "marketing_soft_bounce_days": days,
        }

    def set_values(self):
        result = super().set_values()
        parameters = self.env["ir.config_parameter"].sudo()
        for (parameter, _default), value in (
            (SOFT_LIMIT, self.marketing_soft_bounce_limit),
            (SOFT_DAYS, self.marketing_soft_bounce_days),
        ):
            parameters.set_param(parameter, str(value))
        return result
