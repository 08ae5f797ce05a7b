from collections import defaultdict
from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

from .marketing_delivery_plan import WAITED_GATES

#: What the marketer's choices said so long ago still counts: a mail that leaves as soon
#: as it is written was asked about in the same minutes.
FRESH = timedelta(minutes=5)


class MailMail(models.Model):
    """A mail that had to wait after it was written is asked about completely.

    A brake, quiet hours or a server that is down may hold it for days. Meanwhile its
    reader may have entered a segment that is left out, got an opportunity, or another
    mail of the campaign.
    """

    _inherit = "mail.mail"

    def _get_refused_mails(self):
        refused = super()._get_refused_mails()
        if not self:
            return refused
        rows = self.env.execute_query(
            SQL(
                "SELECT delivery.mailing_id, delivery.id, mail.id"
                "  FROM mail_mail mail"
                "  JOIN marketing_delivery delivery"
                "    ON delivery.id = mail.marketing_delivery_id"
                " WHERE mail.id = ANY(%s) AND mail.state = 'outgoing'"
                "   AND delivery.composed_date <= %s",
                [mail_id for mail_id in self.ids if mail_id not in refused],
                fields.Datetime.now() - FRESH,
            )
        )
        by_mailing = defaultdict(dict)
        for mailing_id, delivery_id, mail_id in rows:
            by_mailing[mailing_id][delivery_id] = mail_id
        deliveries = self.env["marketing.delivery"]
        for mailing_id, mails in by_mailing.items():
            found = deliveries._get_refused(
                self.env["mailing.mailing"].browse(mailing_id),
                deliveries._get_planned_candidates(list(mails)),
                WAITED_GATES,
            )
            refused |= {mails[one]: reason for one, reason in found.items()}
        return refused
