from odoo import api, fields, models, tools
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.comparison import compare, is_comparison

#: Settings that the target of a link depends on, beside the link's own fields.
TARGET_PARAMETERS = ("link_tracker.no_external_tracking", "web.base.url")


class LinkTracker(models.Model):
    _inherit = "link.tracker"

    # Odoo keeps the number on the link's row, which every click then rewrites: on a
    # popular link all clicks wait for one another. Counting reads one index.
    count = fields.Integer(store=False, search="_search_count")

    @api.model
    def _field_to_sql(self, alias, field_expr, query=None):
        """Also `count`: it can be sorted, grouped and summed as when it was stored."""
        if field_expr != "count":
            return super()._field_to_sql(alias, field_expr, query)
        return SQL(
            "(SELECT count(*) FROM link_tracker_click AS click"
            " WHERE click.link_id = %s)",
            SQL.identifier(
                alias, "id", to_flush=self.env["link.tracker.click"]._fields["link_id"]
            ),
        )

    def _search_count(self, operator, value):
        if not is_comparison(operator):
            return NotImplemented
        return Domain.custom(
            to_sql=lambda model, alias, query: compare(
                model._field_to_sql(alias, "count", query), operator, value
            )
        )

    # ------------------------------------------------------------------
    # TARGET OF A CODE
    # ------------------------------------------------------------------

    @api.model
    def _get_target(self, code):
        """What a click on a short link needs: read once, then remembered.

        :returns: (link, campaign, mailing, address to go to)
        :raises KeyError: for a code that does not exist; that is not remembered, as
            the code may be drawn tomorrow
        """
        if "\0" in code:
            raise KeyError(code)
        get_param = self.env["ir.config_parameter"].sudo().get_param
        return self._read_target(code, tuple(map(get_param, TARGET_PARAMETERS)))

    @api.model
    @tools.ormcache("code", "settings")
    def _read_target(self, code, settings):
        link = (
            self.env["link.tracker.code"]
            .sudo()
            .search([("code", "=", code)], limit=1)
            .link_id
        )
        if not link:
            raise KeyError(code)
        return (
            link.id,
            link.campaign_id.id or None,
            link.mass_mailing_id.id or None,
            link.redirected_url,
        )

    def write(self, vals):
        result = super().write(vals)
        # A title changes no target, and is written by the search for a preview.
        if vals.keys() - {"title"}:
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()


class LinkTrackerCode(models.Model):
    _inherit = "link.tracker.code"

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()
