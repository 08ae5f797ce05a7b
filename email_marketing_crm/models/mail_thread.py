from odoo import api, models

from ..tools.bounce import classify_bounce, is_automatic_reply


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        if is_automatic_reply(message):
            self = self.with_context(marketing_auto_reply=True)
        return super()._message_route_process(message, message_dict, routes)

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        # Who calls without the message itself tells nothing about the kind.
        if email_message:
            self = self.with_context(marketing_bounce=classify_bounce(email_message))
        return super()._routing_handle_bounce(email_message, message_dict)
