import base64
import json
from collections import Counter
from datetime import timedelta

from psycopg2.extras import execute_values

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.import_file import ImportFileError, read_table

#: Setting, and what holds without it: days the data of a file are kept.
RETENTION_PARAMETER = "email_marketing_crm.import_retention_days"
RETENTION_DAYS = 90


class MarketingImport(models.Model):
    """The file of an import, its lines in the database, and how long they stay."""

    _inherit = "marketing.import"

    def _open_file(self, limit=None):
        """`(table, lines)`: the file and its first lines, or all of them.

        :raises UserError: the file cannot be read; says why and what to do
        """
        self.ensure_one()
        content = base64.b64decode(self.with_context(bin_size=False).file or b"")
        try:
            table = read_table(content, self.encoding, self.separator)
            lines = []
            for line in table.rows:
                lines.append(line)
                if len(lines) == limit:
                    break
        except ImportFileError as error:
            raise UserError(self._explain_file_error(error)) from error
        if not lines:
            raise UserError(self.env._("The file has a header, and no line below it."))
        return table, lines

    def _explain_file_error(self, error):
        return {
            "empty": self.env._("The file is empty."),
            "old_excel": self.env._(
                "This is a file of an old Excel (.xls). Open it, choose “Save as”, and "
                "save it as .xlsx or CSV."
            ),
            "workbook": self.env._(
                "This file cannot be read as an Excel workbook. Open it in Excel and "
                "save it again as .xlsx or CSV."
            ),
            "too_large": self.env._(
                "This workbook is too large. Split it, or save it as CSV."
            ),
            "encoding": self.env._(
                "Line %(line)s has characters that the chosen encoding does not have. "
                "Choose another encoding, or leave it empty to have it found.",
                line=error.line,
            ),
            "quotes": self.env._(
                "Line %(line)s cannot be read: probably a quotation mark is not closed "
                "there.",
                line=error.line,
            ),
        }[error.code]

    # ------------------------------------------------------------------
    # LINES
    # ------------------------------------------------------------------

    def _read_lines(self):
        """Take over all lines of the file; a file that cannot be read stops it."""
        try:
            _table, lines = self._open_file()
        except UserError as error:
            self.write({"state": "checked", "error": error.args[0]})
            return 0
        self._forget_lines()
        self._insert_lines(lines, "waiting")
        self.is_read = True
        return len(lines)

    def _forget_lines(self):
        """Remove the lines of a file that is read again."""
        self.env["marketing.import.line"].flush_model()
        self.env.cr.execute(
            "DELETE FROM marketing_import_line WHERE import_id = ANY(%s)", [self.ids]
        )
        self.env["marketing.import.line"].invalidate_model()
        self.invalidate_recordset()
        self.is_read = False

    def _insert_lines(self, lines, state):
        self.flush_recordset()
        execute_values(
            self.env.cr._obj,
            "INSERT INTO marketing_import_line (import_id, number, cells, state)"
            " VALUES %s",
            [
                (self.id, number, json.dumps(cells, ensure_ascii=False), state)
                for number, cells in lines
            ],
            page_size=1000,
        )
        self.invalidate_recordset()

    @api.autovacuum
    def _gc_lines(self):
        """Forget the data of imports that ended long ago; their figures stay.

        A file is a copy of personal data that nobody looks after.
        """
        days = self.env["ir.config_parameter"].sudo().get_param(RETENTION_PARAMETER)
        limit = fields.Datetime.now() - timedelta(days=int(days or RETENTION_DAYS))
        jobs = self.search(
            [
                ("state", "in", ("done", "cancelled")),
                ("end_date", "<", limit),
                ("line_ids", "!=", False),
            ],
            limit=10,
        )
        for job, counts in self.env["marketing.import.line"]._read_group(
            [("import_id", "in", jobs.ids), ("state", "!=", "preview")],
            ["import_id"],
            ["state:array_agg"],
        ):
            job.figures = dict(Counter(counts))
        jobs.column_ids.unlink()
        # The file is required only as long as there is something to read.
        attachments = self.env["ir.attachment"].search(
            [
                ("res_model", "=", self._name),
                ("res_field", "=", "file"),
                ("res_id", "in", jobs.ids),
            ]
        )
        attachments.unlink()
        self.env["marketing.import.line"].flush_model()
        self.env.cr.execute(
            "DELETE FROM marketing_import_line WHERE import_id = ANY(%s)", [jobs.ids]
        )
        self.env.invalidate_all()
        return len(jobs), int(len(jobs) == 10)
