from odoo import fields, models

from .marketing_lane import DEFAULT_LANES, LANES_PARAMETER


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketing_lanes = fields.Integer(
        "Workers per Kind",
        default=DEFAULT_LANES,
        config_parameter=LANES_PARAMETER,
        help="How many workers share each kind of marketing work. More than the "
        "server has cron threads (--max-cron-threads, on all machines) is no use.",
    )

    def set_values(self):
        result = super().set_values()
        self.env["marketing.lane"].sudo()._synchronize()
        return result
