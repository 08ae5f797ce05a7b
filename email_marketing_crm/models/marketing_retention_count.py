from odoo import api, fields, models
from odoo.tools import SQL


class MarketingTouchpointDaily(models.Model):
    """What happened on one day, in figures: what is left of old touchpoints.

    Written by the retention right before it deletes them, and kept for ever; there is
    no person in it. Days that the log still has are not here: the two add up.
    `person_count` is exact for a day, and must not be added up over days.
    """

    _name = "marketing.touchpoint.daily"
    _description = "Older Events by Day"
    _order = "date desc, id desc"
    _log_access = False

    date = fields.Date(required=True, readonly=True)
    type_id = fields.Many2one(
        "marketing.touchpoint.type", required=True, readonly=True, ondelete="restrict"
    )
    mailing_id = fields.Many2one(
        "mailing.mailing", readonly=True, ondelete="set null", index="btree_not_null"
    )
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    reliability = fields.Selection(selection="_selection_reliability", readonly=True)
    count = fields.Integer("Events", required=True, readonly=True)
    person_count = fields.Integer(
        "Persons", required=True, readonly=True, aggregator="max"
    )
    value = fields.Float(readonly=True, digits=(16, 2))

    # Adding to a day, and reports of a period.
    _date_type = models.Index("(date, type_id)")

    @api.model
    def _selection_reliability(self):
        return self.env["marketing.touchpoint.type"]._selection_reliability()

    @api.model
    def _add(self, touchpoint_ids):
        """Add touchpoints that are about to go; run by one worker at a time.

        All touchpoints of a person and day go at once, so persons add up.
        """
        self.env.cr.execute(
            """
            WITH gone AS (
                SELECT date::date AS date, type_id, mailing_id, company_id, reliability,
                       count(*) AS count, count(DISTINCT person_id) AS person_count,
                       sum(value) AS value
                  FROM marketing_touchpoint WHERE id = ANY(%s)
                 GROUP BY 1, 2, 3, 4, 5
            ),
            added AS (
                UPDATE marketing_touchpoint_daily daily
                   SET count = daily.count + gone.count,
                       person_count = daily.person_count + gone.person_count,
                       value = daily.value + COALESCE(gone.value, 0)
                  FROM gone
                 WHERE daily.date = gone.date AND daily.type_id = gone.type_id
                   AND daily.reliability = gone.reliability
                   AND daily.mailing_id IS NOT DISTINCT FROM gone.mailing_id
                   AND daily.company_id IS NOT DISTINCT FROM gone.company_id
                RETURNING gone.*
            )
            INSERT INTO marketing_touchpoint_daily (
                date, type_id, mailing_id, company_id, reliability, count,
                person_count, value)
            SELECT date, type_id, mailing_id, company_id, reliability, count,
                   person_count, COALESCE(value, 0)
              FROM gone
            EXCEPT ALL
            SELECT date, type_id, mailing_id, company_id, reliability, count,
                   person_count, COALESCE(value, 0)
              FROM added
            """,
            [list(touchpoint_ids)],
        )
        self.invalidate_model(flush=False)


class MarketingDeliveryCount(models.Model):
    """How many mails of a mailing ended in a state: what is left of old deliveries."""

    _name = "marketing.delivery.count"
    _description = "Older Mails of a Mailing"
    _log_access = False

    mailing_id = fields.Many2one(
        "mailing.mailing", required=True, readonly=True, ondelete="cascade", index=True
    )
    state = fields.Char(required=True, readonly=True)
    reason = fields.Char(readonly=True)
    count = fields.Integer(required=True, readonly=True)

    @api.model
    def _add(self, rows):
        """Add `[(mailing, state, reason, count)]`; a row each, few a mailing."""
        self.create(
            [
                {
                    "mailing_id": mailing,
                    "state": state,
                    "reason": reason,
                    "count": count,
                }
                for mailing, state, reason, count in rows
            ]
        )


class MarketingDelivery(models.Model):
    _inherit = "marketing.delivery"

    @api.model
    def _get_figures(self, mailing_ids):
        """With the mails whose rows are gone already."""
        figures = super()._get_figures(mailing_ids)
        for mailing_id, state, count in self.env.execute_query(
            SQL(
                "SELECT mailing_id, state, sum(count)::int"
                " FROM marketing_delivery_count"
                " WHERE mailing_id = ANY(%s) GROUP BY mailing_id, state",
                list(mailing_ids),
            )
        ):
            counts = figures.setdefault(mailing_id, {})
            counts[state] = counts.get(state, 0) + count
        return figures


class MarketingJourneyStepCount(models.Model):
    """How many passed a step by which edge: what is left of old journey logs."""

    _name = "marketing.journey.step.count"
    _description = "Older Passes of a Step"
    _log_access = False

    step_id = fields.Many2one(
        "marketing.journey.step",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    outcome = fields.Char(readonly=True)
    count = fields.Integer(required=True, readonly=True)

    @api.model
    def _add(self, rows):
        """Add `[(step, outcome, count)]`; a row each."""
        self.create(
            [
                {"step_id": step_id, "outcome": outcome, "count": count}
                for step_id, outcome, count in rows
            ]
        )
