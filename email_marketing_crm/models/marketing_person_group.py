from odoo import fields, models


class MarketingPersonGroup(models.AbstractModel):
    """What persons are sorted by, and how many there are of each sort.

    `_person_field` is the field of `marketing.person` that refers to the model. Who
    was merged into somebody else is not counted.
    """

    _name = "marketing.person.group"
    _description = "Group of Persons"

    _person_field: str

    person_count = fields.Integer("Persons", compute="_compute_person_count")

    def _compute_person_count(self):
        counts = dict(
            self.env["marketing.person"]._read_group(
                self._get_persons_domain(), [self._person_field], ["__count"]
            )
        )
        for group in self:
            group.person_count = counts.get(group, 0)

    def _get_persons_domain(self):
        """The persons of these records."""
        return [(self._person_field, "in", self.ids), ("merged_into_id", "=", False)]

    def action_open_persons(self):
        """The list behind the figure."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "marketing.person",
            "view_mode": "list,kanban,form",
            "domain": self._get_persons_domain(),
        }
