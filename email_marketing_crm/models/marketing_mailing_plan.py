from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.client_action import RELOAD
from .marketing_delivery_preview import WAITS_LIMIT

#: Names that a line shows of its people.
SAMPLE_SIZE = 4


class MarketingMailingPlan(models.TransientModel):
    """What would happen with the audience of a mailing if it were sent now.

    Made when a marketer checks the audience, from the rows of
    `marketing.delivery.preview`; nothing is planned by it. *Persons = who gets the mail
    + who waits for it + Σ who does not, by reason*, the same as the deliveries will
    say. Records that share a person, or have no usable address, are counted apart.
    """

    _name = "marketing.mailing.plan"
    _description = "Plan of a Mailing"
    _rec_name = "mailing_id"

    mailing_id = fields.Many2one(
        "mailing.mailing", required=True, readonly=True, ondelete="cascade"
    )
    line_ids = fields.One2many("marketing.mailing.plan.line", "plan_id", readonly=True)
    person_count = fields.Integer(
        "Audience",
        readonly=True,
        help="Persons the mailing is for, each once: who gets it and who does not.",
    )
    planned_count = fields.Integer(
        "Get the Mail",
        readonly=True,
        help="Persons for whom nothing speaks against the mail as of now.",
    )
    waiting_count = fields.Integer(
        "Of Them Later",
        readonly=True,
        help="Those of them for whom it would not leave at the hour of the mailing.",
    )
    skipped_count = fields.Integer(
        "Do Not Get It",
        readonly=True,
        help="Persons for whom something speaks against the mail as of now.",
    )
    is_partial = fields.Boolean(
        readonly=True, help="There are too many to say of each whether he waits."
    )
    waits_limit = fields.Integer(default=WAITS_LIMIT, readonly=True)
    explanation = fields.Text(compute="_compute_explanation")

    @api.depends("mailing_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for plan in self:
            plan.display_name = self.env._("Plan of “%s”", plan.mailing_id.subject)

    @api.depends("mailing_id")
    def _compute_explanation(self):
        """Whom the mailing is meant for, in words."""
        for plan in self:
            plan.explanation = plan.mailing_id._get_audience_explanation()

    @api.model
    def _open_for(self, mailing, plan=None):
        """Count the rows of the check the user has just made, and show them.

        :param plan: that is shown already: its figures are replaced where they stand
        """
        values = self._prepare_values(mailing)
        if plan:
            plan.sudo().write(values)
            return RELOAD
        return self.sudo().create(values)._get_action()

    @api.model
    def _prepare_values(self, mailing):
        """Figures of the check that the user has just made of a mailing."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT outcome, wait_reason, person_id IS NULL AS is_nobody, count(*)
                  FROM marketing_delivery_preview
                 WHERE mailing_id = %s AND create_uid = %s
                 GROUP BY outcome, wait_reason, person_id IS NULL
                 ORDER BY count(*) DESC, outcome, wait_reason
                """,
                mailing.id,
                self.env.uid,
            )
        )
        lines = self.env["marketing.mailing.plan.line"]._prepare_lines(rows)

        def count(*kinds):
            return sum(line["count"] for line in lines if line["kind"] in kinds)

        return {
            "mailing_id": mailing.id,
            "line_ids": [
                fields.Command.clear(),
                *(fields.Command.create(line) for line in lines),
            ],
            "person_count": count("gets", "waits", "skipped"),
            "planned_count": count("gets", "waits"),
            "waiting_count": count("waits"),
            "skipped_count": count("skipped"),
            "is_partial": count("gets", "waits") > WAITS_LIMIT,
        }

    def _get_action(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Plan of “%s”", self.mailing_id.subject),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def action_check_again(self):
        """Show the plan as of now, on the same page; a worker has a page of its own."""
        self.ensure_one()
        self.check_access("read")
        self.mailing_id.check_access("read")
        return self.env["marketing.delivery.preview"]._open_for(self.mailing_id, self)

    def action_view_records(self):
        """Every record of the audience, grouped by what happens with it."""
        self.ensure_one()
        return self._get_preview_action(self.mailing_id.subject, [])

    def _get_preview_action(self, name, domain):
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_delivery_preview_action"
        )
        action |= {
            "display_name": name,
            "domain": [("mailing_id", "=", self.mailing_id.id), *domain],
        }
        if domain:
            action["context"] = {}
        return action


class MarketingMailingPlanLine(models.TransientModel):
    """How many persons of an audience share what would happen, and why."""

    _name = "marketing.mailing.plan.line"
    _description = "Line of the Plan of a Mailing"
    _order = "sequence, id"

    plan_id = fields.Many2one(
        "marketing.mailing.plan",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    sequence = fields.Integer(readonly=True)
    kind = fields.Selection(
        [
            ("gets", "Gets the mail"),
            ("waits", "Gets it later"),
            ("skipped", "Does not get it"),
            ("record", "Not counted"),
        ],
        string="What Happens",
        required=True,
        readonly=True,
    )
    code = fields.Char(readonly=True)
    label = fields.Char("Why", compute="_compute_label")
    count = fields.Integer("Persons", readonly=True)
    sample = fields.Char("For Example", compute="_compute_sample")

    @api.model
    def _prepare_lines(self, rows):
        """Values of lines from counted rows of a check, in the order they are shown.

        :param rows: `[(outcome, wait reason, whether it is nobody's, number)]`
        """
        lines = []
        for outcome, wait_reason, is_nobody, count in rows:
            if is_nobody or outcome == "same_person":
                kind, code = "record", "no_address" if is_nobody else outcome
            elif outcome != "planned":
                kind, code = "skipped", outcome
            elif wait_reason:
                kind, code = "waits", wait_reason
            else:
                kind, code = "gets", outcome
            lines.append({"kind": kind, "code": code, "count": count})
        kinds = [kind for kind, _label in self._fields["kind"].selection]
        lines.sort(key=lambda line: (kinds.index(line["kind"]), -line["count"]))
        return [line | {"sequence": place} for place, line in enumerate(lines, start=1)]

    @api.depends("kind", "code")
    def _compute_label(self):
        fields_of = self.env["marketing.delivery"]._fields
        reasons = dict(fields_of["reason"]._description_selection(self.env))
        waits = dict(fields_of["wait_reason"]._description_selection(self.env))
        records = {
            "same_person": self.env._("Another record of a person who is counted"),
            "no_address": self.env._("Record without a usable address"),
        }
        for line in self:
            labels = {
                "gets": {"planned": self.env._("At the hour of the mailing")},
                "waits": waits,
                "skipped": reasons,
                "record": records,
            }[line.kind]
            line.label = labels.get(line.code, line.code)

    def _get_preview_domain(self):
        """The rows of the check that the line counts."""
        self.ensure_one()
        if self.kind == "record":
            if self.code == "same_person":
                return [("outcome", "=", "same_person"), ("person_id", "!=", False)]
            return [("person_id", "=", False)]
        if self.kind == "skipped":
            return [("outcome", "=", self.code), ("person_id", "!=", False)]
        wait_reason = self.code if self.kind == "waits" else False
        return [("outcome", "=", "planned"), ("wait_reason", "=", wait_reason)]

    def _compute_sample(self):
        """Some of the people, so that one sees at a glance who is meant."""
        previews = self.env["marketing.delivery.preview"]
        for line in self:
            rows = previews.search(
                [
                    ("mailing_id", "=", line.plan_id.mailing_id.id),
                    *line._get_preview_domain(),
                ],
                limit=SAMPLE_SIZE,
            )
            names = [row.person_id.name or row.email or "" for row in rows]
            line.sample = ", ".join(name for name in names if name)

    def action_view_people(self):
        """The people behind the figure."""
        self.ensure_one()
        return self.plan_id._get_preview_action(
            f"{self.plan_id.mailing_id.subject}: {self.label}",
            self._get_preview_domain(),
        )
