import logging

from odoo import api, models
from odoo.tools import email_normalize

from ..tools.bounce import is_automatic_reply, is_failure, read_bounce
from ..tools.feedback_report import read_feedback

_logger = logging.getLogger(__name__)


class MailThread(models.AbstractModel):
    """Mails that come in: answers, automatic answers, bounces and complaints."""

    _inherit = "mail.thread"

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        if is_automatic_reply(message):
            self = self.with_context(marketing_auto_reply=True)
        return super()._message_route_process(message, message_dict, routes)

    @api.model
    def _detect_is_bounce(self, message, message_dict):
        """A complaint is for nobody to read: it goes the way of the bounces."""
        return super()._detect_is_bounce(message, message_dict) or (
            read_feedback(message) is not None
        )

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        """Say what kind of bounce it is, and take complaints for what they are.

        A notification that a mail is late, or has arrived, is no bounce.
        """
        # Who calls without the message itself tells nothing about the kind.
        if not email_message:
            return super()._routing_handle_bounce(email_message, message_dict)
        report = read_feedback(email_message)
        if report:
            return self._handle_feedback_report(report)
        if not is_failure(email_message):
            _logger.info(
                "The notification %s tells of no mail that failed",
                message_dict.get("message_id"),
            )
            return None
        bounce = read_bounce(email_message)
        self = self.with_context(
            marketing_bounce=bounce.kind,
            marketing_bounce_facts={
                "status": bounce.status,
                "diagnostic": bounce.diagnostic,
            },
        )
        result = super()._routing_handle_bounce(email_message, message_dict)
        self._settle_bounce(bounce, message_dict)
        return result

    @api.model
    def _settle_bounce(self, bounce, message_dict):
        """Let nothing more go to an address that does not exist.

        Anybody can write a notification: only one about a mail of ours counts, which
        its `Message-ID` proves.
        """
        message_ids = message_dict.get("bounced_msg_ids") or []
        traces = self._find_traces(message_ids)
        emails = [trace.email for trace in traces]
        persons = self.env["marketing.person"].sudo()
        known = persons.browse()
        if not traces and message_dict.get("bounced_message"):
            # A mail of a colleague, or of Odoo itself.
            email = email_normalize(message_dict.get("bounced_email") or "")
            ids = persons._get_ids_by_email([email] if email else [])
            known = persons.browse(ids.values())
            self.env["marketing.touchpoint"]._capture(
                [
                    {
                        "type": bounce.kind,
                        "person_id": person.id,
                        "data": self.env.context["marketing_bounce_facts"],
                        "dedup_key": f"bounce:{message_ids[0]}:{person.id}",
                    }
                    for person in known
                    if message_ids
                ]
            )
            emails = [email]
        if bounce.kind == "hard_bounce":
            persons._suppress_at_once(emails, "bounce")

    @api.model
    def _handle_feedback_report(self, report):
        """Somebody pressed “Spam”: he gets nothing more, and the timeline says so.

        Reports about mails that are not ours change nothing, whoever sends them.
        """
        traces = self._find_traces(report.message_ids)
        if not report.is_complaint or not traces:
            _logger.info(
                "A report of type %s about %s is no complaint about mail of ours",
                report.feedback_type,
                report.message_ids,
            )
            return
        traces._capture_complaint({"source": report.user_agent or None})

    @api.model
    def _find_traces(self, message_ids):
        """The mails of mailings that have these `Message-ID`s."""
        if not message_ids:
            return self.env["mailing.trace"].sudo()
        return (
            self.env["mailing.trace"]
            .sudo()
            .search([("message_id", "in", list(message_ids))])
        )
