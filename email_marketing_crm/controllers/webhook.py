from odoo import http
from odoo.http import Response, request

#: The largest requests of providers are about 1.5 MB.
MAX_BODY_BYTES = 4 * 1024 * 1024
#: Requests of one webhook in an hour; each may hold a thousand events.
MAX_CALLS = 20_000
#: Tries of one network address to find a webhook, in an hour.
MAX_TRIES = 60


class MarketingWebhookController(http.Controller):
    @http.route(
        "/marketing/webhook/<string:provider>/<string:token>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def take_events(self, provider, token):
        """What became of mails, as mail providers report it.

        An address that does not exist, a wrong token and a webhook that is switched
        off are all the same to who asks.
        """
        length = request.httprequest.content_length
        if length is None:
            return Response(status=411)
        if length > MAX_BODY_BYTES:
            return Response(status=413)
        webhook = request.env["marketing.webhook"]._find(provider, token)
        limits = request.env["marketing.rate.limit"].sudo()
        if not webhook:
            address = request.httprequest.remote_addr
            if not limits._is_allowed("webhook-try", address, MAX_TRIES, 1):
                return Response(status=429)
            # An exception would undo the count of this try.
            return Response(status=404)
        if not limits._is_allowed("webhook", webhook.id, MAX_CALLS, 1):
            return Response(status=429)
        body = request.httprequest.get_data()
        return Response(status=webhook._take(body, request.httprequest.headers))
