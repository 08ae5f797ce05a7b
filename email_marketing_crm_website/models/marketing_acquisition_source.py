from odoo import api, models

from odoo.addons.email_marketing_crm.tools.segment_rules import escape_like


class MarketingAcquisitionSource(models.Model):
    _inherit = "marketing.acquisition.source"

    @api.model
    def _find_for_visit(self, name, company):
        """The origin of who came by the website.

        That of the name in `utm_source`, if somebody made one: what strangers write
        into addresses makes no records. Else the website.
        """
        sources = self.sudo()
        found = sources.browse()
        if name:
            found = sources.search(
                [
                    ("name", "=ilike", escape_like(name)),
                    ("company_id", "in", [False, company.id]),
                ],
                limit=1,
            )
        website = "email_marketing_crm_website.acquisition_source_website"
        return found or self.env.ref(website, raise_if_not_found=False) or found
