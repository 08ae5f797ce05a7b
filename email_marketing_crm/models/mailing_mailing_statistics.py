"""Odoo's statistics of mailings, from `marketing.mailing.count`."""

from odoo import api, models
from odoo.tools import float_round

from .marketing_mailing_count import LOST_STATUSES


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    def _compute_statistics(self):
        """Odoo's own formulas, on counts that are there already."""
        counted = self.with_context(marketing_counted=True)
        return super(MailingMailing, counted)._compute_statistics()

    def _compute_clicks_ratio(self):
        mails, followed = {}, {}
        counts = self.env["marketing.mailing.count"].sudo()._get_counts(self.ids)
        for mailing_id, status, traces, _sent, _clicked, with_click in counts:
            followed[mailing_id] = followed.get(mailing_id, 0) + with_click
            if status and status not in LOST_STATUSES:
                mails[mailing_id] = mails.get(mailing_id, 0) + traces
        for mailing in self:
            count = mails.get(mailing.id)
            mailing.clicks_ratio = (
                float_round(100 * followed[mailing.id] / count, precision_digits=2)
                if count
                else 0
            )


class MailingTrace(models.Model):
    _inherit = "mailing.trace"

    @api.model
    def _read_group(self, domain, groupby=(), aggregates=(), **kwargs):
        """Answer what the statistics of mailings ask from the counts.

        Only the very question that Odoo asks; any other one reads the traces.
        """
        if (
            self.env.context.get("marketing_counted")
            and not any(kwargs.values())
            and list(groupby) == ["mass_mailing_id", "trace_status"]
            and list(aggregates)
            == ["__count", "links_click_datetime:count", "sent_datetime:count"]
        ):
            [(name, operator, ids)] = domain
            if (name, operator) == ("mass_mailing_id", "in"):
                return self._read_counts(ids)
        return super()._read_group(domain, groupby, aggregates, **kwargs)

    @api.model
    def _read_counts(self, mailing_ids):
        mailings = self.env["mailing.mailing"]
        counts = self.env["marketing.mailing.count"].sudo()._get_counts(mailing_ids)
        return [
            (mailings.browse(mailing_id), status or False, traces, clicked, sent)
            for mailing_id, status, traces, sent, clicked, _followed in counts
            if traces
        ]
