from datetime import timedelta
from tempfile import TemporaryFile

from odoo import fields, http
from odoo.http import content_disposition, request

#: How long after asking for it a copy can be fetched.
FETCH_WITHIN = timedelta(hours=1)


class MarketingDisclosureController(http.Controller):
    @http.route(
        "/marketing/disclosure/<int:request_id>",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=False,
    )
    def fetch_disclosure(self, request_id):
        """The copy of somebody's data, for the manager who asked for it just now.

        Whoever else asks is told what he would be told about a number that nobody has.
        """
        asked = request.env["marketing.privacy.request"].sudo().browse(request_id)
        asked = asked.exists()
        persons = asked.person_ids.with_user(request.env.user)
        if (
            asked.kind != "disclosure"
            or asked.user_id != request.env.user
            or asked.date < fields.Datetime.now() - FETCH_WITHIN
            or not persons.has_access("write")
        ):
            raise request.not_found()
        with TemporaryFile() as file:
            counts = asked.person_ids._write_disclosure(file)
            file.seek(0)
            content = file.read()
        asked._note_copies(counts)
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/zip"),
                ("Content-Disposition", content_disposition("personal-data.zip")),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
