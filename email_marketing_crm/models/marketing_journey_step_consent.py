from odoo import models


class MarketingJourneyStep(models.Model):
    _inherit = "marketing.journey.step"

    def _get_mail_problem(self):
        """A journey cannot be published with a mail that would not be sent."""
        problem = super()._get_mail_problem()
        blocking = self.mailing_id.sudo().marketing_blocking
        if problem or not blocking:
            return problem
        return self.env._(
            "“%(step)s” cannot be sent: %(findings)s",
            step=self.display_name,
            findings=blocking,
        )
