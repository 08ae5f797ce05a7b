"""What the figures about the state of the data are called."""

from odoo import api, models

from .marketing_quality_finding import STALE_MONTHS


class MarketingQualityCount(models.AbstractModel):
    _inherit = "marketing.quality.count"

    @api.model
    def _get_labels(self):
        """`{code: text}` of all findings, in the language of the user."""
        labels = {
            "reach:mailable": self.env._("Can be mailed"),
            "missing:name": self.env._("Name is not known"),
            "missing:company": self.env._("Company is not known"),
            "missing:function": self.env._("Job is not known"),
            "missing:phone": self.env._("Telephone is not known"),
            "missing:country": self.env._("Country is not known"),
            "missing:lang": self.env._("Language is not known"),
            "address:res.partner": self.env._("Contacts with an unusable address"),
            "address:crm.lead": self.env._("Leads with an unusable address"),
            "address:mailing.contact": self.env._(
                "List contacts with an unusable address"
            ),
            "address:none": self.env._("Contacts without an address"),
            "address:invalid": self.env._("Addresses that do not work"),
            "address:risky": self.env._("Risky addresses"),
            "address:unknown": self.env._("Addresses not checked yet"),
            "address:mistyped": self.env._("Addresses that look mistyped"),
            "duplicate:marketing.person": self.env._("Pairs of persons to decide"),
            "duplicate:res.partner": self.env._("Pairs of contacts to decide"),
        }
        reasons = self.env["marketing.delivery"]._fields["reason"]
        for code, text in reasons._description_selection(self.env):
            labels[f"reach:{code}"] = text
        for attribute in (
            self.env["marketing.profile.attribute"]
            .sudo()
            .with_context(active_test=False)
            .search([])
        ):
            labels[f"missing:profile:{attribute.code}"] = self.env._(
                "%s: not known", attribute.name
            )
        for months in STALE_MONTHS:
            labels[f"stale:{months}"] = self.env._(
                "Nothing happened for %s months", months
            )
        return labels
