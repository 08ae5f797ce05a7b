from odoo import api, models


class LinkTrackerClick(models.Model):
    _inherit = "link.tracker.click"

    @api.model_create_multi
    def create(self, vals_list):
        clicks = super().create(vals_list)
        clicks._capture_click()
        return clicks

    def _capture_click(self):
        """Record clicks in mails.

        The number of the trace in a link is not signed. A click whose trace belongs
        to another mailing than its link was made up, and is nobody's.
        """
        self.env["marketing.touchpoint"]._capture(
            [
                click._prepare_touchpoint_values()
                for click in self.sudo()
                if click.mailing_trace_id.email
                and not click.mailing_trace_id.is_test_trace
                and click.link_id.mass_mailing_id
                in (
                    click.mailing_trace_id.mass_mailing_id,
                    click.env["mailing.mailing"],
                )
            ]
        )

    def _prepare_touchpoint_values(self):
        self.ensure_one()
        trace = self.mailing_trace_id
        return trace._prepare_hit_values("click") | {
            "type": "clicked",
            "email": trace.email,
            "mailing_id": trace.mass_mailing_id.id,
            "link_id": self.link_id.id,
            "res_model": trace.model,
            "res_id": trace.res_id,
            "dedup_key": f"click:{self.id}",
        }
