from odoo import models
from odoo.exceptions import UserError


class PrivacyLookupWizard(models.TransientModel):
    """Odoo's look-up finds the person; what hangs on him goes with him."""

    _inherit = "privacy.lookup.wizard"

    def _get_query_models_blacklist(self):
        """One line for a person, instead of one for each mail he ever got."""
        rules = self.env["marketing.person"]._get_erasure_rules()
        return super()._get_query_models_blacklist() + [rule.model for rule in rules]


class PrivacyLookupWizardLine(models.TransientModel):
    _inherit = "privacy.lookup.wizard.line"

    def action_unlink(self):
        """Erase a person instead of deleting him: figures and his “no” stay.

        The other records of the look-up are lines of their own, which the user
        archives, deletes or leaves.
        """
        if self.res_model != "marketing.person":
            return super().action_unlink()
        self.ensure_one()
        if self.is_unlinked:
            raise UserError(self.env._("This person is erased already."))
        person = self.env["marketing.person"].sudo().browse(self.res_id)
        self.env["marketing.privacy.request"].sudo()._request_erasure(
            person, "request", keep_records=True
        )
        self.execution_details = self.env._(
            "%(model)s #%(id)s: identity erased, statistics kept",
            model=self.res_model_id.name,
            id=self.res_id,
        )
        self.is_unlinked = True
