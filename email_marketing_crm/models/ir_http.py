import re
from functools import partial

import werkzeug.exceptions

from odoo import models
from odoo.http import request
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, retrying

#: What asks without changing anything.
SAFE_METHODS = ("GET", "HEAD")
#: Errors after which the route answers: it says what is wrong, or Odoo calls it again.
LEFT_TO_ROUTE = (
    werkzeug.exceptions.HTTPException,
    *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY,
)
#: Kind of hit → its address, as Odoo's routes have it (`controllers/tracking.py`).
HIT_ADDRESSES = {
    "open": re.compile(r"/mail/track/(?P<mail_id>\d+)/(?P<token>[^/]+)/blank\.gif"),
    "click": re.compile(r"/r/(?P<code>[^/]+)/m/(?P<mailing_trace_id>\d+)"),
}


class IrHttp(models.AbstractModel):
    """A hit needs no language, no website, no upload limit and no cookie of a campaign.

    Just the request: `marketing_hit` marks the routes (`controllers/tracking.py`).
    """

    _inherit = "ir.http"

    @classmethod
    def _match(cls, path_info):
        """Answer a hit before its route is looked for.

        `http_routing` redirects from here too. What would follow, such as the route and
        the user, a hit does not need. Whatever else happens is the route's: addresses
        nobody of us wrote, other methods, hits that collide, and a database that is
        only read (a replica, or the requests of tests).
        """
        answer = cls._answer_hit(path_info)
        if answer is not None:
            request.session.can_save = False
            werkzeug.exceptions.abort(answer)
        return super()._match(path_info)

    @classmethod
    def _answer_hit(cls, path_info):
        if request.env.cr.readonly or request.httprequest.method not in SAFE_METHODS:
            return None
        for kind, address in HIT_ADDRESSES.items():
            if found := address.fullmatch(path_info):
                arguments = {
                    name: int(value) if name.endswith("_id") else value
                    for name, value in found.groupdict().items()
                }
                hits = request.env["marketing.hit"]
                try:
                    answer, touchpoints = hits._answer(kind, **arguments)
                except LEFT_TO_ROUTE:
                    return None
                if touchpoints:
                    retrying(partial(hits._capture, touchpoints), request.env)
                return answer
        return None

    @classmethod
    def _pre_dispatch(cls, rule, args):
        request.is_marketing_hit = bool(rule.endpoint.routing.get("marketing_hit"))
        if request.is_marketing_hit:
            request.dispatcher.pre_dispatch(rule, args)
            return None
        return super()._pre_dispatch(rule, args)

    @classmethod
    def _post_dispatch(cls, response):
        if getattr(request, "is_marketing_hit", False):
            request.dispatcher.post_dispatch(response)
            return None
        return super()._post_dispatch(response)
