from email.message import EmailMessage
from email.utils import format_datetime

from odoo import fields, models

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from ..tools.delivery_handover import is_temporary_refusal
from ..tools.mail_policy import LIST_MAIL, QUICK_MAIL
from ..tools.mail_skeleton import make_boundary


class IrMailServer(models.Model):
    _inherit = "ir.mail_server"

    def _build_email__(
        self,
        email_from,
        email_to,
        subject,
        body,
        email_cc=None,
        email_bcc=None,
        reply_to=False,
        attachments=None,
        message_id=None,
        references=None,
        object_id=False,
        subtype="plain",
        headers=None,
        body_alternative=None,
        subtype_alternative="plain",
    ):
        """Odoo's message, put together by a policy that remembers the one before.

        For mails of the sending lane, and where no other module builds them.
        """
        if (
            not self.env.context.get("marketing_quick_mail")
            or not (email_from and message_id and body_alternative)
            or subtype != "html"
            or attachments
            or email_cc
            or email_bcc
        ):
            return super()._build_email__(
                email_from,
                email_to,
                subject,
                body,
                email_cc=email_cc,
                email_bcc=email_bcc,
                reply_to=reply_to,
                attachments=attachments,
                message_id=message_id,
                references=references,
                object_id=object_id,
                subtype=subtype,
                headers=headers,
                body_alternative=body_alternative,
                subtype_alternative=subtype_alternative,
            )
        message = EmailMessage(policy=QUICK_MAIL)
        message["Message-Id"] = message_id
        if references:
            message["references"] = references
        message["Subject"] = subject
        message["From"] = email_from
        message["Reply-To"] = reply_to or email_from
        message["To"] = email_to[0] if len(email_to) == 1 else email_to
        message["Date"] = format_datetime(fields.Datetime.now())
        for name, value in (headers or {}).items():
            message[name] = value
        message["MIME-Version"] = "1.0"
        message.add_alternative(
            body_alternative, subtype=subtype_alternative, charset="utf-8"
        )
        message.add_alternative(body or "", subtype="html", charset="utf-8")
        # Python would look for its boundary with a pattern made for each mail.
        bodies = [part.get_payload() for part in message.get_payload()]
        message.set_boundary(make_boundary(*bodies))
        return message

    def send_email(self, message, *args, **kwargs):
        """Note which mail of the sending lane is next, right before SMTP has it.

        This is the last place before SMTP that every mail passes: what is built and
        rendered has not failed, and nothing is on its way yet.
        """
        if message["List-Unsubscribe"] and message.policy is not QUICK_MAIL:
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
