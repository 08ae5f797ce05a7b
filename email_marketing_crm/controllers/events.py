import json

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.http import request

#: A thousand events of the usual size; more is a mistake or an attack.
MAX_BODY_BYTES = 4 * 1024 * 1024


class MarketingEventController(http.Controller):
    @http.route(
        "/marketing/events",
        type="http",
        auth="bearer",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def report_events(self):
        """Events of other systems, as JSON: `{"events": [...]}` or the bare list.

        The caller shows the API key of an Odoo user who is a marketing user:
        `Authorization: Bearer <key>`. Answers 200 with how many were taken and which
        lines were not, 400 when nothing can be read, 403 without the right.
        """
        if (request.httprequest.content_length or 0) > MAX_BODY_BYTES:
            return self._answer({"error": "The body is larger than 4 MB."}, 413)
        try:
            body = json.loads(request.httprequest.get_data(as_text=True))
        except ValueError:
            return self._answer({"error": "The body is not JSON."}, 400)
        events = body.get("events") if isinstance(body, dict) else body
        try:
            result = request.env["marketing.touchpoint"].report_events(events)
        except AccessError:
            return self._answer({"error": "This user may not report events."}, 403)
        except UserError as error:
            return self._answer({"error": error.args[0]}, 400)
        return self._answer(result, 200)

    def _answer(self, content, status):
        return request.make_json_response(content, status=status)
