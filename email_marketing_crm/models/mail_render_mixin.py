import lxml.html

from odoo import api, models
from odoo.tools.mail import URL_SKIP_PROTOCOL_REGEX

from odoo.addons.link_tracker.tools.html import find_links_with_urls_and_labels

from ..tools.link_places import PLACE, drop_places, get_place


class MailRenderMixin(models.AbstractModel):
    _inherit = "mail.render.mixin"

    @api.model
    def _shorten_links(self, html, link_tracker_vals, blacklist=None, base_url=None):
        """Keep the links apart that are places of their own in the whole mail.

        The link to the preference page becomes that of each person later.
        """
        blacklist = [*(blacklist or []), "/marketing/preferences"]
        if not html or PLACE not in html:
            return super()._shorten_links(
                html, link_tracker_vals, blacklist=blacklist, base_url=base_url
            )
        base = base_url or self.get_base_url()
        nodes, _links = find_links_with_urls_and_labels(
            lxml.html.fromstring(html),
            base,
            skip_regex=rf"^{URL_SKIP_PROTOCOL_REGEX}",
            skip_prefix=f"{base}/r/",
            skip_list=blacklist,
        )
        places = [get_place(node.get(PLACE)) for node in nodes]
        shortened = super(
            MailRenderMixin, self.with_context(marketing_places=places)
        )._shorten_links(
            html, link_tracker_vals, blacklist=blacklist, base_url=base_url
        )
        return shortened.__class__(drop_places(str(shortened)))
