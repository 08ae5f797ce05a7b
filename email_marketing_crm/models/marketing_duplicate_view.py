"""The two sides of a likely duplicate, next to each other."""

from odoo import fields, models

#: What is shown of each side; text, so that two of any kind fit one form.
SIDE_FIELDS = (
    "name",
    "email",
    "company",
    "function",
    "phone",
    "place",
    "known_since",
    "engaged",
    "records",
    "mailing",
)


class MarketingDuplicate(models.Model):
    _inherit = "marketing.duplicate"

    first_name = fields.Char("First", compute="_compute_sides")
    first_email = fields.Char("Address of First", compute="_compute_sides")
    first_company = fields.Char(compute="_compute_sides")
    first_function = fields.Char(compute="_compute_sides")
    first_phone = fields.Char(compute="_compute_sides")
    first_place = fields.Char(compute="_compute_sides")
    first_known_since = fields.Date(compute="_compute_sides")
    first_engaged = fields.Date(compute="_compute_sides")
    first_records = fields.Char(compute="_compute_sides")
    first_mailing = fields.Char(compute="_compute_sides")
    second_name = fields.Char("Second", compute="_compute_sides")
    second_email = fields.Char("Address of Second", compute="_compute_sides")
    second_company = fields.Char(compute="_compute_sides")
    second_function = fields.Char(compute="_compute_sides")
    second_phone = fields.Char(compute="_compute_sides")
    second_place = fields.Char(compute="_compute_sides")
    second_known_since = fields.Date(compute="_compute_sides")
    second_engaged = fields.Date(compute="_compute_sides")
    second_records = fields.Char(compute="_compute_sides")
    second_mailing = fields.Char(compute="_compute_sides")

    def _compute_sides(self):
        """Read both sides of a page of pairs at once, whatever their kind."""
        sides = {}
        for res_model, pairs in self.sudo().grouped("res_model").items():
            records = self.env[res_model].sudo().with_context(active_test=False)
            records = records.browse(
                {*pairs.mapped("first_id"), *pairs.mapped("second_id")}
            )
            for record in records.exists():
                sides[res_model, record.id] = self._get_side(record)
        nothing = dict.fromkeys(SIDE_FIELDS, False)
        for pair in self:
            for side in ("first", "second"):
                values = sides.get((pair.res_model, pair[f"{side}_id"]), nothing)
                for name in SIDE_FIELDS:
                    pair[f"{side}_{name}"] = values[name]

    def _get_side(self, record):
        """What is shown of a person or a contact."""
        is_person = record._name == "marketing.person"
        person = record if is_person else record.marketing_person_id
        partner = person.partner_ids[:1] if is_person else record
        lead, contact = person.lead_ids[:1], person.contact_ids[:1]
        address = partner or lead or contact
        return {
            "name": record.name or lead.contact_name or contact.name,
            "email": person.email_normalized if is_person else record.email,
            "company": partner.commercial_company_name
            or lead.partner_name
            or contact.company_name,
            "function": partner.function or lead.function,
            "phone": partner.phone or lead.phone,
            "place": ", ".join(
                filter(
                    None,
                    [
                        address.city if "city" in address._fields else False,
                        address.country_id.name,
                    ],
                )
            ),
            "known_since": (record.create_date or person.create_date),
            "engaged": person.last_engagement_date,
            "records": self._get_records_text(person, record),
            "mailing": dict(
                person._fields["suppression"]._description_selection(self.env)
            ).get(person.suppression),
        }

    def _get_records_text(self, person, record):
        """Which records and how much history there are."""
        counts = [
            (len(person.partner_ids), self.env._("contacts")),
            (len(person.lead_ids), self.env._("leads")),
            (len(person.contact_ids), self.env._("list contacts")),
            (person.touchpoint_count, self.env._("events")),
        ]
        if record._name == "res.partner":
            counts[0] = (len(record.child_ids), self.env._("contacts below it"))
        return ", ".join(f"{label}: {count}" for count, label in counts if count)
