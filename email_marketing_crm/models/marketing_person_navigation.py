from odoo import fields, models
from odoo.exceptions import UserError


class MarketingPerson(models.Model):
    """From a person to its records: what the buttons of the form count and open."""

    _inherit = "marketing.person"

    partner_count = fields.Integer(
        "Number of Contacts", compute="_compute_record_counts"
    )
    lead_count = fields.Integer("Number of Leads", compute="_compute_record_counts")
    contact_count = fields.Integer(
        "Number of List Contacts", compute="_compute_record_counts"
    )
    segment_count = fields.Integer(
        "Number of Segments", compute="_compute_segment_count"
    )

    def _compute_record_counts(self):
        """Numbers of records that the user may read; nothing of other models."""
        fields_by_model = {
            "res.partner": "partner_count",
            "crm.lead": "lead_count",
            "mailing.contact": "contact_count",
        }
        for model, field in fields_by_model.items():
            counts = {}
            if self.env[model].has_access("read"):
                groups = (
                    self.env[model]
                    .with_context(active_test=False)
                    ._read_group(
                        [("marketing_person_id", "in", self.ids)],
                        ["marketing_person_id"],
                        ["__count"],
                    )
                )
                counts = {person.id: count for person, count in groups}
            for person in self:
                person[field] = counts.get(person.id, 0)

    def _compute_segment_count(self):
        for person in self:
            person.segment_count = len(person.segment_ids)

    def action_view_partners(self):
        return self._action_view_records("res.partner", self.env._("Contacts"))

    def action_view_leads(self):
        return self._action_view_records("crm.lead", self.env._("Leads"))

    def action_view_contacts(self):
        return self._action_view_records("mailing.contact", self.env._("List Contacts"))

    def action_view_segments(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Segments"),
            "res_model": "marketing.segment",
            "view_mode": "list,form",
            "domain": [("id", "in", self.segment_ids.ids)],
            "context": {"create": False},
        }

    def _open_record(self, model, res_id):
        """Open a record of this person; who may not read it gets the person's page."""
        record = self.env[model].browse(res_id or []).exists()
        if not record.has_access("read"):
            record = self.browse()
        if not record and not self:
            raise UserError(
                self.env._(
                    "You may not read this record (%s), or it was deleted, and no "
                    "person is known for it.",
                    self.env["ir.model"]._get(model).name,
                )
            )
        opened = record or self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": opened._name,
            "res_id": opened.id,
            "views": [(False, "form")],
        }

    def _action_view_records(self, model, name):
        self.ensure_one()
        domain = [("marketing_person_id", "=", self.id)]
        action = {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "list,form",
            "domain": domain,
            "context": {"active_test": False, "create": False},
        }
        records = (
            self.env[model].with_context(active_test=False).search(domain, limit=2)
        )
        if len(records) == 1:
            action |= {"view_mode": "form", "res_id": records.id}
        return action
