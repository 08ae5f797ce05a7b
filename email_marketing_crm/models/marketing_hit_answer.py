"""What a program gets that loads a pixel or follows a link."""

import base64

from werkzeug.exceptions import NotFound, Unauthorized

from odoo import SUPERUSER_ID, api, models
from odoo.http import Response, request
from odoo.tools import consteq

from .marketing_hit import MAX_ID

#: One transparent point.
PIXEL = base64.b64decode(
    b"R0lGODlhAQABAIAAANvf7wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="
)


class MarketingHit(models.AbstractModel):
    """The answers to the requests of `controllers/tracking.py`; they need no user."""

    _inherit = "marketing.hit"

    @api.model
    def _answer(self, kind, **arguments):
        """Record what the request shows, and answer it.

        :param kind: `open` or `click`
        :param arguments: what stands in the address, as its route names it
        :returns: (the response, touchpoints for `_capture`); None for the response
            where Odoo's own code has to answer
        :raises werkzeug.exceptions.HTTPException: for addresses nobody of us wrote
        """
        if not self._is_available():
            return None, []
        if kind == "open":
            return self._answer_open(**arguments)
        return self._answer_click(**arguments)

    @api.model
    def _answer_open(self, mail_id, token):
        mails = self.env["mail.mail"]
        if not consteq(token, mails._generate_mail_recipient_token(mail_id)):
            raise Unauthorized()
        touchpoints = self._record_open(mail_id, self._get_request_facts())
        return Response(PIXEL, mimetype="image/gif"), touchpoints

    @api.model
    def _answer_click(self, code, mailing_trace_id):
        is_signed = self._is_link_signed(mailing_trace_id)
        try:
            url, touchpoints = self._record_click(
                code,
                mailing_trace_id,
                request.httprequest.remote_addr,
                request.geoip.country_code,
                self._get_request_facts(is_signed),
            )
        except KeyError as error:
            raise NotFound() from error
        return request.redirect(url, code=301, local=False), touchpoints

    @api.model
    def _is_link_signed(self, trace_id):
        """Whether we wrote the address that was asked for (`mailing_trace_link.py`)."""
        return (
            self.env["mailing.trace"]
            .with_user(SUPERUSER_ID)
            ._is_link_signed(
                trace_id if trace_id <= MAX_ID else 0, request.httprequest.args.get("k")
            )
        )

    @api.model
    def _get_request_facts(self, is_signed=True):
        """What tells people from machines; no address of them is kept."""
        return {
            "user_agent": request.httprequest.headers.get("User-Agent", ""),
            "method": request.httprequest.method,
            "is_signed": is_signed,
        }
