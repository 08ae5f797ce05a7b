from odoo import fields, models


class MarketingPerson(models.Model):
    """The mails that a person did not get, and why."""

    _inherit = "marketing.person"

    skipped_delivery_count = fields.Integer(
        "Mails Not Sent", compute="_compute_skipped_delivery_count"
    )

    def _compute_skipped_delivery_count(self):
        """Numbers of mails that the user may see; the index on persons serves it."""
        counts = {}
        deliveries = self.env["marketing.delivery"]
        if deliveries.has_access("read"):
            counts = dict(
                deliveries._read_group(
                    [("person_id", "in", self.ids), ("state", "=", "skipped")],
                    ["person_id"],
                    ["__count"],
                )
            )
        for person in self:
            person.skipped_delivery_count = counts.get(person, 0)

    def action_view_skipped_deliveries(self):
        """The mails that these persons did not get, by reason."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_delivery_action"
        )
        return action | {
            "name": self.env._("Mails Not Sent"),
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
