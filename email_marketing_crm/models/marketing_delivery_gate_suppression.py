from odoo import api, fields, models
from odoo.tools import SQL


class MarketingDelivery(models.Model):
    """Gate: who is on the suppression list gets no mail of any mailing."""

    _inherit = "marketing.delivery"

    reason = fields.Selection(
        selection_add=[
            ("suppression_list", "On the suppression list"),
            ("address_changed", "Address changed after it was written"),
        ],
        ondelete={"suppression_list": "cascade", "address_changed": "cascade"},
    )

    @api.model
    def _gate_suppression_list(self, mailing):
        """The person is on the list, or the very address that is used.

        The address is asked for by its hash, so that neither a record with another
        address than its person's nor a person who was made in this moment slips by.
        """
        person = self._has_person(SQL("person.is_suppressed"))
        suppressions = self.env["marketing.suppression"]
        # A million hashes take some seconds; who has no list need not wait for them.
        if not suppressions.sudo().search([("lifted_date", "=", False)], limit=1):
            return person
        return SQL(
            "%s OR %s", person, suppressions._get_condition(SQL("candidate.email"))
        )
