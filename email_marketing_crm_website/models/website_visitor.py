from odoo import models
from odoo.tools import SQL

#: Fields that say who a visitor is.
IDENTITY_FIELDS = {"access_token", "lead_ids", "partner_id"}


class WebsiteVisitor(models.Model):
    """Visitors tell what they look at, as soon as it is known who they are."""

    _inherit = "website.visitor"

    def _upsert_visitor(self, access_token, force_track_values=None):
        visitor_id, upsert = super()._upsert_visitor(access_token, force_track_values)
        if force_track_values and not self.env.user._is_internal():
            self.env["website.track"]._capture_last(visitor_id)
        return visitor_id, upsert

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & IDENTITY_FIELDS:
            self._capture_past()
        return result

    def _capture_past(self):
        """Record what these visitors saw before it was known who they are."""
        if self:
            self.env["website.track"]._capture_views(
                SQL("track.visitor_id = ANY(%s)", self.ids)
            )

    def _merge_visitor(self, target):
        """Who logs in has seen what he saw before."""
        tracks = self.website_track_ids.ids
        result = super()._merge_visitor(target)
        self.env["website.track"]._capture_views(SQL("track.id = ANY(%s)", tracks))
        return result
