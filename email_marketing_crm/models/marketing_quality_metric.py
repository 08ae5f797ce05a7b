from datetime import timedelta

from psycopg2.extras import execute_values

from odoo import api, fields, models

from ..tools.client_action import notify

#: What a figure is compared with.
TREND_DAYS = 7


class MarketingQualityMetric(models.Model):
    """One figure about the state of the data, as of its last computation.

    The cron is the only writer: it computes all figures of one company at once, in a
    few statements (`marketing.quality.count`), removes those of findings that do not
    exist any more, and keeps one snapshot a day. Without several companies the
    figures belong to none. The number is always how many are concerned; its list
    (`action_open`) is read when it is opened.
    """

    _name = "marketing.quality.metric"
    _description = "Data Quality"
    _order = "category, sequence, count desc, id"
    _log_access = False

    code = fields.Char(required=True, readonly=True)
    category = fields.Selection(
        [
            ("1_reach", "Who Can Be Mailed"),
            ("2_address", "Addresses"),
            ("3_complete", "What Is Missing"),
            ("4_stale", "Out of Date"),
            ("5_duplicate", "Duplicates"),
        ],
        required=True,
        readonly=True,
    )
    sequence = fields.Integer(readonly=True)
    is_good = fields.Boolean("The More, the Better", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    name = fields.Char("Finding", compute="_compute_name", search="_search_name")
    # the figure
    count = fields.Integer("How Many", readonly=True, aggregator=None)
    total = fields.Integer("Out Of", readonly=True, aggregator=None)
    share = fields.Float("Share (%)", readonly=True, digits=(16, 1), aggregator=None)
    computed_at = fields.Datetime("As Of", readonly=True)
    # how it develops
    snapshot_ids = fields.One2many(
        "marketing.quality.snapshot", "metric_id", readonly=True
    )
    change = fields.Integer(
        "Change in a Week", compute="_compute_change", aggregator=None
    )
    trend = fields.Selection(
        [("better", "Better"), ("worse", "Worse"), ("same", "The same")],
        compute="_compute_change",
    )

    _code_company_unique = models.UniqueIndex(
        "(code, COALESCE(company_id, 0))", "There is one figure of a kind."
    )

    @api.depends("code")
    @api.depends_context("lang")
    def _compute_name(self):
        labels = self.env["marketing.quality.count"]._get_labels()
        for metric in self:
            metric.name = labels.get(metric.code, metric.code)

    @api.model
    def _search_name(self, operator, value):
        """Figures by their name in the language of the user."""
        labels = self.env["marketing.quality.count"]._get_labels()
        if operator == "in":
            codes = [code for code, label in labels.items() if label in value]
        elif operator == "ilike":
            text = value.casefold()
            codes = [code for code, label in labels.items() if text in label.casefold()]
        else:
            return NotImplemented
        return [("code", "in", codes)]

    @api.depends("name")
    def _compute_display_name(self):
        for metric in self:
            metric.display_name = metric.name

    def _compute_change(self):
        day = fields.Date.context_today(self) - timedelta(days=TREND_DAYS)
        former = {}
        for snapshot in self.env["marketing.quality.snapshot"].search(
            [("metric_id", "in", self.ids), ("date", "<=", day)], order="date"
        ):
            former[snapshot.metric_id.id] = snapshot.count
        for metric in self:
            change = metric.count - former.get(metric.id, metric.count)
            metric.change = change
            if not change:
                metric.trend = "same"
            else:
                metric.trend = "better" if (change > 0) == metric.is_good else "worse"

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_open(self):
        """The persons or records that the number counts."""
        self.ensure_one()
        return self.env["marketing.quality.count"]._get_action(self)

    def action_open_trend(self):
        """How the number developed."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_quality_snapshot_action"
        )
        return action | {
            "display_name": self.name,
            "domain": [("metric_id", "=", self.id)],
            "context": {},
        }

    @api.model
    def action_refresh(self):
        """Compute the figures anew, in the background."""
        self.check_access("read")
        self.env.ref("email_marketing_crm.ir_cron_marketing_quality").sudo()._trigger()
        return notify(
            self.env._(
                "The figures are computed in the background. Open this page again "
                "in a minute."
            )
        )

    # ------------------------------------------------------------------
    # WORK
    # ------------------------------------------------------------------

    @api.model
    def _cron_refresh(self):
        """Compute the figures of each company, committing after each of them."""
        companies = self._get_companies()
        obsolete = self.search([("company_id", "not in", companies)])
        obsolete.unlink()
        for number, company_id in enumerate(companies, 1):
            self._refresh(company_id)
            self.env["ir.cron"]._commit_progress(1, remaining=len(companies) - number)

    @api.model
    def _get_companies(self):
        """Ids of the companies that have figures; [False] where there is just one."""
        companies = self.env["res.company"].sudo().search([])
        return companies.ids if len(companies) > 1 else [False]

    @api.model
    def _refresh(self, company_id):
        """Compute the figures of one company and keep today's snapshot."""
        now = fields.Datetime.now()
        counts = self.env["marketing.quality.count"].sudo()
        figures = counts._compute_figures(company_id)
        self.flush_model()
        rows = [
            (
                figure.code,
                figure.category,
                sequence,
                figure.is_good,
                company_id or None,
                figure.count,
                figure.total,
                100 * figure.count / figure.total if figure.total else 0.0,
                now,
            )
            for sequence, figure in enumerate(figures)
        ]
        ids = execute_values(
            self.env.cr._obj,
            """
            INSERT INTO marketing_quality_metric (
                code, category, sequence, is_good, company_id, count, total, share,
                computed_at) VALUES %s
            ON CONFLICT (code, COALESCE(company_id, 0)) DO UPDATE
               SET category = EXCLUDED.category, sequence = EXCLUDED.sequence,
                   is_good = EXCLUDED.is_good, count = EXCLUDED.count,
                   total = EXCLUDED.total, share = EXCLUDED.share,
                   computed_at = EXCLUDED.computed_at
            RETURNING id
            """,
            rows,
            template="(%s, %s, %s, %s, %s::int, %s, %s, %s, %s)",
            page_size=1000,
            fetch=True,
        )
        self.invalidate_model()
        kept = [row[0] for row in ids]
        self.search([("company_id", "=", company_id), ("id", "not in", kept)]).unlink()
        self.env.cr.execute(
            """
            INSERT INTO marketing_quality_snapshot (
                metric_id, date, count, total, share)
            SELECT id, %s, count, total, share
              FROM marketing_quality_metric WHERE id = ANY(%s)
            ON CONFLICT (metric_id, date) DO UPDATE
               SET count = EXCLUDED.count, total = EXCLUDED.total,
                   share = EXCLUDED.share
            """,
            [now.date(), kept],
        )
        self.env["marketing.quality.snapshot"].invalidate_model()


class MarketingQualitySnapshot(models.Model):
    """What a figure was on one day; the last computation of the day stays."""

    _name = "marketing.quality.snapshot"
    _description = "Data Quality of a Day"
    _order = "date desc, metric_id"
    _rec_name = "metric_id"
    _log_access = False

    metric_id = fields.Many2one(
        "marketing.quality.metric", "Finding", required=True, ondelete="cascade"
    )
    category = fields.Selection(related="metric_id.category")
    date = fields.Date(required=True, readonly=True)
    count = fields.Integer("How Many", readonly=True, aggregator="avg")
    total = fields.Integer("Out Of", readonly=True, aggregator="avg")
    share = fields.Float("Share (%)", readonly=True, digits=(16, 1), aggregator="avg")

    # Also finds the days of a figure.
    _metric_date_unique = models.Constraint(
        "UNIQUE(metric_id, date)", "There is one snapshot a day."
    )
