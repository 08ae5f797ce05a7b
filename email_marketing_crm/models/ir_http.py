from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _pre_dispatch(cls, rule, args):
        """A hit needs no language, no website and no upload limit: just the request."""
        if rule.endpoint.routing.get("marketing_hit"):
            request.dispatcher.pre_dispatch(rule, args)
            return None
        return super()._pre_dispatch(rule, args)
