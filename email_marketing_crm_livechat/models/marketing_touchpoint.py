from odoo import api, models


class MarketingTouchpoint(models.Model):
    """Live chats, in words."""

    _inherit = "marketing.touchpoint"

    @api.model
    def _get_sentence_templates(self):
        return super()._get_sentence_templates() | {
            "conversation": [self.env._("Live chat in “%(title)s”")]
        }

    @api.model
    def _get_fact_labels(self):
        labels = super()._get_fact_labels()
        return {
            "messages": self.env._("Messages"),
            "tags": self.env._("Tags"),
            **labels,
        }
