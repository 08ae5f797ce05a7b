from odoo import http
from odoo.http import request

from ..tools.content_link import add_campaign
from .consent import render_page

#: Tries of one network address to find a content, in an hour.
MAX_TRIES = 60
#: Kinds of files that browsers show themselves; others are saved, as a page of ours
#: must not run what somebody uploaded.
SHOWN_TYPES = ("application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp")
SHOWN_FAMILIES = ("video", "audio")


class MarketingAssetController(http.Controller):
    @http.route(
        "/marketing/content/<string:token>",
        type="http",
        auth="public",
        website=True,
        multilang=False,
        sitemap=False,
        methods=["GET"],
        save_session=False,
    )
    def take_content(self, token, **query):
        """A content asset: its file, or the page it stands for.

        Nothing is recorded here. Who took it is known from the tracked link of his
        mail; a bare link belongs to nobody. What does not exist and what is offered no
        longer are the same to who asks.
        """
        asset = request.env["marketing.asset"]._find_by_token(token)
        if not asset:
            limits = request.env["marketing.rate.limit"].sudo()
            address = request.httprequest.remote_addr
            if not limits._is_allowed("content-try", address, MAX_TRIES, 1):
                return render_page("page_too_many", {}, status=429)
            return render_page("page_no_content", {}, status=404)
        if asset.source == "url":
            url = add_campaign(asset.url, query)
            return request.redirect(url, 302, local=False)
        stream = request.env["ir.binary"]._get_stream_from(
            asset, "file", filename=asset.file_name or asset.name
        )
        family = (stream.mimetype or "").partition("/")[0]
        is_shown = stream.mimetype in SHOWN_TYPES or family in SHOWN_FAMILIES
        response = stream.get_response(as_attachment=not is_shown)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response
