from urllib.parse import urlsplit

from odoo import models


class Website(models.Model):
    _inherit = "website"

    def _get_page_name(self, url):
        """Name of the page at an address, or nothing where no page is there."""
        self.ensure_one()
        try:
            path = urlsplit(url or "").path
        except ValueError:
            return None
        domain = [("url", "=", path), ("website_id", "in", [False, self.id])]
        page = self.env["website.page"].sudo().search(domain, limit=1)
        return page.name
