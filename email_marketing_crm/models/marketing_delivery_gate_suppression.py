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
        return SQL(
            "EXISTS (SELECT FROM marketing_person person"
            " WHERE person.id = candidate.person_id AND person.is_suppressed)"
            " OR %s",
            self.env["marketing.suppression"]._get_condition(SQL("candidate.email")),
        )
