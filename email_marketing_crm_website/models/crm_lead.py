from odoo import api, models
from odoo.tools import SQL

from ..tools.visit import UTM_NAMES, clean_url, get_utm


class CrmLead(models.Model):
    """Leads by forms of the website: who a visitor is, and where he came from."""

    _inherit = "crm.lead"

    @api.model_create_multi
    def create(self, vals_list):
        leads = super().create(vals_list)
        if any(vals.get("visitor_ids") for vals in vals_list):
            leads.sudo().visitor_ids._capture_past()
        return leads

    def write(self, vals):
        result = super().write(vals)
        if "visitor_ids" in vals:
            self.sudo().visitor_ids._capture_past()
        return result

    def _capture_website_form(self, website, page_url, is_new):
        """Record that somebody sent the form this lead was made by.

        :param page_url: the page with the form
        :param is_new: whether nobody knew him before; he gets his origin then
        """
        self.ensure_one()
        person = self.marketing_person_id
        if not person:
            return
        first = self._get_first_source()
        data = {
            "title": website._get_page_name(page_url),
            "url": clean_url(page_url or ""),
            **first,
        }
        self.env["marketing.touchpoint"].sudo()._capture(
            [
                {
                    "type": "form",
                    "person_id": person.id,
                    "res_model": self._name,
                    "res_id": self.id,
                    "company_id": self.company_id.id,
                    "data": {key: value for key, value in data.items() if value},
                    "dedup_key": f"form:lead:{self.id}",
                }
            ]
        )
        if is_new and not person.acquisition_source_id:
            person.sudo().acquisition_source_id = self.env[
                "marketing.acquisition.source"
            ]._find_for_visit(first.get("utm_source"), self.company_id)

    def _get_first_source(self):
        """What brought the visitor first; else what brought him this time."""
        self.ensure_one()
        self.env["website.track"]._flush_visits()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT url FROM website_track
                 WHERE visitor_id = ANY(%s) AND url LIKE '%%utm_source=%%'
                 ORDER BY visit_datetime, id LIMIT 1
                """,
                self.visitor_ids.ids,
            )
        )
        if found := get_utm(rows[0][0]) if rows else {}:
            return found
        values = (self.source_id.name, self.medium_id.name, self.campaign_id.name)
        return {
            name: value for name, value in zip(UTM_NAMES, values, strict=True) if value
        }
