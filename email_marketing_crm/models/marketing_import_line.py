from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

STATES = [
    ("preview", "Preview"),
    ("waiting", "Waiting"),
    ("created", "Created"),
    ("updated", "Updated"),
    ("skipped", "Skipped"),
    ("question", "Needs an answer"),
    ("error", "Not imported"),
]


class MarketingImportLine(models.Model):
    """A line of a file, with what became of its data and why.

    The lane reads all lines of a file by SQL (`waiting`), and gives each its outcome
    in the transaction that writes the contact: so a line is imported once, whatever
    breaks. `preview` lines are shown before the start and never imported. A line
    with a likely duplicate waits for an answer (`question`) when the import asks;
    the buttons put it back to `waiting` with the answer.
    """

    _name = "marketing.import.line"
    _description = "Line of an Import"
    _order = "import_id, number"
    _rec_name = "number"
    _log_access = False

    import_id = fields.Many2one(
        "marketing.import", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="import_id.company_id")
    number = fields.Integer("Row", readonly=True, aggregator=None)
    cells = fields.Json(readonly=True, help="The line as it is in the file.")
    name = fields.Char(readonly=True)
    company_name = fields.Char("Name of the Company", readonly=True)
    email = fields.Char(readonly=True)
    suggested_email = fields.Char(
        "Perhaps Meant",
        readonly=True,
        help="The address looks mistyped; nothing is changed unless you say so.",
    )
    person_id = fields.Many2one(
        "marketing.person", readonly=True, ondelete="set null", index="btree_not_null"
    )
    state = fields.Selection(STATES, required=True, readonly=True, string="Outcome")
    expected = fields.Selection(
        [
            ("create", "Will be created"),
            ("update", "Will be updated"),
            ("skip", "Will be skipped"),
            ("question", "Will ask you"),
            ("error", "Cannot be imported"),
        ],
        string="What Will Happen",
        readonly=True,
    )
    answer = fields.Selection(
        [("update", "Update"), ("create", "Create"), ("skip", "Skip")], readonly=True
    )
    reason = fields.Text("Why, and What to Do", readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Contact",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    duplicate_id = fields.Many2one(
        "res.partner",
        "Likely the Same",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )

    # The lane takes what waits in the order of the file; lists and figures by state.
    _outcomes = models.Index("(import_id, state, number)")
    # Which lines look mistyped: few of many.
    _suggestions = models.Index("(import_id) WHERE suggested_email IS NOT NULL")

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """Lines follow the person whose contact they made."""
        self.env.cr.execute(
            "UPDATE marketing_import_line SET person_id = %s WHERE person_id = ANY(%s)",
            [target_id, source_ids],
        )
        self.invalidate_model(["person_id"])

    # ------------------------------------------------------------------
    # ANSWERS
    # ------------------------------------------------------------------

    def action_update(self):
        """Update the contact that is likely the same."""
        self._answer("update")

    def action_create(self):
        """Create another contact all the same."""
        self._answer("create")

    def action_skip(self):
        """Leave the contact as it is."""
        self._answer("skip")

    def _answer(self, answer):
        self._put_back(
            "question",
            {"answer": answer},
            self.env._("Only lines that need an answer can be answered."),
        )

    def _put_back(self, state, values, refusal):
        """Let lines of a state wait once more; the lane does the rest at once.

        :param refusal: what is said when none of them is in the state
        """
        jobs = self.import_id
        jobs.check_access("write")
        lines = self.filtered(lambda line: line.state == state)
        if not lines:
            raise UserError(refusal)
        lines.sudo().write({"state": "waiting", **values})
        self._continue(jobs)

    @api.model
    def _continue(self, jobs):
        """Let the lane go on with imports that were done."""
        jobs.filtered(lambda job: job.state == "done").write(
            {"state": "running", "end_date": False}
        )
        jobs._wake_lane()

    def action_retry(self):
        """Try lines again that could not be imported, after the cause was removed."""
        self._put_back(
            "error",
            {"reason": False},
            self.env._("Only lines that were not imported can be tried again."),
        )

    def action_use_suggestion(self):
        """Use the address that was probably meant.

        A contact that was imported already gets it; a line that was not is tried
        again with it.
        """
        jobs = self.import_id
        jobs.check_access("write")
        lines = self.filtered("suggested_email").sudo()
        position = {
            column.import_id: column.sequence
            for column in jobs.column_ids
            if column.target == "email"
        }
        again = lines.browse()
        corrections = {}
        for line in lines:
            corrected = line.suggested_email
            cells = list(line.cells or [])
            if cells:
                cells[position[line.import_id]] = corrected
            if line.partner_id:
                corrections[line.partner_id] = (line.email, corrected)
            elif line.state in ("error", "question"):
                again |= line
            line.write({"cells": cells, "email": corrected, "suggested_email": False})
        again.write({"state": "waiting", "reason": False, "duplicate_id": False})
        self.env["marketing.person"].sudo()._correct_addresses(
            {wrong: right for wrong, right in corrections.values()}
        )
        if again:
            self._continue(again.import_id.sudo(False))

    # ------------------------------------------------------------------
    # REPORT
    # ------------------------------------------------------------------

    @api.model
    def _iterate_report(self, job, states):
        """Rows of the report, header first: the original columns, outcome, reason."""
        labels = dict(self._fields["state"]._description_selection(self.env))
        width = len(job.column_ids)
        yield [
            *job.column_ids.mapped("header"),
            self.env._("Import Line"),
            self.env._("Import Outcome"),
            self.env._("Import Reason"),
        ]
        self.flush_model()
        for number, cells, state, reason in self.env.execute_query(
            SQL(
                "SELECT number, cells, state, reason FROM marketing_import_line"
                " WHERE import_id = %s AND state = ANY(%s) ORDER BY number",
                job.id,
                list(states),
            )
        ):
            cells = cells or []  # of a person who was erased
            row = (cells + [""] * width)[: max(width, len(cells))]
            yield [*row, number, labels[state], reason or ""]
