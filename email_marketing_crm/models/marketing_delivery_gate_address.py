from odoo import api, fields, models
from odoo.tools import SQL


class MarketingDelivery(models.Model):
    """Gates of data that came in: addresses that do not work, lists without a basis."""

    _inherit = "marketing.delivery"

    reason = fields.Selection(
        selection_add=[
            ("no_legal_basis", "No legal basis to mail"),
            ("invalid_address", "Address does not work"),
        ]
    )

    @api.model
    def _gate_invalid_address(self, mailing):
        """An address that is known not to work; doubts are no reason."""
        return self._has_person(SQL("person.address_state = 'invalid'"))

    @api.model
    def _gate_no_legal_basis(self, mailing):
        """Persons of a list whose basis is unknown, and who never said yes.

        Who has no basis at all was known before anybody asked, and may be mailed.
        """
        return self._has_person(
            SQL(
                """
                person.legal_basis = 'unknown'
                AND NOT EXISTS (SELECT FROM marketing_consent consent
                                 WHERE consent.person_id = person.id
                                   AND consent.state = 'in'
                                   AND consent.legal_basis <> 'unknown')
                """
            )
        )
