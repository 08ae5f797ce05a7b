from odoo import api, fields, models
from odoo.tools import SQL

from .marketing_delivery_gate_consent import CONSENT_CHECKS
from .marketing_delivery_plan import PLAN_GATES


class MarketingDeliveryPreview(models.TransientModel):
    """A record of a mailing's audience, and what a plan made now would do with it.

    Written by one statement when a marketer checks the audience; nothing is planned.
    Each record of the audience is one row, so the figures add up to all of them:
    who gets the mail, who does not and why, records that share an address with
    another one of the audience, and records without an address.
    """

    _name = "marketing.delivery.preview"
    _description = "Audience Check"
    _order = "id"
    _rec_name = "email"

    mailing_id = fields.Many2one(
        "mailing.mailing", required=True, readonly=True, ondelete="cascade", index=True
    )
    person_id = fields.Many2one("marketing.person", readonly=True, ondelete="cascade")
    res_id = fields.Integer("Record ID", readonly=True, aggregator=None)
    email = fields.Char("Address", readonly=True)
    outcome = fields.Selection(
        selection="_selection_outcome", required=True, readonly=True
    )

    warning = fields.Selection(
        selection="_selection_warning",
        readonly=True,
        help="What the compliance profile warns about; the person gets the mail.",
    )

    @api.model
    def _selection_warning(self):
        reasons = self.env["marketing.delivery"]._fields["reason"]
        return [
            (reason, label)
            for reason, label in reasons._description_selection(self.env)
            if reason in CONSENT_CHECKS
        ]

    @api.model
    def _selection_outcome(self):
        reasons = self.env["marketing.delivery"]._fields["reason"]
        return [
            ("planned", self.env._("Gets the mail")),
            ("same_person", self.env._("Gets the mail through another record")),
            *reasons._description_selection(self.env),
        ]

    @api.model
    def _open_for(self, mailing):
        """Check the audience of a mailing and show it, grouped by what happens."""
        deliveries = self.env["marketing.delivery"].sudo()
        mailing.sudo()._refresh_segments()
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM marketing_delivery_preview"
            " WHERE mailing_id = %s AND create_uid = %s",
            [mailing.id, self.env.uid],
        )
        self.env.cr.execute(
            SQL(
                """
                WITH audience AS (%(audience)s),
                gated AS (
                    SELECT candidate.person_id, candidate.res_id, %(reason)s AS reason,
                           %(warning)s AS warning
                      FROM (%(candidates)s) candidate
                )
                INSERT INTO marketing_delivery_preview (
                    mailing_id, person_id, res_id, email, outcome, warning,
                    create_uid, create_date, write_uid, write_date)
                SELECT %(mailing)s, audience.person_id, audience.res_id, audience.email,
                       CASE WHEN audience.person_id IS NULL THEN 'no_address'
                            WHEN gated.res_id IS NULL THEN 'same_person'
                            ELSE COALESCE(gated.reason, 'planned') END,
                       CASE WHEN gated.reason IS NULL THEN gated.warning END,
                       %(user)s, %(now)s, %(user)s, %(now)s
                  FROM audience
                  LEFT JOIN gated ON gated.person_id = audience.person_id
                                 AND gated.res_id = audience.res_id
                 ORDER BY audience.res_id
                """,
                audience=deliveries._get_audience(mailing.sudo()),
                candidates=deliveries._get_audience_candidates(
                    SQL("SELECT * FROM audience")
                ),
                reason=deliveries._get_reason(mailing.sudo(), PLAN_GATES),
                warning=deliveries._get_consent_warning(mailing.sudo()),
                mailing=mailing.id,
                user=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_delivery_preview_action"
        )
        return action | {
            "name": self.env._("Check: %s", mailing.subject),
            "domain": [("mailing_id", "=", mailing.id)],
        }

    def action_open_record(self):
        """Open the record that the mail would be about."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.mailing_id.mailing_model_real,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }
