"""The lists that the figures about the state of the data open."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .marketing_quality_count import ADDRESS_ACTIONS


class MarketingQualityCount(models.AbstractModel):
    _inherit = "marketing.quality.count"

    @api.model
    def _get_action(self, metric):
        """The list behind a figure."""
        kind, _separator, model = metric.code.partition(":")
        if kind == "duplicate":
            action = self._read_action("marketing_duplicate_action")
            domain = self._get_duplicate_domain(metric.company_id.id)
            return action | {"domain": [*domain, ("res_model", "=", model)]}
        if metric.code == "address:none":
            return {
                "type": "ir.actions.act_window",
                "name": metric.name,
                "res_model": "res.partner",
                "view_mode": "list,kanban,form",
                "domain": [("email", "in", (False, ""))],
            }
        if model in ADDRESS_ACTIONS:
            return self._read_action(ADDRESS_ACTIONS[model])
        return {
            "type": "ir.actions.act_window",
            "name": metric.name,
            "res_model": "marketing.person",
            "view_mode": "list,kanban,form",
            "domain": [
                ("quality_finding", "=", f"{metric.company_id.id or 0}:{metric.code}")
            ],
            "context": {"create": False},
        }

    @api.model
    def _read_action(self, name):
        return self.env["ir.actions.actions"]._for_xml_id(f"email_marketing_crm.{name}")


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    quality_finding = fields.Char(
        "Finding of Data Quality",
        store=False,
        search="_search_quality_finding",
        help="Finds the persons behind a figure: <company id or 0>:<code>.",
    )

    @api.model
    def _search_quality_finding(self, operator, value):
        """Persons behind figures of the page Data Quality."""
        if operator != "in":
            return NotImplemented
        counts = self.env["marketing.quality.count"].sudo()
        self.env.flush_all()
        found = Domain.FALSE
        for item in value:
            company, _separator, code = str(item or "").partition(":")
            if not company.isdecimal():
                continue
            query = counts._get_persons_query(code, int(company))
            if query:
                found |= Domain("id", "in", SQL("(%s)", query))
        return found
