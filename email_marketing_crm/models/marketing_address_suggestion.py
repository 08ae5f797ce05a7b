from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.address_typo import suggest_address
from .marketing_timeline import ENGAGEMENT_GROUPS


class MarketingPersonMixin(models.AbstractModel):
    """Records whose address looks mistyped: the one that was probably meant."""

    _inherit = "marketing.person.mixin"

    marketing_suggested_email = fields.Char(
        "Perhaps Meant",
        compute="_compute_marketing_suggested_email",
        help="The address looks mistyped; nothing is changed unless you say so.",
    )
    marketing_address_state = fields.Selection(
        related="marketing_person_id.address_state",
        related_sudo=True,
        groups=ENGAGEMENT_GROUPS,
        string="Address State",
    )

    @api.depends(
        lambda self: (
            getattr(self, "_primary_email", "email_normalized"),
            "marketing_person_id",
        )
    )
    def _compute_marketing_suggested_email(self):
        for record in self:
            domain = record.sudo().marketing_person_id.email_domain_id
            record.marketing_suggested_email = domain.kind != "trusted" and (
                suggest_address(record[self._primary_email])
            )

    def action_use_suggested_email(self):
        """Use the address that was probably meant."""
        mistyped = self.filtered("marketing_suggested_email")
        if not mistyped:
            raise UserError(self.env._("None of these addresses looks mistyped."))
        if mistyped._filtered_access("write") != mistyped:
            raise AccessError(
                self.env._(
                    "You may not change these records (%s), so the address stays as it "
                    "is. Ask somebody who may. In marketing, the page of the person "
                    "offers the same for all records with that address.",
                    self.env["ir.model"]._get(self._name).name,
                )
            )
        for record in mistyped:  # each gets another address
            record[self._primary_email] = record.marketing_suggested_email
