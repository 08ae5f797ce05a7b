from markupsafe import Markup

from odoo import http
from odoo.http import request

from odoo.addons.mass_mailing.controllers.main import MassMailController

PREFERENCES_PATH = "/marketing/preferences"
#: Reports of pages from one network address in an hour.
READINGS_PER_HOUR = 600


class MarketingMailViewController(MassMailController):
    """A mail in the browser: the very one that its reader got.

    His language, the blocks that were for him, the salesperson who sent it. The link
    to the preferences is his own, as in the mail.
    """

    @http.route()
    def mailing_view_in_browser(
        self, mailing_id, email=None, document_id=None, hash_token=None, **kwargs
    ):
        request.update_context(marketing_view=True)
        response = super().mailing_view_in_browser(
            mailing_id,
            email=email,
            document_id=document_id,
            hash_token=hash_token,
            **kwargs,
        )
        if email and hash_token:
            # The token was checked above: it is the link of this very reader.
            mailing = request.env["mailing.mailing"].sudo().browse(mailing_id)
            mailing._capture_view(
                email,
                request.httprequest.headers.get("User-Agent", ""),
                request.httprequest.method,
            )
        body = response.qcontext.get("body")
        if body and email and PREFERENCES_PATH in body:
            body = self._personalize_preferences(body, email)
        if body and email and hash_token:
            body = Markup(body) + mailing._get_reading_script(email)
        response.qcontext["body"] = body
        return response

    @http.route(
        "/marketing/reading",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,  # the page of a mail has no session; its token is signed
        save_session=False,
        sitemap=False,
    )
    def reading(self, token="", seconds="", **_post):
        """A page says how long it was visible; whoever asks learns nothing."""
        limits = request.env["marketing.rate.limit"].sudo()
        address = request.httprequest.remote_addr
        if limits._is_allowed("reading", address, READINGS_PER_HOUR, 1):
            request.env["mailing.mailing"]._capture_reading(
                token, seconds, request.httprequest.headers.get("User-Agent", "")
            )
        return request.make_response("", status=204)

    def _personalize_preferences(self, body, email):
        """The token of the link proved the address, so its person may be shown."""
        persons = request.env["marketing.person"].sudo()
        found = persons._get_ids_by_email([persons._normalize(email)])
        person = persons.browse(found.values())
        if not person:
            return body
        marker = f'href="{PREFERENCES_PATH}"'
        return Markup(
            str(body).replace(marker, f'href="{person._get_preference_url()}"')
        )
