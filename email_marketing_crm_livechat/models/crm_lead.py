from odoo import api, models


class CrmLead(models.Model):
    _inherit = "crm.lead"

    @api.model_create_multi
    def create(self, vals_list):
        """A lead made out of a live chat tells who the visitor was."""
        leads = super().create(vals_list)
        if any(vals.get("origin_channel_id") for vals in vals_list):
            leads.sudo().origin_channel_id._capture_conversations()
        return leads
