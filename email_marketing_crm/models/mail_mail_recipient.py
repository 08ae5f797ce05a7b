from odoo import models
from odoo.tools import SQL, email_normalize
from odoo.tools.mail import email_normalize_all

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from .marketing_delivery_plan import SEND_GATES


class MailMail(models.Model):
    """A mailing goes to addresses that were asked about, and to no others.

    The gates look at one address, the one of the trace. Odoo sends to what the contact
    has when the mail leaves. An address that was put there since, and whoever is in
    copy, get nothing; about a second address of a contact the gates are asked too.
    """

    _inherit = "mail.mail"

    def _get_gated_addresses(self):
        """The addresses these mails were let pass for."""
        traces = self.sudo().mailing_trace_ids.filtered(
            lambda trace: not trace.is_test_trace
        )
        return {email_normalize(trace.email) for trace in traces} - {False}

    def _get_refused_mails(self):
        """Also mails that would go to nobody who was asked about."""
        refused = super()._get_refused_mails()
        if self.env.context.get("mailing_test_mail"):
            return refused
        for mail in self.sudo():
            if mail.id in refused or not mail.mailing_id or mail.state != "outgoing":
                continue
            recipients = {
                *email_normalize_all(mail.email_to or ""),
                *(
                    address
                    for partner in mail.recipient_ids
                    for address in email_normalize_all(partner.email or "")
                ),
            }
            if not recipients & mail._get_gated_addresses():
                refused[mail.id] = "address_changed"
        return refused

    def _get_passing_addresses(self, addresses):
        """Those of these addresses that may get this mail.

        Not those of others whom the mailing is for: they have a mail of their own.
        """
        if not addresses:
            return set()
        addresses = sorted(addresses)
        candidates = SQL(
            "SELECT number AS id, NULL::int AS person_id, %s AS res_id, email,"
            " 0 AS visit, 1 AS rank"
            " FROM unnest(%s::text[]) WITH ORDINALITY given (email, number)",
            self.res_id or None,
            addresses,
        )
        self.env.flush_all()
        refused = self.env["marketing.delivery"]._get_refused(
            self.mailing_id, candidates, SEND_GATES
        )
        mailed = self.env.execute_query(
            SQL(
                "SELECT email FROM marketing_delivery WHERE mailing_id = %s"
                " AND email = ANY(%s) AND state NOT IN ('skipped', 'failed')",
                self.mailing_id.id,
                addresses,
            )
        )
        others = {email for (email,) in mailed}
        return {
            address
            for number, address in enumerate(addresses, start=1)
            if number not in refused and address not in others
        }

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        email_list = super()._prepare_outgoing_list(mail_server, doc_to_followers)
        if not self.mailing_id or self.env.context.get("mailing_test_mail"):
            return email_list
        allowed = self._get_gated_addresses()
        found = {
            email_normalize(address)
            for values in email_list
            for address in values["email_to"]
        }
        if found & allowed:
            allowed |= self._get_passing_addresses(found - allowed - {False})
        kept = []
        for values in email_list:
            recipients = [
                address
                for address in values["email_to"]
                if email_normalize(address) in allowed
            ]
            if recipients:
                normalized = [email_normalize(address) for address in recipients]
                kept.append(
                    values
                    | {
                        "email_to": recipients,
                        "email_cc": [],
                        "email_to_normalized": normalized,
                    }
                )
        if not kept:
            raise MailDeliveryException(
                self.env._("The address was changed since the mail was written.")
            )
        return kept
