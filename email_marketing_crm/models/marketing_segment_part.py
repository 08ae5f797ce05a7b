from odoo import api, models


class MarketingSegmentPart(models.AbstractModel):
    """A condition that a segment is made of, besides its domain.

    Whoever creates, changes or deletes one changes who is a member: the segment is
    computed anew.
    """

    _name = "marketing.segment.part"
    _description = "Part of a Segment"

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts.segment_id._on_conditions_changed()
        return parts

    def write(self, vals):
        segments = self.segment_id
        result = super().write(vals)
        if vals.keys() - {"sequence"}:
            (segments | self.segment_id)._on_conditions_changed()
        return result

    def unlink(self):
        segments = self.segment_id
        result = super().unlink()
        segments.exists()._on_conditions_changed()
        return result
