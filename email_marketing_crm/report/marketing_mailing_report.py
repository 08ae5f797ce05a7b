from odoo import fields, models, tools
from odoo.tools import SQL

from ..models.marketing_mailing_figures import REPORTED, REVENUES

#: Rates, as figures of what was delivered.
RATES = {
    "open_rate": "opened",
    "click_rate": "clicked",
    "reply_rate": "replied",
    "lead_rate": "leads",
}


class MarketingMailingReport(models.Model):
    """Mailings by what they are, and what came of them: one row a mailing.

    A view on `marketing.mailing.result`, so its figures are those of the mailings'
    forms as of the last count. Rates are of what was delivered, and are weighted when
    mailings are put together: an average over mailings would say nothing.
    """

    _name = "marketing.mailing.report"
    _inherit = ["marketing.mailing.figures"]
    _description = "Which Mail Works"
    _auto = False
    _rec_name = "mailing_id"
    _order = "date desc"
    _depends = {
        "marketing.mailing.result": ["mailing_id", *REPORTED, *REVENUES],
        "marketing.mail.template": ["kind"],
        "mailing.mailing": [
            "sent_date",
            "schedule_date",
            "marketing_kind",
            "marketing_template_id",
            "marketing_topic_id",
            "campaign_id",
            "user_id",
        ],
    }

    mailing_id = fields.Many2one("mailing.mailing", readonly=True)
    date = fields.Datetime("Sent On", readonly=True)
    weekday = fields.Selection(
        [
            ("1", "Monday"),
            ("2", "Tuesday"),
            ("3", "Wednesday"),
            ("4", "Thursday"),
            ("5", "Friday"),
            ("6", "Saturday"),
            ("7", "Sunday"),
        ],
        readonly=True,
        help="In UTC.",
    )
    volume = fields.Selection(
        [("one_off", "One-off"), ("automated", "Automated")],
        string="One-off or Automated",
        readonly=True,
        help="Automated: mails of journeys. One-off: everything else.",
    )
    template_id = fields.Many2one("marketing.mail.template", readonly=True)
    template_kind = fields.Selection(
        selection="_selection_template_kind", string="Kind of Mail", readonly=True
    )
    topic_id = fields.Many2one("marketing.topic", readonly=True)
    campaign_id = fields.Many2one("utm.campaign", readonly=True)
    user_id = fields.Many2one("res.users", "Responsible", readonly=True)
    # what came of it, beside the figures
    open_rate = fields.Float(
        "Opened (%)",
        readonly=True,
        aggregator="avg",
        help="Opened by humans, of all that the mail was delivered to.",
    )
    click_rate = fields.Float(
        "Clicked (%)",
        readonly=True,
        aggregator="avg",
        help="Clicked by humans, of all that the mail was delivered to.",
    )
    reply_rate = fields.Float(
        "Replied (%)",
        readonly=True,
        aggregator="avg",
        help="Replied, of all that the mail was delivered to.",
    )
    lead_rate = fields.Float(
        "Leads (%)",
        readonly=True,
        aggregator="avg",
        help="Became leads, of all that the mail was delivered to.",
    )

    def _selection_template_kind(self):
        kind = self.env["marketing.mail.template"]._fields["kind"]
        return kind._description_selection(self.env)

    def init(self):
        tools.drop_view_if_exists(self.env.cr, self._table)
        rates = SQL(", ").join(
            SQL(
                "100.0 * result.%s / NULLIF(result.delivered, 0) AS %s",
                SQL.identifier(figure),
                SQL.identifier(rate),
            )
            for rate, figure in RATES.items()
        )
        self.env.cr.execute(
            SQL(
                """
                CREATE VIEW %s AS
                SELECT mailing.id, mailing.id AS mailing_id,
                       COALESCE(mailing.sent_date, mailing.schedule_date,
                                mailing.create_date) AS date,
                       extract(isodow FROM COALESCE(
                           mailing.sent_date, mailing.schedule_date,
                           mailing.create_date))::int::text AS weekday,
                       CASE mailing.marketing_kind WHEN 'journey' THEN 'automated'
                            ELSE 'one_off' END AS volume,
                       mailing.marketing_template_id AS template_id,
                       COALESCE(template.kind, 'other') AS template_kind,
                       mailing.marketing_topic_id AS topic_id,
                       mailing.campaign_id, mailing.user_id,
                       %s, %s
                  FROM marketing_mailing_result AS result
                  JOIN mailing_mailing AS mailing ON mailing.id = result.mailing_id
                  LEFT JOIN marketing_mail_template AS template
                    ON template.id = mailing.marketing_template_id
                 WHERE result.sent > 0
                """,
                SQL.identifier(self._table),
                self._get_figure_columns("result"),
                rates,
            )
        )

    def _read_group_select(self, aggregate_spec, query):
        """Rates of several mailings: all their reactions by all their mails."""
        name, _separator, function = aggregate_spec.partition(":")
        if function != "avg" or name not in RATES:
            return super()._read_group_select(aggregate_spec, query)
        figure, delivered = (
            self._field_to_sql(self._table, field, query)
            for field in (RATES[name], "delivered")
        )
        return SQL("100.0 * sum(%s) / NULLIF(sum(%s), 0)", figure, delivered)

    def action_open_mailing(self):
        self.ensure_one()
        return self.mailing_id._get_records_action()

    def action_view_result(self, figure):
        """The persons behind a figure of the row."""
        self.ensure_one()
        return self.mailing_id.action_view_result(figure)
