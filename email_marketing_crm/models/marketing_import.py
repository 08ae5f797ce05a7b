from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_list

from ..tools.import_columns import header_key, propose_targets
from ..tools.import_file import ENCODINGS
from .marketing_acquisition_source import RELATIONSHIPS
from .marketing_consent import LEGAL_BASES

#: What changes how a file is read; its columns are proposed anew afterwards.
FILE_FIELDS = frozenset({"file", "encoding", "separator"})
#: Lines whose values are shown with the columns.
SAMPLE_LINES = 3
#: Lines whose outcome is shown before anything is written.
PREVIEW_LINES = 20


class MarketingImport(models.Model):
    """A file of contacts on its way into the database.

    A marketer uploads the file and says where it comes from; the columns are
    proposed, the first lines shown with what would become of them, and a lane does
    the rest batch by batch (`_run_lane`). States:

    ============= ================================================= ================
    state         meaning                                           next
    ============= ================================================= ================
    ``draft``     file and columns are being prepared               checked
    ``checked``   the first lines show what will happen             draft, running
    ``running``   the lane has lines to read or to write            done, cancelled
    ``done``      every line has an outcome, or asks a question     running (answers)
    ``cancelled`` a user stopped it; what was written stays         running
    ============= ================================================= ================

    A batch and the outcomes of its lines are one transaction: after a crash the
    import goes on where it was, and no line is imported twice. An import never makes
    anybody mailable who said no, and never mailable who is erased.
    """

    _name = "marketing.import"
    _description = "Import of Contacts"
    _order = "id desc"

    name = fields.Char(compute="_compute_name", store=True, readonly=False)
    company_id = fields.Many2one(
        "res.company",
        help="The contacts will belong to this company; without one, to all.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        required=True,
        default=lambda self: self.env.user,
    )
    state = fields.Selection(
        [
            ("draft", "Columns"),
            ("checked", "Check"),
            ("running", "Running"),
            ("done", "Done"),
            ("cancelled", "Canceled"),
        ],
        required=True,
        readonly=True,
        copy=False,
        default="draft",
    )
    error = fields.Text(readonly=True, copy=False)
    # the file
    file = fields.Binary("CSV or Excel File", required=True, copy=False)
    file_name = fields.Char(copy=False)
    kind = fields.Selection([("csv", "CSV"), ("xlsx", "Excel")], readonly=True)
    encoding = fields.Selection(
        [(encoding, encoding.upper()) for encoding in ENCODINGS],
        help="How the file writes its characters. Choose another one when accents or "
        "Chinese characters look wrong.",
    )
    separator = fields.Selection(
        [
            (",", "Comma"),
            (";", "Semicolon"),
            ("\t", "Tab"),
            ("|", "Vertical bar"),
        ],
        help="What stands between two columns.",
    )
    date_format = fields.Selection(
        [
            ("dmy", "Day, month, year"),
            ("mdy", "Month, day, year"),
            ("ymd", "Year first"),
        ],
        string="Dates",
        required=True,
        default="dmy",
        help="How to read dates such as 03/04/2026.",
    )
    column_ids = fields.One2many("marketing.import.column", "import_id", copy=False)
    # where it comes from
    source_id = fields.Many2one(
        "marketing.acquisition.source",
        string="Origin",
        required=True,
        ondelete="restrict",
        check_company=True,
        help="Where these data come from. The columns are remembered with it.",
    )
    relationship = fields.Selection(
        RELATIONSHIPS, required=True, help="What these people are to the company."
    )
    legal_basis = fields.Selection(
        LEGAL_BASES,
        required=True,
        compute="_compute_legal_basis",
        store=True,
        readonly=False,
        precompute=True,
        help="Why these people may be mailed.",
    )
    # what to do
    duplicate_policy = fields.Selection(
        [
            ("update", "Update them"),
            ("skip", "Skip the line"),
            ("ask", "Ask me"),
        ],
        string="Contacts There Are Already",
        required=True,
        default="ask",
    )
    update_mode = fields.Selection(
        [
            ("fill", "Fill in what is empty"),
            ("overwrite", "The file is right"),
        ],
        string="When Updating",
        required=True,
        default="fill",
    )
    tag_ids = fields.Many2many("res.partner.category", string="Add Tags")
    segment_id = fields.Many2one(
        "marketing.segment",
        string="Add to Segment",
        domain=[("kind", "=", "static"), ("res_model", "=", "res.partner")],
        ondelete="set null",
        help="A static segment of contacts.",
    )
    # how far it is
    line_ids = fields.One2many("marketing.import.line", "import_id", copy=False)
    is_read = fields.Boolean(
        readonly=True, copy=False, help="All lines of the file were taken over."
    )
    start_date = fields.Datetime("Started", readonly=True, copy=False)
    end_date = fields.Datetime("Ended", readonly=True, copy=False)
    figures = fields.Json(
        readonly=True, copy=False, help="The figures of lines that are forgotten."
    )
    preview_ids = fields.One2many(
        "marketing.import.line",
        "import_id",
        domain=[("state", "=", "preview")],
        string="First Lines",
        readonly=True,
    )
    line_count = fields.Integer("Lines", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts", help="In percent.")
    created_count = fields.Integer("Created", compute="_compute_counts")
    updated_count = fields.Integer("Updated", compute="_compute_counts")
    skipped_count = fields.Integer("Skipped", compute="_compute_counts")
    question_count = fields.Integer("To Answer", compute="_compute_counts")
    error_count = fields.Integer("Not Imported", compute="_compute_counts")
    waiting_count = fields.Integer("Waiting", compute="_compute_counts")
    typo_count = fields.Integer("Probably Mistyped", compute="_compute_counts")

    # The lane: what runs, oldest first; a handful of all imports.
    _running = models.Index("(start_date, id) WHERE state = 'running'")

    @api.depends("file_name")
    def _compute_name(self):
        for job in self:
            job.name = job.name or job.file_name

    @api.depends("source_id")
    def _compute_legal_basis(self):
        for job in self:
            job.legal_basis = job.source_id.legal_basis or job.legal_basis

    def _compute_counts(self):
        counts, typos = {}, {}
        lines = self.env["marketing.import.line"]
        for job, state, count in lines._read_group(
            [("import_id", "in", self.ids), ("state", "!=", "preview")],
            ["import_id", "state"],
            ["__count"],
        ):
            counts.setdefault(job.id, {})[state] = count
        for job, count in lines._read_group(
            [
                ("import_id", "in", self.ids),
                ("state", "!=", "preview"),
                ("suggested_email", "!=", False),
            ],
            ["import_id"],
            ["__count"],
        ):
            typos[job.id] = count
        for job in self:
            mine = counts.get(job.id) or job.figures or {}
            job.line_count = sum(mine.values())
            for state in (
                "created",
                "updated",
                "skipped",
                "question",
                "error",
                "waiting",
            ):
                job[f"{state}_count"] = mine.get(state, 0)
            job.typo_count = typos.get(job.id, 0)
            handled = job.line_count - job.waiting_count
            job.progress = 100 * handled / job.line_count if job.line_count else 0

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    def write(self, vals):
        if not (FILE_FIELDS & vals.keys()):
            return super().write(vals)
        self._check_state("draft", "checked")
        result = super().write(vals)
        if not self.env.context.get("marketing_import_reading"):
            self._forget_columns()
        return result

    def _forget_columns(self):
        self.column_ids.unlink()
        self.sudo()._forget_lines()
        self.write({"state": "draft", "error": False})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_running(self):
        if any(job.state == "running" for job in self):
            raise UserError(
                self.env._("Cancel the import first: it is writing contacts.")
            )

    # ------------------------------------------------------------------
    # STEPS
    # ------------------------------------------------------------------

    def _check_state(self, *states):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for job in self:
            if job.state not in states:
                raise UserError(
                    self.env._(
                        "The import “%(name)s” is in the state “%(state)s”; this can "
                        "be done in %(states)s only.",
                        name=job.name,
                        state=labels[job.state],
                        states=format_list(
                            self.env, [labels[state] for state in states], "or"
                        ),
                    )
                )

    def action_read_file(self):
        """Read the header of the file and propose what its columns are."""
        self.ensure_one()
        self._check_state("draft", "checked")
        table, lines = self._open_file(SAMPLE_LINES)
        self._forget_columns()
        targets = self.env["marketing.import.column"]._get_targets()
        proposals = propose_targets(
            table.header, targets, self.source_id.import_mapping or {}
        )
        self.with_context(marketing_import_reading=True).write(
            {
                "kind": table.kind,
                "encoding": table.encoding,
                "separator": table.separator,
            }
        )
        self.env["marketing.import.column"].create(
            [
                {
                    "import_id": self.id,
                    "sequence": position,
                    "header": header,
                    "target": target,
                    "sample": ", ".join(
                        row[position]
                        for _number, row in lines
                        if position < len(row) and row[position]
                    ),
                }
                for position, (header, target) in enumerate(
                    zip(table.header, proposals, strict=True)
                )
            ]
        )

    def action_check(self):
        """Show what would become of the first lines, writing no contact."""
        self.ensure_one()
        self._check_state("draft", "checked")
        if not self.column_ids:
            self.action_read_file()
        self._check_columns()
        _table, lines = self._open_file(PREVIEW_LINES)
        self.sudo()._forget_lines()
        self.sudo()._insert_lines(lines, "preview")
        self.sudo()._preview()
        self.state = "checked"

    def action_back(self):
        """Return to the columns."""
        self._check_state("checked")
        self.sudo()._forget_lines()
        self.state = "draft"

    def action_start(self):
        """Remember the columns and let the lane import all lines."""
        self.ensure_one()
        self._check_state("checked")
        self._check_columns()
        self.sudo().source_id.import_mapping = (self.source_id.import_mapping or {}) | {
            header_key(column.header): column.target or "" for column in self.column_ids
        }
        self.sudo()._forget_lines()
        self.write(
            {
                "state": "running",
                "start_date": fields.Datetime.now(),
                "end_date": False,
                "error": False,
            }
        )
        self._wake_lane()

    def action_cancel(self):
        """Stop after the batch that is being written."""
        self._check_state("running")
        self.write({"state": "cancelled", "end_date": fields.Datetime.now()})

    def action_continue(self):
        """Import the lines that are still waiting."""
        self._check_state("cancelled")
        self.write({"state": "running", "end_date": False, "error": False})
        self._wake_lane()

    def _check_columns(self):
        self.ensure_one()
        targets = self.column_ids.mapped("target")
        if not {"email", "name", "first_name", "last_name"} & set(targets):
            raise UserError(
                self.env._(
                    "No column holds an address or a name. Say which column is the "
                    "email, the name, or the first and last name."
                )
            )
        self.column_ids._check_target_once()

    @api.model
    def _wake_lane(self):
        self.env["marketing.lane"]._wake("import")

    # ------------------------------------------------------------------
    # LINES AND REPORT
    # ------------------------------------------------------------------

    def action_view_lines(self):
        """Open the lines behind the figure that was clicked."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_import_line_action"
        )
        name = self.env.context.get("marketing_import_lines")
        return action | {
            "display_name": self.env._("Lines of %s", self.name),
            "domain": [("import_id", "=", self.id), ("state", "!=", "preview")],
            "context": {f"search_default_{name}": 1} if name else {},
        }

    def action_view_contacts(self):
        """Open the contacts that this import created or updated."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Contacts of %s", self.name),
            "res_model": "res.partner",
            "view_mode": "list,kanban,form",
            "domain": [("marketing_import_line_ids.import_id", "=", self.id)],
        }

    def action_download_report(self):
        """Download the lines that were not imported, to correct and import again."""
        self.ensure_one()
        lines = self.env.context.get("marketing_import_report", "attention")
        return {
            "type": "ir.actions.act_url",
            "url": f"/marketing/import/{self.id}/report?lines={lines}",
            "target": "download",
        }
