from odoo import api, models


class MailRenderMixin(models.AbstractModel):
    _inherit = "mail.render.mixin"

    @api.model
    def _shorten_links(self, html, link_tracker_vals, blacklist=None, base_url=None):
        """The link to the preference page becomes that of each person later."""
        return super()._shorten_links(
            html,
            link_tracker_vals,
            blacklist=[*(blacklist or []), "/marketing/preferences"],
            base_url=base_url,
        )
