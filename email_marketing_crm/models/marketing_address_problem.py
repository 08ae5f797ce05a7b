from odoo import api, fields, models

from ..tools.address_problem import find_address_problem


class MarketingPersonMixin(models.AbstractModel):
    """Records whose address cannot be used: they belong to nobody until corrected."""

    _inherit = "marketing.person.mixin"

    marketing_address_problem = fields.Char(
        "What Is Wrong",
        compute="_compute_marketing_address_problem",
        help="Why this address cannot be used, so that nobody can be mailed at it.",
    )

    @api.depends(lambda self: ("email_normalized", "marketing_person_id"))
    def _compute_marketing_address_problem(self):
        sentences = self._get_address_problem_sentences()
        for record in self:
            problem = not record.marketing_person_id and find_address_problem(
                record[self._primary_email]
            )
            record.marketing_address_problem = sentences.get(problem, False)

    @api.model
    def _get_address_problem_sentences(self):
        return {
            "no_at": self.env._("The @ is missing."),
            "several_at": self.env._("There is more than one @."),
            "no_name": self.env._("Nothing stands before the @."),
            "no_domain": self.env._("Nothing stands after the @."),
            "space": self.env._("There is a space in it."),
            "other": self.env._("It is not written like an email address."),
        }
