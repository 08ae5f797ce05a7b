from odoo import fields, models
from odoo.tools import SQL


class MarketingProfileCell(models.Model):
    """A cell of the grid persona × buyer stage: who needs which mails.

    A view: one row for each persona, or none, and each stage, or none. What is
    archived is left out unless persons are there still, so that the cells always add
    up to everybody. The counts are those of the persons that the user may see.
    """

    _name = "marketing.profile.cell"
    _description = "Persona and Buyer Stage"
    _auto = False
    _order = "persona_id, buyer_stage_id"
    _depends = {
        "marketing.persona": ["active", "company_id"],
        "marketing.buyer.stage": ["active"],
        "marketing.person": ["persona_id", "buyer_stage_id"],
    }
    _log_access = False

    persona_id = fields.Many2one("marketing.persona", readonly=True)
    buyer_stage_id = fields.Many2one("marketing.buyer.stage", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    person_count = fields.Integer("Persons", compute="_compute_counts")
    mailable_count = fields.Integer("May Be Mailed", compute="_compute_counts")

    @property
    def _table_query(self):
        # The id says which cell it is, also after a persona was added.
        return SQL(
            """
            SELECT COALESCE(persona.id, 0) * 10000 + COALESCE(stage.id, 0) AS id,
                   persona.id AS persona_id, stage.id AS buyer_stage_id,
                   persona.company_id
              FROM (SELECT id, company_id FROM marketing_persona
                     WHERE active
                        OR EXISTS (SELECT FROM marketing_person
                                    WHERE persona_id = marketing_persona.id)
                    UNION ALL SELECT NULL, NULL) persona
             CROSS JOIN (SELECT id FROM marketing_buyer_stage origin
                          WHERE active
                             OR EXISTS (SELECT FROM marketing_person
                                         WHERE buyer_stage_id = origin.id)
                         UNION ALL SELECT NULL) stage
            """
        )

    def _compute_display_name(self):
        nobody, nowhere = self.env._("No persona"), self.env._("No stage")
        for cell in self:
            persona = cell.persona_id.name or nobody
            stage = cell.buyer_stage_id.name or nowhere
            cell.display_name = f"{persona} · {stage}"

    def _compute_counts(self):
        everybody = [("merged_into_id", "=", False)]
        mailable = [*everybody, ("suppression", "=", "none")]
        for name, domain in (("person_count", everybody), ("mailable_count", mailable)):
            counts = {
                (persona, stage): count
                for persona, stage, count in self.env["marketing.person"]._read_group(
                    domain, ["persona_id", "buyer_stage_id"], ["__count"]
                )
            }
            for cell in self:
                cell[name] = counts.get((cell.persona_id, cell.buyer_stage_id), 0)

    def action_open_persons(self):
        """The persons of this cell."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "marketing.person",
            "view_mode": "list,kanban,form",
            "domain": [
                ("merged_into_id", "=", False),
                ("persona_id", "=", self.persona_id.id),
                ("buyer_stage_id", "=", self.buyer_stage_id.id),
            ],
        }

    def action_make_segment(self):
        """A dynamic segment of the persons of this cell, as records of most of them."""
        self.ensure_one()
        domain = [
            ("marketing_persona_id", "=", self.persona_id.id),
            ("marketing_buyer_stage_id", "=", self.buyer_stage_id.id),
        ]
        segments = self.env["marketing.segment"]
        counts = {
            model: self.env[model].search_count(domain)
            for model, _name in segments._selection_res_model()
            if self.env[model].has_access("read")
        }
        segment = segments.create(
            {
                "name": self.display_name,
                "res_model": max(counts, key=counts.get),
                "domain": repr([("marketing_person_id", "!=", False), *domain]),
            }
        )
        return segment.get_formview_action()
