from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from .marketing_mailing_figures import REPORTED, REVENUES

#: Setting: touchpoints up to this one are in the stored results, counted with leads
#: of so many days: `<id>:<days>`.
POSITION_PARAMETER = "email_marketing_crm.result_position"
#: Mailings that are counted in one transaction.
MAILING_BATCH = 20


class MarketingMailingResult(models.Model):
    """Figures of one mailing as of `date`, for reports over all of them.

    Written by the cron only, for mailings of which something happened since: the
    figures are those of the mailing's form (`FIGURES`), counted by the same query. A
    conversion window that ends changes nothing: what counted goes on to count. Another
    length of the window changes all: every mailing is counted again.
    """

    _name = "marketing.mailing.result"
    _inherit = ["marketing.mailing.figures"]
    _description = "Results of a Mailing"
    _log_access = False
    _rec_name = "mailing_id"

    mailing_id = fields.Many2one(
        "mailing.mailing", required=True, readonly=True, ondelete="cascade"
    )
    date = fields.Datetime("As Of", required=True, readonly=True)

    _mailing_unique = models.Constraint(
        "UNIQUE(mailing_id)", "A mailing has one row of results."
    )

    @api.model
    def _cron_count(self):
        """Count the mailings of which something happened since the last time."""
        parameters = self.env["ir.config_parameter"].sudo()
        days = str(self.env["mailing.mailing"]._get_conversion_days())
        known = parameters.get_param(POSITION_PARAMETER, "")
        position, _separator, days_before = known.partition(":")
        [(last,)] = self.env.execute_query(
            SQL("SELECT COALESCE(max(id), 0) FROM marketing_touchpoint")
        )
        todo = self._get_changed(int(position) if days_before == days else 0)
        while todo:
            batch, todo = todo[:MAILING_BATCH], todo[MAILING_BATCH:]
            self._count(batch)
            seconds_left = self.env["ir.cron"]._commit_progress(
                len(batch), remaining=len(todo)
            )
            if todo and not seconds_left:
                return  # the position stays: the rest is found again, and is first
        parameters.set_param(POSITION_PARAMETER, f"{last}:{days}")

    @api.model
    def _get_changed(self, position):
        """Mailings with events behind a position, or with a lead of their readers.

        Those whose figures are oldest come first, so that each has its turn when a run
        cannot count all. Figures of events that may be deleted by now are kept.
        Transactions commit out of order, so events a little before the position are
        looked at again.
        """
        types = self.env["marketing.touchpoint.type"]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT changed.mailing_id
                  FROM (SELECT mailing_id FROM marketing_touchpoint
                         WHERE id > %(position)s AND mailing_id IS NOT NULL
                         UNION
                        SELECT earlier.mailing_id
                          FROM marketing_touchpoint AS lead
                          JOIN marketing_touchpoint AS earlier
                            ON earlier.person_id = lead.person_id
                           AND earlier.type_id = ANY(%(reactions)s)
                           AND earlier.date > lead.date - %(days)s * interval '1 day'
                         WHERE lead.id > %(position)s AND lead.type_id = ANY(%(leads)s)
                           AND earlier.mailing_id IS NOT NULL) AS changed
                  LEFT JOIN marketing_mailing_result AS result
                    ON result.mailing_id = changed.mailing_id
                  JOIN mailing_mailing AS mailing ON mailing.id = changed.mailing_id
                 WHERE result.mailing_id IS NULL
                    OR (mailing.sent_date < %(horizon)s AND mailing.marketing_kind
                        IS DISTINCT FROM 'journey') IS NOT TRUE
                 ORDER BY result.date NULLS FIRST, changed.mailing_id
                """,
                position=position - 10_000,
                horizon=self.env["marketing.retention"]._get_horizon(),
                days=self.env["mailing.mailing"]._get_conversion_days(),
                reactions=[types._get_id(code) for code in ("clicked", "replied")],
                leads=[types._get_id(code) for code in ("lead_created", "won")],
            )
        )
        return [mailing_id for (mailing_id,) in rows]

    @api.model
    def _count(self, mailing_ids):
        """Write the figures of these mailings as they are now."""
        now = fields.Datetime.now()
        counts = self.env["mailing.mailing"].sudo()._count_results(mailing_ids)
        empty = defaultdict(int)
        columns = (*REPORTED, *REVENUES)
        rows = [
            (mailing_id, now)
            + tuple(counts.get(mailing_id, empty)[column] for column in columns)
            for mailing_id in mailing_ids
        ]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_mailing_result (mailing_id, date, %(columns)s)
                VALUES %(rows)s
                    ON CONFLICT (mailing_id) DO UPDATE SET date = excluded.date, %(new)s
                """,
                columns=self._get_figure_columns(),
                rows=SQL(", ").join(rows),
                new=SQL(", ").join(
                    SQL("%s = excluded.%s", SQL.identifier(name), SQL.identifier(name))
                    for name in columns
                ),
            )
        )
        self.invalidate_model()
