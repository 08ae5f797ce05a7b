from odoo import api, models


class MarketingTouchpoint(models.Model):
    """Finished surveys, in words."""

    _inherit = "marketing.touchpoint"

    @api.model
    def _get_sentence_templates(self):
        return super()._get_sentence_templates() | {
            "survey": [
                self.env._("Answered “%(title)s”, %(percentage)s of all points"),
                self.env._("Answered “%(title)s”"),
            ]
        }

    def _get_names(self, records, hidden):
        score = (self.data or {}).get("score")
        return super()._get_names(records, hidden) | {
            "percentage": None if score is None else f"{score} %"
        }

    @api.model
    def _get_fact_labels(self):
        return super()._get_fact_labels() | {"answers": self.env._("Answers")}
