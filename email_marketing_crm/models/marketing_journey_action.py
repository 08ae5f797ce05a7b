from odoo import models


class MarketingJourney(models.Model):
    """What the buttons and figures of a journey open."""

    _inherit = "marketing.journey"

    def action_view_participants(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_journey_participant_action"
        )
        action["domain"] = [("journey_id", "=", self.id)]
        action["context"] = {
            f"search_default_{name}": 1
            for name in (self.env.context.get("journey_filter"),)
            if name
        }
        return action

    def action_view_steps(self):
        """The tree of steps of the version in work, or of the running one."""
        self.ensure_one()
        return self.shown_version_id.action_view_steps()

    def action_view_versions(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Versions of %s", self.name),
            "res_model": "marketing.journey.version",
            "view_mode": "list,form",
            "domain": [("journey_id", "=", self.id)],
        }

    def action_view_segment(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "marketing.segment",
            "res_id": self.segment_id.id,
            "view_mode": "form",
        }

    def action_add_step(self):
        """Add the first step; the others are added after a step."""
        self.ensure_one()
        return self.env["marketing.journey.step"]._get_new_action(self.draft_version_id)

    def action_add_participants(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Add Participants"),
            "res_model": "marketing.journey.add",
            "view_mode": "form",
            "target": "new",
            "context": {"default_journey_id": self.id},
        }
