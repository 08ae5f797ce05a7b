from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    """A hit needs no language, no website, no upload limit and no cookie of a campaign.

    Just the request: `marketing_hit` marks the routes (`controllers/tracking.py`).
    """

    _inherit = "ir.http"

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
