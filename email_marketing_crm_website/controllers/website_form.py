from odoo.addons.website_crm.controllers.website_form import WebsiteForm


class MarketingWebsiteForm(WebsiteForm):
    def insert_record(self, request, model_sudo, values, custom, meta=None):
        """Whoever sends a form that makes a lead has it in his history."""
        if model_sudo.model != "crm.lead":
            return super().insert_record(request, model_sudo, values, custom, meta=meta)
        persons = request.env["marketing.person"].sudo()
        email = persons._normalize(values.get("email_from"))
        is_new = bool(email) and not persons._get_ids_by_email([email])
        lead_id = super().insert_record(request, model_sudo, values, custom, meta=meta)
        lead = request.env["crm.lead"].sudo().browse(lead_id or []).exists()
        if lead:
            lead._capture_website_form(
                request.website, request.httprequest.referrer, is_new
            )
        return lead_id
