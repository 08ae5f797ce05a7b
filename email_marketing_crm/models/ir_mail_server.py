from odoo import models

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from ..tools.delivery_handover import is_temporary_refusal


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    def send_email(self, message, *args, smtp_session=None, **kwargs):
        """Claim a mail of the sending lane right before the server gets it.

        This is the last place before SMTP that every mail passes: what is built and
        rendered has not failed, and nothing is on its way yet.
        """
        handover = self.env.context.get("marketing_handover")
        if handover is None:
            return super().send_email(
                message, *args, smtp_session=smtp_session, **kwargs
            )
        delivery_id = handover.needs_claim(message["Message-Id"])
        if delivery_id:
            self.env["marketing.delivery"]._claim_for_sending(delivery_id)
            handover.take(delivery_id)
        try:
            with handover.watch(smtp_session):
                result = super().send_email(
                    message, *args, smtp_session=smtp_session, **kwargs
                )
        except MailDeliveryException as error:
            handover.refused(temporary=is_temporary_refusal(error))
            raise
        handover.accepted = True
        return result
