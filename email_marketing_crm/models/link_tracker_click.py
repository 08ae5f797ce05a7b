from odoo import api, models


class LinkTrackerClick(models.Model):
    _inherit = "link.tracker.click"

    @api.model_create_multi
    def create(self, vals_list):
        clicks = super().create(vals_list)
        clicks._capture_click()
        return clicks

    @api.model
    def _prepare_click_values_from_route(self, **route_values):
        """Odoo's, without a recipient that was made up.

        A click whose trace belongs to another mailing than its link was made up: it is
        a click, but nobody's, and that other mail was neither opened nor clicked.
        """
        values = super()._prepare_click_values_from_route(**route_values)
        trace = self.env["mailing.trace"].sudo().browse(values.get("mailing_trace_id"))
        link = self.env["link.tracker"].sudo().browse(values.get("link_id"))
        mailing = link.mass_mailing_id
        if trace and mailing and trace.mass_mailing_id != mailing:
            values |= {"mailing_trace_id": False, "mass_mailing_id": mailing.id}
        elif trace and not trace._get_tracked():
            # An old mail, with links that know the person: a click, but nobody's.
            values |= {"mailing_trace_id": False, "ip": False}
        return values

    def _capture_click(self):
        """Record clicks in mails."""
        self.env["marketing.touchpoint"]._capture(
            [
                click._prepare_touchpoint_values()
                for click in self.sudo()
                if click.mailing_trace_id.email
                and not click.mailing_trace_id.is_test_trace
            ]
        )

    def _prepare_touchpoint_values(self):
        self.ensure_one()
        trace = self.mailing_trace_id
        return trace._prepare_hit_values("click", trace.sent_datetime) | {
            "type": "clicked",
            "email": trace.email,
            "mailing_id": trace.mass_mailing_id.id,
            "link_id": self.link_id.id,
            "res_model": trace.model,
            "res_id": trace.res_id,
            "dedup_key": f"click:{self.id}",
        }
