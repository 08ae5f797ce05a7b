from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.marketing_privacy_request import ERASE_BATCH, GROUNDS

#: Persons whose rows are counted for the preview; more take too long to wait for.
PREVIEW_PERSONS = 2000


class MarketingPersonErase(models.TransientModel):
    """Shows what an erasure finds, what becomes of it and why, and asks once more."""

    _name = "marketing.person.erase"
    _description = "Erase Personal Data"

    person_ids = fields.Many2many("marketing.person", string="Persons", readonly=True)
    person_count = fields.Integer("Selected Persons", readonly=True)
    ground = fields.Selection(GROUNDS, required=True, default="request")
    records = fields.Selection(
        [
            ("anonymize", "Make them anonymous and archive them"),
            ("keep", "Leave them as they are; they get no marketing mail"),
        ],
        string="Contacts and Leads",
        required=True,
        default="anonymize",
    )
    line_ids = fields.One2many(
        "marketing.person.erase.line", "wizard_id", compute="_compute_line_ids"
    )
    is_counted = fields.Boolean(compute="_compute_line_ids")
    is_background = fields.Boolean(compute="_compute_is_background")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        persons = self.env["marketing.person"]
        persons.check_access("write")
        chosen = persons.search(
            [
                ("id", "in", self.env.context.get("active_ids") or []),
                ("is_erased", "=", False),
            ]
        )
        if not chosen:
            raise UserError(
                self.env._("Choose persons who have not been erased before.")
            )
        return values | {
            "person_ids": [(6, 0, chosen.ids)],
            "person_count": len(chosen),
        }

    @api.depends("person_count")
    def _compute_is_background(self):
        for wizard in self:
            wizard.is_background = wizard.person_count > ERASE_BATCH

    @api.depends("records", "person_ids")
    def _compute_line_ids(self):
        for wizard in self:
            persons = wizard.person_ids._origin or wizard.person_ids
            wizard.is_counted = len(persons) <= PREVIEW_PERSONS
            wizard.line_ids = [(5,)] + [
                (0, 0, values) for values in wizard._prepare_lines(persons)
            ]

    def _prepare_lines(self, persons):
        """What would be found; for very many persons the kinds without figures."""
        keep_records = self.records == "keep"
        persons = persons.sudo()
        reasons = persons._get_erasure_reasons(keep_records)
        if self.is_counted:
            counts = persons._find_erasure(keep_records)
        else:
            counts = dict.fromkeys(reasons, 0)
        order = ["deleted", "anonymized", "kept"]
        return [
            {
                "res_model": model,
                "outcome": outcome,
                "count": count,
                "reason": reasons.get((model, outcome)),
            }
            for (model, outcome), count in sorted(
                counts.items(), key=lambda item: (order.index(item[0][1]), item[0][0])
            )
        ]

    def action_erase(self):
        """Erase, or let the worker do it where there are many."""
        self.ensure_one()
        requests = self.env["marketing.privacy.request"]
        requests._check_manager()
        self.person_ids.check_access("write")
        request = requests._request_erasure(
            self.person_ids, self.ground, keep_records=self.records == "keep"
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": request._name,
            "res_id": request.id,
            "views": [(False, "form")],
        }


class MarketingPersonEraseLine(models.TransientModel):
    """One kind of data of the persons, and what would become of it."""

    _name = "marketing.person.erase.line"
    _description = "Preview of an Erasure"

    wizard_id = fields.Many2one("marketing.person.erase", ondelete="cascade")
    res_model = fields.Char(readonly=True)
    name = fields.Char("What", compute="_compute_name")
    outcome = fields.Selection(
        [
            ("deleted", "Deleted"),
            ("anonymized", "Made anonymous"),
            ("kept", "Kept"),
        ],
        readonly=True,
    )
    count = fields.Integer("Found", readonly=True)
    reason = fields.Char("What That Means", readonly=True)

    @api.depends("res_model")
    def _compute_name(self):
        for line in self:
            line.name = self.env["ir.model"]._get(line.res_model).name or line.res_model
