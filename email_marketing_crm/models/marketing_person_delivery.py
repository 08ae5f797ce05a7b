from odoo import fields, models

from .marketing_delivery import WAITING_STATES


class MarketingPerson(models.Model):
    """The mails that a person did not get, or gets later, and why."""

    _inherit = "marketing.person"

    skipped_delivery_count = fields.Integer(
        "Mails Not Sent", compute="_compute_skipped_delivery_count"
    )

    waiting_delivery_count = fields.Integer(
        "Mails Waiting", compute="_compute_skipped_delivery_count"
    )

    def _compute_skipped_delivery_count(self):
        """Numbers of mails that the user may see; the index on persons serves it."""
        skipped, waiting = {}, {}
        deliveries = self.env["marketing.delivery"]
        if deliveries.has_access("read"):
            rows = deliveries._read_group(
                [
                    ("person_id", "in", self.ids),
                    ("state", "in", ("skipped", *WAITING_STATES)),
                ],
                ["person_id", "state"],
                ["__count"],
            )
            for person, state, count in rows:
                counts = skipped if state == "skipped" else waiting
                counts[person] = counts.get(person, 0) + count
        for person in self:
            person.skipped_delivery_count = skipped.get(person, 0)
            person.waiting_delivery_count = waiting.get(person, 0)

    def action_view_waiting_deliveries(self):
        """The mails that these persons are to get, when, and what they wait for."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_delivery_action"
        )
        return action | {
            "display_name": self.env._("Mails Waiting"),
            "domain": [
                ("person_id", "in", self.ids),
                ("state", "in", WAITING_STATES),
            ],
            "context": {},
        }

    def action_view_skipped_deliveries(self):
        """The mails that these persons did not get, by reason."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_delivery_action"
        )
        return action | {
            "display_name": self.env._("Mails Not Sent"),
            "domain": [("person_id", "in", self.ids)],
            "context": {
                "search_default_skipped": 1,
                "search_default_group_reason": 1,
            },
        }


class ResPartner(models.Model):
    _inherit = "res.partner"

    marketing_skipped_count = fields.Integer(
        "Mails Not Sent",
        related="marketing_person_id.skipped_delivery_count",
        groups="email_marketing_crm.group_marketing_user",
    )

    def action_view_skipped_deliveries(self):
        """The marketing mails that the contact did not get, by reason."""
        return self.marketing_person_id.action_view_skipped_deliveries()
