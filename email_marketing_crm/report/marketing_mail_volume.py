from odoo import fields, models, tools
from odoo.tools import SQL


class MarketingMailVolume(models.Model):
    """How many mails leave, by mailing and hour: those sent, and those that wait.

    A view on `marketing.delivery`, for the calendar and for one-off against automated
    volume over time. Mails that wait stand at the hour they are looked at next.
    """

    _name = "marketing.mail.volume"
    _description = "Volume of Mail"
    _auto = False
    _order = "date desc"

    name = fields.Char("Mails and Mailing", readonly=True)
    mailing_id = fields.Many2one("mailing.mailing", readonly=True)
    date = fields.Datetime("Hour", readonly=True)
    date_stop = fields.Datetime("End of the Hour", readonly=True)
    state = fields.Selection([("sent", "Sent"), ("waiting", "Waiting")], readonly=True)
    volume = fields.Selection(
        [("one_off", "One-off"), ("automated", "Automated")],
        string="One-off or Automated",
        readonly=True,
        help="Automated: mails of journeys. One-off: everything else.",
    )
    count = fields.Integer("Mails", readonly=True)

    def init(self):
        tools.drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(
            SQL(
                """
                CREATE VIEW %s AS
                SELECT min(delivery.id) AS id, delivery.mailing_id, delivery.date,
                       delivery.date + interval '59 minutes 59 seconds' AS date_stop,
                       delivery.state, count(*)::int AS count,
                       CASE mailing.marketing_kind WHEN 'journey' THEN 'automated'
                            ELSE 'one_off' END AS volume,
                       count(*) || ' × ' || mailing.subject AS name
                  FROM (SELECT id, mailing_id,
                               CASE state WHEN 'sent' THEN 'sent' ELSE 'waiting' END
                                   AS state,
                               date_trunc('hour', CASE state WHEN 'sent'
                                   THEN sent_date ELSE due END) AS date
                          FROM marketing_delivery
                         WHERE state IN ('sent', 'planned', 'composed', 'sending')
                       ) AS delivery
                  JOIN mailing_mailing AS mailing ON mailing.id = delivery.mailing_id
                 GROUP BY delivery.mailing_id, delivery.date, delivery.state,
                          mailing.marketing_kind, mailing.subject
                """,
                SQL.identifier(self._table),
            )
        )
