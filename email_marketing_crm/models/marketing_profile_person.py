from odoo import api, fields, models
from odoo.fields import Domain

from .marketing_timeline import ENGAGEMENT_GROUPS


class MarketingPerson(models.Model):
    """What a person is like: persona, buyer stage and the answers behind them."""

    _inherit = "marketing.person"

    # Written by `marketing.profile.value` alone.
    persona_id = fields.Many2one(
        "marketing.persona", readonly=True, ondelete="set null"
    )
    buyer_stage_id = fields.Many2one(
        "marketing.buyer.stage",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    profile_value_ids = fields.One2many(
        "marketing.profile.value", "person_id", string="Answers", readonly=True
    )
    current_profile_value_ids = fields.One2many(
        "marketing.profile.value",
        compute="_compute_current_profile_value_ids",
        string="Profile",
    )

    # The grid persona × stage and the lists behind its cells.
    _persona_stage = models.Index(
        "(persona_id, buyer_stage_id) WHERE persona_id IS NOT NULL"
    )

    def _compute_current_profile_value_ids(self):
        answers = self.env["marketing.profile.value"]._get_by_person(self.ids)
        for person in self:
            person.current_profile_value_ids = answers[person.id]

    @api.model
    def _get_person_models(self):
        return [*super()._get_person_models(), "marketing.profile.value"]

    def action_answer(self):
        """Enter what is known about these persons."""
        return self.env["marketing.profile.answer"]._open_for(self)

    def action_view_profile_history(self):
        """All answers there ever were, newest first."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Answers about %s", self.display_name),
            "res_model": "marketing.profile.value",
            "view_mode": "list",
            "domain": [("person_id", "=", self.id)],
            "context": {"hide_person": True},
        }


class MarketingPersonMixin(models.AbstractModel):
    """Persona, buyer stage and answers of the person, on each of his records."""

    _inherit = "marketing.person.mixin"

    marketing_persona_id = fields.Many2one(
        related="marketing_person_id.persona_id",
        related_sudo=True,
        groups=ENGAGEMENT_GROUPS,
        string="Persona",
    )
    marketing_buyer_stage_id = fields.Many2one(
        related="marketing_person_id.buyer_stage_id",
        related_sudo=True,
        groups=ENGAGEMENT_GROUPS,
        string="Buyer Stage",
    )
    marketing_profile_option_ids = fields.Many2many(
        "marketing.profile.option",
        compute="_compute_marketing_profile_option_ids",
        search="_search_marketing_profile_option_ids",
        compute_sudo=True,
        groups=ENGAGEMENT_GROUPS,
        string="Profile Answers",
        help="Interests and the other answers chosen from a list that count now.",
    )
    marketing_profile_value_ids = fields.Many2many(
        "marketing.profile.value",
        compute="_compute_marketing_profile_value_ids",
        compute_sudo=True,
        groups=ENGAGEMENT_GROUPS,
        string="Profile",
    )

    @api.depends(
        lambda self: ("marketing_person_id", "marketing_person_id.profile_value_ids")
    )
    def _compute_marketing_profile_option_ids(self):
        answers = self.env["marketing.profile.value"]._get_by_person(
            self.marketing_person_id.ids
        )
        for record in self:
            record.marketing_profile_option_ids = (
                answers[record.marketing_person_id.id]
                .filtered("is_in_effect")
                .option_ids
            )

    @api.model
    def _search_marketing_profile_option_ids(self, operator, value):
        """Records of persons by the answers that count."""
        if operator == "any":  # what somebody typed into the search bar
            value = self.env["marketing.profile.option"].search(value).ids
        elif operator != "in":
            return NotImplemented
        options = self.env["marketing.profile.option"].sudo()
        found = options.browse(item for item in value if isinstance(item, int) and item)
        for text in (item for item in value if isinstance(item, str)):
            found |= options.search([("name", "=", text)])
        if False in value or None in value:  # "is not set" is among them
            return NotImplemented
        return Domain(
            "marketing_person_id.profile_value_ids",
            "any!",
            [("is_in_effect", "=", True), ("option_ids", "in", found.ids)],
        )

    @api.depends(
        lambda self: ("marketing_person_id", "marketing_person_id.profile_value_ids")
    )
    def _compute_marketing_profile_value_ids(self):
        answers = self.env["marketing.profile.value"]._get_by_person(
            self.marketing_person_id.ids
        )
        for record in self:
            record.marketing_profile_value_ids = answers[record.marketing_person_id.id]

    def action_answer_profile(self):
        """Enter what is known about the persons of these records."""
        return self.env["marketing.profile.answer"]._open_for(self)
