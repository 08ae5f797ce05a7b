from odoo import api, models

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from ..tools.sender_brake import OutcomeLog, classify_refusal


class MailMail(models.Model):
    """What the servers answer to the mails of a lane's run is told to their senders."""

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
        """Remember what the server answers to each mail, for its sender.

        No server that could be reached is no answer.
        """
        try:
            result = super().send_email(message, *args, **kwargs)
        except MailDeliveryException as error:
            self._note_answer(message, classify_refusal(error))
            raise
        self._note_answer(message, "sent")
        return result

    def _note_answer(self, message, outcome):
        """Note it with the batch: of a lane by delivery, of Odoo's queue by number."""
        outcomes = self.env.context.get("marketing_outcomes")
        handover = self.env.context.get("marketing_handover")
        outside = self.env.context.get("marketing_outside")
        if handover is not None and outcomes is not None and outcome:
            outcomes.outcomes[handover.deliveries[message["Message-Id"]]] = outcome
        elif handover is None and outside is not None:
            outside.note(message, outcome)
