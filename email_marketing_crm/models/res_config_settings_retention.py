from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .marketing_retention import KEEP_MONTHS


class ResConfigSettings(models.TransientModel):
    """How long personal data of marketing is kept; 0 is for ever.

    Written here and not by `config_parameter`, which forgets a 0.
    """

    _inherit = "res.config.settings"

    marketing_keep_touchpoints = fields.Integer("Keep Events (Months)")
    marketing_keep_journeys = fields.Integer("Keep Stories of Journeys (Months)")
    marketing_keep_deliveries = fields.Integer("Keep Mails (Months)")
    marketing_keep_errors = fields.Integer("Keep Failed Events (Months)")

    @api.constrains(*(f"marketing_keep_{kind}" for kind in KEEP_MONTHS))
    def _check_marketing_keep(self):
        for settings in self:
            if any(settings[f"marketing_keep_{kind}"] < 0 for kind in KEEP_MONTHS):
                raise ValidationError(
                    self.env._("Months must not be negative; 0 keeps data for ever.")
                )

    @api.model
    def get_values(self):
        months = {
            f"marketing_keep_{kind}": self.env["marketing.retention"]._get_months(kind)
            for kind in KEEP_MONTHS
        }
        return super().get_values() | months

    def set_values(self):
        result = super().set_values()
        parameters = self.env["ir.config_parameter"].sudo()
        for kind, (parameter, _default) in KEEP_MONTHS.items():
            parameters.set_param(parameter, str(self[f"marketing_keep_{kind}"]))
        return result
