from odoo import api, fields, models
from odoo.tools import SQL

from .marketing_delivery_plan import PLAN_GATES


class MarketingTimingEstimate(models.TransientModel):
    """So many persons would get a mailing at such a moment, if it were planned now.

    Written by one statement when a marketer asks; nothing is planned. Rows are their
    user's own, and forgotten within hours.
    """

    _name = "marketing.timing.estimate"
    _description = "When a Mailing Would Leave"
    _order = "due, wait_reason"
    _rec_name = "due"

    mailing_id = fields.Many2one(
        "mailing.mailing", required=True, readonly=True, ondelete="cascade"
    )
    due = fields.Datetime("Leaves At", readonly=True)
    wait_reason = fields.Selection(
        selection=lambda self: (
            self.env["marketing.delivery"]
            ._fields["wait_reason"]
            ._description_selection(self.env)
        ),
        string="Because Of",
        readonly=True,
    )
    zone = fields.Char("Time Zone", readonly=True)
    persons = fields.Integer(readonly=True)

    @api.model
    def _open_for(self, mailing):
        jobs = self.env["marketing.job"]
        if jobs._is_for_worker(mailing):
            return jobs._add("estimate", mailing)._get_action()
        mailing.sudo()._refresh_segments()
        now = fields.Datetime.now()
        self._forget()
        self._count(mailing, max(mailing.schedule_date or now, now))
        return self._get_action(mailing)

    @api.model
    def _forget(self):
        """Forget what the user saw before."""
        self.env.cr.execute(
            "DELETE FROM marketing_timing_estimate WHERE create_uid = %s",
            [self.env.uid],
        )

    @api.model
    def _count(self, mailing, due, part=None):
        """Count the persons of each hour.

        :param part: of the persons, as `marketing.job` takes them; all without one
        """
        planner = self.env["marketing.delivery"].sudo()
        deliveries = planner._in_sending_company(mailing)
        self.env.flush_all()
        now = fields.Datetime.now()
        persons = deliveries.env["marketing.person"]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_timing_estimate (
                    mailing_id, due, wait_reason, zone, persons,
                    create_uid, create_date, write_uid, write_date)
                SELECT %(mailing)s, COALESCE(timing.due, %(due)s), timing.wait_reason,
                       COALESCE(NULLIF(%(zone)s, ''), %(company)s), count(*),
                       %(user)s, %(now)s, %(user)s, %(now)s
                  FROM (SELECT candidate.*, %(reason)s AS reason
                          FROM (%(candidates)s) candidate) gated
                  JOIN marketing_person resident ON resident.id = gated.person_id
                  LEFT JOIN LATERAL (%(timing)s) timing ON TRUE
                 WHERE gated.reason IS NULL
                 GROUP BY 2, 3, 4
                """,
                mailing=mailing.id,
                due=due,
                zone=persons._get_zone_sql("resident"),
                company=persons._get_company_zone(),
                user=self.env.uid,
                now=now,
                reason=deliveries._get_reason(mailing.sudo(), PLAN_GATES),
                candidates=deliveries._get_owned(
                    deliveries._get_audience_candidates(
                        planner._get_audience(mailing.sudo()),
                        mailing.mailing_model_real,
                        part,
                    )
                ),
                timing=deliveries._get_planned_timing(mailing, due),
            )
        )
        self.invalidate_model()

    @api.model
    def _add_up(self):
        """One row an hour, reason and zone of what was counted part by part."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH parts AS (
                    DELETE FROM marketing_timing_estimate WHERE create_uid = %(user)s
                    RETURNING *)
                INSERT INTO marketing_timing_estimate (
                    mailing_id, due, wait_reason, zone, persons,
                    create_uid, create_date, write_uid, write_date)
                SELECT mailing_id, date_trunc('minute', due), wait_reason, zone,
                       sum(persons), %(user)s, %(now)s, %(user)s, %(now)s
                  FROM parts
                 GROUP BY 1, 2, 3, 4
                """,
                user=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model()

    @api.model
    def _get_action(self, mailing):
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_timing_estimate_action"
        )
        return action | {
            "display_name": self.env._("When “%s” would leave", mailing.subject),
            "domain": [("create_uid", "=", self.env.uid)],
        }
