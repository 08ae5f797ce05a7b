from collections import defaultdict

from odoo import api, models
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

#: What is said of each code of `tools/sender_dns.py`, and what to do about it.
SENTENCES = {
    "free_domain": _lt(
        "%(domain)s belongs to a mailbox provider: mail from it that another "
        "server sends is refused or filed as spam. Use a domain of your own."
    ),
    "from_filter": _lt(
        "The mail server only takes mail from %(allowed)s, so Odoo replaces the"
        " From address. Add %(domain)s to the server's From filter."
    ),
    "spf_missing": _lt(
        "%(domain)s has no SPF record. Add a TXT record that begins with "
        "v=spf1 and names the servers that send for it."
    ),
    "spf_many": _lt(
        "%(domain)s has several SPF records, so none counts. Make one of them."
    ),
    "spf_open": _lt(
        "The SPF record of %(domain)s allows every server (+all). End it with "
        "~all or -all."
    ),
    "spf_neutral": _lt(
        "The SPF record of %(domain)s says nothing about other servers. End it "
        "with ~all or -all."
    ),
    "spf_questions": _lt(
        "The SPF record of %(domain)s needs more than ten look-ups, so it fails"
        " everywhere. Take includes out that are not used."
    ),
    "dkim_missing": _lt(
        "There is no DKIM key at %(name)s. Publish the key that the mail server"
        " signs with, or correct the selector."
    ),
    "dkim_unknown": _lt(
        "No DKIM key of %(domain)s was found under the usual names. Write the "
        "selector of your mail server here, or let it sign your mail."
    ),
    "dkim_revoked": _lt(
        "The DKIM key at %(name)s is withdrawn (empty p=). Publish a new one."
    ),
    "dkim_unreadable": _lt(
        "The DKIM key at %(name)s cannot be read. Copy it again from your mail server."
    ),
    "dkim_short": _lt("The DKIM key at %(name)s has %(bits)s bits. Use one of 2048."),
    "dmarc_missing": _lt(
        "%(domain)s has no DMARC record. Add a TXT record at _dmarc.%(domain)s,"
        " to begin with: v=DMARC1; p=none; rua=mailto:you@%(domain)s"
    ),
    "dmarc_many": _lt(
        "%(domain)s has several DMARC records, so none counts. Keep one."
    ),
    "dmarc_broken": _lt(
        "The DMARC record of %(domain)s has no valid policy. It needs p=none, "
        "p=quarantine or p=reject."
    ),
    "dmarc_none": _lt(
        "DMARC of %(domain)s only watches (p=none). When its reports show that "
        "your mail passes, ask for p=quarantine."
    ),
    "dmarc_no_report": _lt(
        "DMARC of %(domain)s sends no reports. Add rua=mailto: with an address "
        "of yours."
    ),
    "not_aligned": _lt(
        "Bounces go to %(return_domain)s, another domain than %(domain)s: SPF "
        "does not count for DMARC, only DKIM does. Use a bounce address of the "
        "same domain."
    ),
    "no_mx": _lt(
        "%(domain)s takes no mail (no MX record), so nobody can answer. Use a "
        "domain with mailboxes."
    ),
}


class MarketingSender(models.Model):
    """What was found about the domain of a sender, in sentences."""

    _inherit = "marketing.sender"

    @api.model
    def _explain_dns(self, code, values):
        """A finding as a sentence, with what to do about it."""
        sentence = self.env._(SENTENCES[code])
        return sentence % defaultdict(str, values)
