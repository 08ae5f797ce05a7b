from odoo import api, models

from ..tools.link_places import number_places


class LinkTracker(models.Model):
    """The same link twice in a mail is two places, each with clicks of its own."""

    _inherit = "link.tracker"

    @api.model
    def search_or_create(self, vals_list):
        """Number what repeats, where these are the links of one mail in their order.

        `marketing_places` has the numbers where a part of the mail is missing.
        """
        places = self.env.context.get("marketing_places") or ()
        if isinstance(vals_list, list) and all(
            vals.get("mass_mailing_id") and vals.get("url") for vals in vals_list
        ):
            labels = number_places(
                ((vals["url"], vals.get("label") or "") for vals in vals_list),
                places if len(places) == len(vals_list) else (),
            )
            vals_list = [
                vals | {"label": label} if label else vals
                for vals, label in zip(vals_list, labels, strict=True)
            ]
        return super().search_or_create(vals_list)
