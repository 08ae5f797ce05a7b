from odoo import http
from odoo.http import request

from odoo.addons.mass_mailing.controllers.main import MassMailController


class MarketingTrackingController(MassMailController):
    """Odoo's own pixel and link routes, which tell the hooks what asked for them."""

    @http.route()
    def track_mail_open(self, mail_id, token, **post):
        self._remember_hit()
        return super().track_mail_open(mail_id, token, **post)

    @http.route()
    def full_url_redirect(self, code, mailing_trace_id, **post):
        self._remember_hit()
        return super().full_url_redirect(code, mailing_trace_id, **post)

    def _remember_hit(self):
        """What tells people from machines; no address of the visitor is kept."""
        request.update_context(
            marketing_hit={
                "user_agent": request.httprequest.headers.get("User-Agent", ""),
                "method": request.httprequest.method,
            }
        )
