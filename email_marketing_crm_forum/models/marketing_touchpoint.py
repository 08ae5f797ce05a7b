from odoo import api, models


class MarketingTouchpoint(models.Model):
    """What people wrote in the forum, in words."""

    _inherit = "marketing.touchpoint"

    @api.model
    def _get_sentence_templates(self):
        return super()._get_sentence_templates() | {
            "forum_post": [
                self.env._("Asked “%(question)s” in the forum"),
                self.env._("Answered “%(answered)s” in the forum"),
                self.env._("Commented on “%(commented)s” in the forum"),
                self.env._("Wrote about “%(title)s” in the forum"),
            ]
        }

    def _get_names(self, records, hidden):
        data = self.data or {}
        kind = data.get("contribution")
        return super()._get_names(records, hidden) | {
            name: data.get("title") if kind == name else None
            for name in ("question", "answered", "commented")
        }

    @api.model
    def _get_fact_labels(self):
        labels = super()._get_fact_labels()
        return {
            "forum": self.env._("Forum"),
            "contribution": self.env._("Contribution"),
            "tags": self.env._("Tags"),
            **labels,
        }
