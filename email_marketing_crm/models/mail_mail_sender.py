from odoo import api, models

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from ..tools.sender_brake import OutcomeLog, classify_refusal


class MailMail(models.Model):
    """What the servers answer to the mails of a run is told to their senders."""

    _inherit = "mail.mail"

    @api.model
    def _run_lane(self, number, count):
        outcomes = OutcomeLog()
        result = super(
            MailMail, self.with_context(marketing_outcomes=outcomes)
        )._run_lane(number, count)
        self.env["marketing.sender"]._note_deliveries(outcomes.outcomes)
        return result


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    def send_email(self, message, *args, **kwargs):
        """Remember what the server answers to each mail of the sending lane.

        No server that could be reached is no answer.
        """
        log = self.env.context.get("marketing_outcomes")
        handover = self.env.context.get("marketing_handover")
        if log is None or handover is None:
            return super().send_email(message, *args, **kwargs)
        delivery_id = handover.deliveries[message["Message-Id"]]
        try:
            result = super().send_email(message, *args, **kwargs)
        except MailDeliveryException as error:
            outcome = classify_refusal(error)
            if outcome:
                log.outcomes[delivery_id] = outcome
            raise
        log.outcomes[delivery_id] = "sent"
        return result
