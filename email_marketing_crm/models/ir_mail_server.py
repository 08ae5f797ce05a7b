import email.policy

from odoo import models

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from ..tools.delivery_handover import is_temporary_refusal


class ListMailPolicy(type(email.policy.SMTP)):
    """Writes the address of a one-click unsubscription in one line.

    Python folds a longer line by encoding it (RFC 2047), which that header does not
    allow: mailbox providers then show no button to unsubscribe (RFC 2369, RFC 8058).
    """

    def _fold(self, name, value, *args, **kwargs):
        if name.lower() == "list-unsubscribe":
            return ONE_LINE._fold(name, value, *args, **kwargs)
        return super()._fold(name, value, *args, **kwargs)


ONE_LINE = email.policy.SMTP.clone(max_line_length=None)
LIST_MAIL = ListMailPolicy(linesep=email.policy.SMTP.linesep)


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    def send_email(self, message, *args, **kwargs):
        """Note which mail of the sending lane is next, right before SMTP has it.

        This is the last place before SMTP that every mail passes: what is built and
        rendered has not failed, and nothing is on its way yet.
        """
        if message["List-Unsubscribe"]:
            message.policy = LIST_MAIL
        handover = self.env.context.get("marketing_handover")
        if handover is None:
            return super().send_email(message, *args, **kwargs)
        delivery_id = handover.needs_claim(message["Message-Id"])
        if delivery_id:
            handover.take(delivery_id)
        try:
            with handover.watch(kwargs.get("smtp_session")):
                result = super().send_email(message, *args, **kwargs)
        except MailDeliveryException as error:
            handover.refused(temporary=is_temporary_refusal(error))
            raise
        handover.accepted = True
        return result
