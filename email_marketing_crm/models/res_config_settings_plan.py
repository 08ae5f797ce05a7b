from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    marketing_needs_approval = fields.Boolean(
        related="company_id.marketing_needs_approval", readonly=False
    )
    marketing_complaint_segment_ids = fields.Many2many(
        related="company_id.marketing_complaint_segment_ids", readonly=False
    )
    marketing_complaint_tag_ids = fields.Many2many(
        related="company_id.marketing_complaint_tag_ids", readonly=False
    )
