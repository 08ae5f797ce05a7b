import base64

from werkzeug.exceptions import NotFound, Unauthorized

from odoo import http
from odoo.http import Response, request
from odoo.tools import consteq

from odoo.addons.mass_mailing.controllers.main import MassMailController

#: One transparent point.
PIXEL = base64.b64decode(
    b"R0lGODlhAQABAIAAANvf7wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="
)


class MarketingTrackingController(MassMailController):
    """Odoo's own pixel and link routes: they know what asked, and cost less.

    Nobody who loads a pixel or follows a link needs a session of his own.
    """

    @http.route(save_session=False)
    def track_mail_open(self, mail_id, token, **post):
        self._remember_hit()
        hit = request.env["marketing.hit"].sudo()
        if not hit._is_available():
            return super().track_mail_open(mail_id, token, **post)
        mails = request.env["mail.mail"]
        if not consteq(token, mails._generate_mail_recipient_token(mail_id)):
            raise Unauthorized()
        hit._record_open(mail_id)
        return Response(PIXEL, mimetype="image/gif")

    @http.route(save_session=False)
    def full_url_redirect(self, code, mailing_trace_id, **post):
        self._remember_hit()
        hit = request.env["marketing.hit"].sudo()
        if not hit._is_available():
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

    def _remember_hit(self):
        """What tells people from machines; no address of the visitor is kept."""
        request.update_context(
            marketing_hit={
                "user_agent": request.httprequest.headers.get("User-Agent", ""),
                "method": request.httprequest.method,
            }
        )
