from odoo import fields, models


class MarketingPerson(models.Model):
    """The journeys of a person."""

    _inherit = "marketing.person"

    journey_count = fields.Integer(compute="_compute_journey_count")

    def _compute_journey_count(self):
        counts = dict(
            self.env["marketing.journey.participant"]._read_group(
                [("person_id", "in", self.ids)], ["person_id"], ["__count"]
            )
        )
        for person in self:
            person.journey_count = counts.get(person, 0)

    def action_view_journeys(self):
        """The passes of the person, each with its story."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_journey_participant_action"
        )
        action["display_name"] = self.env._("Journeys of %s", self.display_name)
        action["domain"] = [("person_id", "=", self.id)]
        action["context"] = {}
        return action
