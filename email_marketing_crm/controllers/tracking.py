import base64

from werkzeug.exceptions import NotFound, Unauthorized

from odoo import SUPERUSER_ID, http
from odoo.http import Response, request
from odoo.tools import consteq

from odoo.addons.mass_mailing.controllers.main import MassMailController

from ..models.marketing_hit import MAX_ID

#: One transparent point.
PIXEL = base64.b64decode(
    b"R0lGODlhAQABAIAAANvf7wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="
)


class MarketingTrackingController(MassMailController):
    """Odoo's own pixel and link routes: they know what asked, and cost less.

    Nobody who loads a pixel or follows a link needs a session of his own, a language
    or a user: `marketing_hit` leaves all that out (`models/ir_http.py`).
    """

    @http.route(auth="none", save_session=False, marketing_hit=True)
    def track_mail_open(self, mail_id, token, **post):
        hit = self._prepare_hit()
        if hit is None:
            return super().track_mail_open(mail_id, token, **post)
        mails = hit.env["mail.mail"]
        if not consteq(token, mails._generate_mail_recipient_token(mail_id)):
            raise Unauthorized()
        hit._record_open(mail_id)
        return Response(PIXEL, mimetype="image/gif")

    @http.route(auth="none", save_session=False, marketing_hit=True)
    def full_url_redirect(self, code, mailing_trace_id, **post):
        if mailing_trace_id > MAX_ID:
            mailing_trace_id = 0  # nobody's, for Odoo's own code too
        traces = request.env(user=SUPERUSER_ID)["mailing.trace"]
        hit = self._prepare_hit(traces._is_link_signed(mailing_trace_id, post.get("k")))
        if hit is None:
            return super().full_url_redirect(code, mailing_trace_id, **post)
        try:
            url = hit._record_click(
                code,
                mailing_trace_id,
                request.httprequest.remote_addr,
                request.geoip.country_code,
            )
        except KeyError as error:
            raise NotFound() from error
        return request.redirect(url, code=301, local=False)

    def _prepare_hit(self, is_signed=True):
        """Remember what tells people from machines; no address of them is kept.

        :param is_signed: whether we wrote the address that was asked for
        :returns: what records the hit; None where Odoo's own code has to
        """
        facts = {
            "user_agent": request.httprequest.headers.get("User-Agent", ""),
            "method": request.httprequest.method,
            "is_signed": is_signed,
        }
        hit = request.env(
            user=SUPERUSER_ID,
            context=request.env.context | {"marketing_hit": facts},
        )["marketing.hit"]
        if hit._is_available():
            return hit
        request.update_env(user=request.env.ref("base.public_user").id)
        request.update_context(marketing_hit=facts)
        return None
