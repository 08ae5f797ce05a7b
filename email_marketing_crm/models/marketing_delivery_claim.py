"""How the high-volume lane takes mails in hand: their numbers and their traces."""

from odoo import api, fields, models
from odoo.tools import SQL

from .marketing_delivery_writer import Ids

#: Columns of a trace that the lane writes by SQL. Where a module added others, it is
#: asked to make them.
TRACE_COLUMNS = {
    "mail_mail_id",
    "mail_mail_id_int",
    "res_id",
    "mass_mailing_id",
    "campaign_id",
    "trace_type",
    "email",
    "message_id",
    "model",
    "trace_status",
    "failure_type",
    "failure_reason",
    "is_test_trace",
    "sent_datetime",
    "open_datetime",
    "reply_datetime",
    "links_click_datetime",
    # of mass_mailing_sms
    "sms_id",
    "sms_id_int",
    "sms_number",
    "sms_code",
    "sms_tracker_ids",
}


class MarketingDelivery(models.Model):
    """Claims of the high-volume lane: mails get the numbers by which all is found."""

    _inherit = "marketing.delivery"

    @api.model
    def _claim_group(self, mailing, recipients):
        """Take mails in hand and give them their numbers: `{delivery id: Ids}`.

        Mails that a user stopped meanwhile are left alone.
        """
        if not recipients:
            return {}
        messages = self.env["mail.message"]
        model = mailing.mailing_model_real
        rows = {
            recipient.delivery_id: (
                recipient.res_id,
                recipient.address,
                messages._get_message_id(
                    {
                        "model": model,
                        "res_id": recipient.res_id,
                        "reply_to_force_new": True,
                    }
                ),
            )
            for recipient in recipients
        }
        claim = SQL(
            """
            UPDATE marketing_delivery delivery
               SET state = 'sending', composed_date = %(now)s, is_high_volume = TRUE,
                   mail_mail_id_int = nextval('mail_mail_id_seq'), trace_id = %(trace)s
              FROM mailing_mailing mailing
             WHERE delivery.id = ANY(%(ids)s) AND delivery.state = 'planned'
               AND mailing.id = delivery.mailing_id AND %(active)s
            RETURNING delivery.id, delivery.mail_mail_id_int, delivery.trace_id
            """,
            now=fields.Datetime.now(),
            ids=list(rows),
            active=self._get_active_mailings(),
            trace=SQL("nextval('mailing_trace_id_seq')")
            if self._are_traces_plain()
            else SQL("NULL"),
        )
        self.env.flush_all()
        claimed = (
            self._claim_with_traces(mailing, rows, claim)
            if self._are_traces_plain()
            else self._claim_and_create_traces(mailing, rows, claim)
        )
        self._invalidate_deliveries()
        return {
            delivery_id: Ids(mail_id, trace_id, rows[delivery_id][2])
            for delivery_id, mail_id, trace_id in claimed
        }

    @api.model
    def _are_traces_plain(self):
        """Whether the columns of a trace are those that we know."""
        stored = {
            name
            for name, field in self.env["mailing.trace"]._fields.items()
            if field.store and field.column_type
        }
        return not stored - TRACE_COLUMNS - set(models.MAGIC_COLUMNS)

    @api.model
    def _claim_with_traces(self, mailing, rows, claim):
        """Claim, and insert the traces that Odoo would have made with its mail.mail.

        The number of the mail is drawn from the sequence of mail.mail: by it the pixel
        finds the trace, as it does when a sent mail was deleted.

        :param rows: `{delivery id: (record id, address, Message-ID)}`
        :param claim: SQL that claims and returns `(delivery id, mail id, trace id)`
        :returns: `[(delivery id, mail id, trace id)]`
        """
        claimed = self.env.execute_query(
            SQL(
                """
                WITH claimed AS (%(claim)s), made AS (
                    INSERT INTO mailing_trace (
                        id, create_uid, write_uid, create_date, write_date, trace_type,
                        trace_status, model, mass_mailing_id, campaign_id,
                        mail_mail_id_int, res_id, email, message_id)
                    SELECT claimed.trace_id, %(user)s, %(user)s, %(now)s, %(now)s,
                           'mail', 'outgoing', %(model)s, %(mailing)s, %(campaign)s,
                           claimed.mail_mail_id_int, mail.res_id, mail.address,
                           mail.message
                      FROM claimed
                      JOIN unnest(%(ids)s::int[], %(records)s::int[],
                                  %(addresses)s::text[], %(messages)s::text[])
                           mail (id, res_id, address, message) ON mail.id = claimed.id)
                SELECT id, mail_mail_id_int, trace_id FROM claimed
                """,
                claim=claim,
                user=self.env.uid,
                now=fields.Datetime.now(),
                model=mailing.mailing_model_real,
                mailing=mailing.id,
                campaign=mailing.campaign_id.id or None,
                ids=list(rows),
                records=[row[0] for row in rows.values()],
                addresses=[row[1] for row in rows.values()],
                messages=[row[2] for row in rows.values()],
            )
        )
        self.env["mailing.trace"].invalidate_model()
        return claimed

    @api.model
    def _claim_and_create_traces(self, mailing, rows, claim):
        """As `_claim_with_traces`, where a module added columns to traces."""
        claimed = self.env.execute_query(claim)
        traces = self.env["mailing.trace"].create(
            [
                {
                    "mail_mail_id_int": mail_id,
                    "email": rows[delivery_id][1],
                    "message_id": rows[delivery_id][2],
                    "model": mailing.mailing_model_real,
                    "res_id": rows[delivery_id][0],
                    "mass_mailing_id": mailing.id,
                }
                for delivery_id, mail_id, _trace_id in claimed
            ]
        )
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE marketing_delivery delivery SET trace_id = made.trace_id"
                "  FROM unnest(%s::int[], %s::int[]) made (id, trace_id)"
                " WHERE delivery.id = made.id",
                [delivery_id for delivery_id, _mail_id, _trace_id in claimed],
                traces.ids,
            )
        )
        return [
            (delivery_id, mail_id, trace_id)
            for (delivery_id, mail_id, _none), trace_id in zip(
                claimed, traces.ids, strict=True
            )
        ]
