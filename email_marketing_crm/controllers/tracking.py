from odoo import http
from odoo.http import request

from odoo.addons.mass_mailing.controllers.main import MassMailController

from ..models.marketing_hit import MAX_ID


class MarketingTrackingController(MassMailController):
    """Odoo's own pixel and link routes: they know what asked, and cost less.

    Nobody who loads a pixel or follows a link needs a session of his own, a language
    or a user: `marketing_hit` leaves all that out, and mostly answers before a route
    would be called (`models/ir_http.py`).
    """

    @http.route(auth="none", save_session=False, marketing_hit="open")
    def track_mail_open(self, mail_id, token, **post):
        hits = request.env["marketing.hit"]
        answer, touchpoints = hits._answer("open", mail_id=mail_id, token=token)
        if answer is None:
            self._become_public()
            return super().track_mail_open(mail_id, token, **post)
        hits._capture(touchpoints)
        return answer

    @http.route(auth="none", save_session=False, marketing_hit="click")
    def full_url_redirect(self, code, mailing_trace_id, **post):
        hits = request.env["marketing.hit"]
        answer, touchpoints = hits._answer(
            "click", code=code, mailing_trace_id=mailing_trace_id
        )
        if answer is None:
            self._become_public(hits._is_link_signed(mailing_trace_id))
            if mailing_trace_id > MAX_ID:
                mailing_trace_id = 0  # nobody's, as for the hits
            return super().full_url_redirect(code, mailing_trace_id, **post)
        hits._capture(touchpoints)
        return answer

    def _become_public(self, is_signed=True):
        """What Odoo's own code expects, and what tells people from machines."""
        facts = request.env["marketing.hit"]._get_request_facts(is_signed)
        request.update_env(user=request.env.ref("base.public_user").id)
        request.update_context(marketing_hit=facts)
