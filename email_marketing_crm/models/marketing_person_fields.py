from odoo import api, models

#: What marketers may put into a mail about who gets it, without being trusted with
#: templates that can do anything.
PERSON_EXPRESSIONS = (
    "object.marketing_name",
    "object.marketing_grade",
    "object.marketing_persona_id",
    "object.marketing_persona_id.name",
    "object.marketing_persona_id.display_name",
    "object.marketing_buyer_stage_id",
    "object.marketing_buyer_stage_id.name",
    "object.marketing_buyer_stage_id.display_name",
    "object.marketing_lifecycle_stage_id",
    "object.marketing_lifecycle_stage_id.name",
    "object.marketing_lifecycle_stage_id.display_name",
    "object.email",
    "object.function",
    "object.company_name",
    "object.partner_name",
    "object.parent_id",
    "object.parent_id.name",
    "object.parent_id.display_name",
    "object.city",
    "object.country_id",
    "object.country_id.name",
    "object.country_id.display_name",
    "object.user_id.display_name",
    "object.user_id.phone",
    "object.user_id.email",
    "object.partner_id.display_name",
)


class MarketingPersonMixin(models.AbstractModel):
    """Fields of the person that may stand in a mail, chosen in the editor."""

    _inherit = "marketing.person.mixin"

    @api.model
    def mail_allowed_qweb_expressions(self):
        return (*super().mail_allowed_qweb_expressions(), *PERSON_EXPRESSIONS)
