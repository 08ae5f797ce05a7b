import csv
import io

from odoo import http
from odoo.http import content_disposition, request

#: Outcomes of lines somebody has to look at.
ATTENTION = ("error", "question", "skipped", "waiting")


class MarketingImportController(http.Controller):
    @http.route("/marketing/import/<int:import_id>/report", type="http", auth="user")
    def download_report(self, import_id, lines="attention"):
        """The lines of an import with what became of them, as a CSV file.

        The original columns come first, so that the file can be corrected and
        imported again.

        :param lines: "attention" for those that were not imported, "all" for all
        """
        job = request.env["marketing.import"].browse(import_id).exists()
        if not job:
            return request.not_found()
        job.check_access("read")
        everything = ("created", "updated", *ATTENTION)
        buffer = io.StringIO(newline="")
        csv.writer(buffer).writerows(
            job.env["marketing.import.line"]._iterate_report(
                job, everything if lines == "all" else ATTENTION
            )
        )
        name = job.env._("%s report.csv", job.name.rpartition(".")[0] or job.name)
        return request.make_response(
            buffer.getvalue().encode("utf-8-sig"),
            headers=[
                ("Content-Type", "text/csv; charset=utf-8"),
                ("Content-Disposition", content_disposition(name)),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
