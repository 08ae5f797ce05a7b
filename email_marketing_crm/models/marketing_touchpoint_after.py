from odoo import api, models


class MarketingTouchpoint(models.Model):
    """What came of mails, in words."""

    _inherit = "marketing.touchpoint"

    @api.model
    def _get_sentence_templates(self):
        return super()._get_sentence_templates() | {
            "policy_bounce": [
                self.env._("Mail “%(mailing)s” refused by the policy of the server")
            ],
            "viewed_online": [self.env._("Opened “%(mailing)s” in the browser")],
            "read_online": [self.env._("Read “%(mailing)s” in the browser")],
            "suppression_lifted": [
                self.env._("%(user)s allowed mail again: %(reason)s"),
                self.env._("Mail was allowed again: %(reason)s"),
            ],
        }

    @api.model
    def _get_fact_labels(self):
        return super()._get_fact_labels() | {
            "status": self.env._("Status code"),
            "seconds": self.env._("Seconds visible"),
            "diagnostic": self.env._("What the server wrote"),
            "was": self.env._("Suppressed as"),
            "since": self.env._("Suppressed since"),
        }
