from odoo import fields, models, tools
from odoo.tools import SQL


class MarketingMailVolume(models.Model):
    """How many mails left, by mailing and hour, and how many wait for theirs.

    A view for one-off against automated volume over time. What left is read from
    `marketing.mail.hour`, so it is every mailing's, and no mail is counted when the
    report is opened. Mails of ours that wait stand at the hour they are looked at next;
    partial indexes of `marketing.delivery` hold nothing but them.
    """

    _name = "marketing.mail.volume"
    _description = "Volume of Mail"
    _auto = False
    _rec_name = "mailing_id"
    _order = "date desc, id"
    _depends = {
        "marketing.delivery": ["mailing_id", "state", "due"],
        "mailing.mailing": [
            "mailing_type",
            "marketing_kind",
            "marketing_topic_id",
            "user_id",
        ],
        "marketing.topic": ["company_id"],
        "res.users": ["company_id"],
        "mailing.trace": ["mass_mailing_id", "sent_datetime", "is_test_trace"],
    }

    mailing_id = fields.Many2one("mailing.mailing", readonly=True)
    date = fields.Datetime("Hour", readonly=True)
    state = fields.Selection([("sent", "Sent"), ("waiting", "Waiting")], readonly=True)
    volume = fields.Selection(
        [("one_off", "One-off"), ("automated", "Automated")],
        string="One-off or Automated",
        readonly=True,
        help="Automated: mails of journeys. One-off: everything else.",
    )
    count = fields.Integer("Mails", readonly=True)
    topic_id = fields.Many2one("marketing.topic", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)

    def init(self):
        tools.drop_view_if_exists(self.env.cr, self._table)
        # The id says which mailing, hour and state it is, whatever is added up.
        self.env.cr.execute(
            SQL(
                """
                CREATE VIEW %s AS
                SELECT mail.mailing_id::bigint * 2000000
                           + extract(epoch FROM mail.date)::bigint / 3600 * 2
                           + (mail.state = 'waiting')::int AS id,
                       mail.mailing_id, mail.date, mail.state, mail.count,
                       CASE mailing.marketing_kind WHEN 'journey' THEN 'automated'
                            ELSE 'one_off' END AS volume,
                       mailing.marketing_topic_id AS topic_id,
                       COALESCE(topic.company_id, responsible.company_id) AS company_id
                  FROM (SELECT mailing_id, hour AS date, 'sent' AS state,
                               sum(mails)::int AS count
                          FROM marketing_mail_hour
                         GROUP BY mailing_id, hour HAVING sum(mails) > 0
                         UNION ALL
                        SELECT mailing_id, date_trunc('hour', due), 'waiting',
                               count(*)::int
                          FROM (SELECT mailing_id, due FROM marketing_delivery
                                 WHERE state = 'planned'
                                 UNION ALL
                                SELECT mailing_id, due FROM marketing_delivery
                                 WHERE state IN ('composed', 'sending')) AS waiting
                         GROUP BY mailing_id, date_trunc('hour', due)
                       ) AS mail
                  JOIN mailing_mailing AS mailing
                    ON mailing.id = mail.mailing_id AND mailing.mailing_type = 'mail'
                  LEFT JOIN marketing_topic AS topic
                    ON topic.id = mailing.marketing_topic_id
                  LEFT JOIN res_users AS responsible
                    ON responsible.id = mailing.user_id
                """,
                SQL.identifier(self._table),
            )
        )

    def action_open_mailing(self):
        self.ensure_one()
        return self.mailing_id._get_records_action()
