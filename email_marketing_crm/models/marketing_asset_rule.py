from odoo import api, fields, models
from odoo.tools import SQL


class MarketingSegmentRule(models.Model):
    """A rule of a segment may be about one content asset."""

    _inherit = "marketing.segment.rule"

    asset_id = fields.Many2one(
        "marketing.asset",
        string="Only This Content",
        ondelete="restrict",
        index="btree_not_null",
    )

    @api.depends("asset_id")
    def _compute_scope(self):
        result = super()._compute_scope()
        for rule in self.filtered("asset_id"):
            parts = (rule.scope, rule.asset_id.display_name)
            rule.scope = ", ".join(part for part in parts if part)
            rule.is_scope_shown = True
        return result

    def _get_scope_conditions(self):
        yield from super()._get_scope_conditions()
        if self.asset_id:
            yield SQL(
                "res_model = 'marketing.asset' AND res_id = %s",
                self.asset_id._origin.id,
            )


class MarketingScoreRule(models.Model):
    """Points for taking one content asset."""

    _inherit = "marketing.score.rule"

    asset_id = fields.Many2one(
        "marketing.asset",
        string="Only This Content",
        ondelete="restrict",
        index="btree_not_null",
        help="Leave it empty to count all contents.",
    )

    @api.depends("asset_id")
    def _compute_display_name(self):
        result = super()._compute_display_name()
        for rule in self.filtered("asset_id"):
            if not rule.name:
                rule.display_name = self.env._(
                    "%(event)s: “%(asset)s”",
                    event=rule.type_id.name,
                    asset=rule.asset_id.name,
                )
        return result


class MarketingJourneyStep(models.Model):
    """A journey may wait until somebody takes one content asset."""

    _inherit = "marketing.journey.step"

    event_asset_id = fields.Many2one(
        "marketing.asset",
        string="Only This Content",
        ondelete="restrict",
        index="btree_not_null",
    )
    event_code = fields.Char(related="event_type_id.code")

    @api.onchange("event_type_id")
    def _onchange_event_type_id(self):
        if self.event_code != "download":
            self.event_asset_id = False

    @api.depends("event_asset_id")
    def _compute_summary(self):
        return super()._compute_summary()

    def _get_summary(self):
        asset = self.event_asset_id.sudo().name
        if self.kind != "wait_event" or not asset:
            return super()._get_summary()
        return self.env._(
            "“%(asset)s” taken within %(time)s?",
            asset=asset,
            time=self._get_time_text(),
        )
