from odoo import api, models
from odoo.exceptions import ValidationError

from ..tools.content_link import read_token

#: Context key: assets that a batch of events names, by their link.
NAMED = "marketing_named_assets"


class MarketingTouchpoint(models.Model):
    """Other systems may say which content asset somebody took: `asset` is its link."""

    _inherit = "marketing.touchpoint"

    @api.model
    def report_events(self, events):
        links = {
            link
            for event in (events if isinstance(events, list) else ())
            if isinstance(event, dict) and isinstance(link := event.get("asset"), str)
        }
        if not links:
            return super().report_events(events)
        tokens = {link: read_token(link) for link in links}
        found = self.env["marketing.asset"].sudo()
        found = found.search([("token", "in", [*filter(None, tokens.values())])])
        readable = found.with_env(self.env)._filtered_access("read")
        by_token = {asset.sudo().token: asset for asset in readable}
        named = {link: by_token.get(token) for link, token in tokens.items()}
        touchpoints = self.with_context(**{NAMED: named})
        return super(MarketingTouchpoint, touchpoints).report_events(events)

    @api.model
    def _prepare_reported_event(self, event, allowed):
        values = super()._prepare_reported_event(event, allowed)
        link = event.get("asset")
        if not link:
            return values
        named = self.env.context.get(NAMED, {})
        asset = named.get(link) if isinstance(link, str) else None
        if values["type"] != "download" or not asset:
            raise ValidationError(
                self.env._(
                    "%s is not the link of a content asset that somebody downloaded.",
                    link,
                )
            )
        return values | {
            "res_model": asset._name,
            "res_id": asset.id,
            "data": asset._prepare_facts() | values["data"],
        }
