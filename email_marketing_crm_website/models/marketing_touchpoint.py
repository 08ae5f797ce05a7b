from odoo import api, models


class MarketingTouchpoint(models.Model):
    """Where visitors of the website came from, in words."""

    _inherit = "marketing.touchpoint"

    @api.model
    def _get_fact_labels(self):
        return super()._get_fact_labels() | {
            "utm_source": self.env._("Source"),
            "utm_medium": self.env._("Medium"),
            "utm_campaign": self.env._("Campaign"),
            "referrer": self.env._("Came from"),
        }
