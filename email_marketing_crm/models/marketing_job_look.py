from odoo import models

from .marketing_frequency_usage import FORECAST


class MarketingJob(models.Model):
    """What a marketer wants to know about many persons before anything is sent.

    The rows belong to him, as those he gets at once where there are few persons.
    """

    _inherit = "marketing.job"

    # ------------------------------------------------------------------
    # WHAT A PLAN WOULD DO
    # ------------------------------------------------------------------

    def _count_preview(self):
        return self._count_plan()

    def _do_preview(self, part):
        previews = self.env["marketing.delivery.preview"]
        if part[0] == 0:
            previews._forget_audience(self.mailing_id)
        previews._check_audience(self.mailing_id, part)

    def _finish_preview(self):
        self.env["marketing.delivery.preview"]._check_waits(self.mailing_id)
        action = self.env["marketing.mailing.plan"]._open_for(self.mailing_id)
        self.sudo().result_id = action["res_id"]

    def _show_preview(self):
        plan = self.env["marketing.mailing.plan"].browse(self.result_id)
        return plan._get_action()

    # ------------------------------------------------------------------
    # WHEN IT WOULD LEAVE
    # ------------------------------------------------------------------

    def _count_estimate(self):
        return self._count_plan()

    def _do_estimate(self, part):
        estimates = self.env["marketing.timing.estimate"]
        if part[0] == 0:
            estimates._forget()
        estimates._count(self.mailing_id, self._get_moment(), part)

    def _finish_estimate(self):
        self.env["marketing.timing.estimate"]._add_up()

    def _show_estimate(self):
        return self.env["marketing.timing.estimate"]._get_action(self.mailing_id)

    # ------------------------------------------------------------------
    # WHO IS CAPPED TOMORROW
    # ------------------------------------------------------------------

    def _count_capped(self):
        """Whoever may be capped: all mails are read, some persons are looked at."""
        rules, moment = self._get_forecast()
        return self.env["marketing.frequency.usage"]._count_likely(rules, moment)

    def _do_capped(self, part):
        rules, moment = self._get_forecast()
        self.env["marketing.frequency.usage"]._find_capped(rules, moment, part)

    def _get_forecast(self):
        """The rules that were asked about, and the same moment for all parts."""
        job = self.sudo()
        rules = self.env["marketing.frequency.rule"].browse(job.arguments["rules"])
        return rules.exists(), job.date + FORECAST

    def _finish_capped(self):
        """Nothing is left to do."""

    def _show_capped(self):
        return self.env["marketing.frequency.usage"]._get_capped_action()
