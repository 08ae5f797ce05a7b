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
        deliveries = self.env["marketing.delivery"].sudo()
        mailing.sudo()._refresh_segments()
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM marketing_timing_estimate WHERE create_uid = %s",
            [self.env.uid],
        )
        now = fields.Datetime.now()
        due = max(mailing.schedule_date or now, now)
        persons = self.env["marketing.person"]
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
                candidates=deliveries._get_audience_candidates(
                    deliveries._get_audience(mailing.sudo())
                ),
                timing=deliveries._get_planned_timing(mailing, due),
            )
        )
        self.invalidate_model()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_timing_estimate_action"
        )
        return action | {
            "name": self.env._("When “%s” would leave", mailing.subject),
            "domain": [("create_uid", "=", self.env.uid)],
        }
