import hmac
import re

from odoo import api, models, tools

#: Setting: mails up to this trace left before the add-on was there, with links that
#: are not signed.
LAST_UNSIGNED = "email_marketing_crm.last_unsigned_trace"
#: What links are signed for.
LINK_SCOPE = "marketing-link"
#: Digits of a signature: nobody guesses 40 bits over the network.
SIGNATURE_LENGTH = 10


class MailingTrace(models.Model):
    """Links of mails name the trace of their reader, and prove that we wrote it.

    Odoo's `/r/<code>/m/<trace>` can be counted up by whoever got one such mail. Ours
    end in `?k=<signature>`; a click without the right one may be anybody's.
    """

    _inherit = "mailing.trace"

    @api.model
    def _get_link_signature(self, trace_id):
        found = tools.hmac(self.env(su=True), LINK_SCOPE, trace_id)
        return found[:SIGNATURE_LENGTH]

    @api.model
    def _get_link_ending(self, trace_id):
        """What follows `/m/` in the links of a mail."""
        return f"{trace_id}?k={self._get_link_signature(trace_id)}"

    @api.model
    def _is_link_signed(self, trace_id, signature):
        """Whether a link with this trace is one that we wrote.

        :param signature: as it came, None where there is none
        """
        last = self.env["ir.config_parameter"].sudo().get_param(LAST_UNSIGNED) or 0
        return trace_id <= int(last) or hmac.compare_digest(
            (signature or "").encode("utf-8", "replace"),
            self._get_link_signature(trace_id).encode(),
        )


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _prepare_outgoing_body(self):
        """Sign the links that Odoo made for the reader of this mail."""
        body = super()._prepare_outgoing_body()
        trace_id = self.mailing_trace_ids[:1].id if self.mailing_id else None
        if not body or not trace_id:
            return body
        ending = self.env["mailing.trace"]._get_link_ending(trace_id)
        wrap = body.__class__
        return wrap(
            re.sub(
                rf"(/r/\w+/m/){trace_id}(?![\d?])",
                lambda found: found[1] + ending,
                str(body),
            )
        )
