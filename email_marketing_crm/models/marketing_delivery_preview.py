from odoo import api, fields, models
from odoo.tools import SQL

from .marketing_delivery_gate_consent import CONSENT_CHECKS
from .marketing_delivery_plan import PLAN_GATES

#: Persons whose waits a check looks up. What holds more of them is known by then.
WAITS_LIMIT = 50_000
#: Deliveries that are thought of only are numbered below all real ones.
IMAGINED = -(2**31)


class MarketingDeliveryPreview(models.TransientModel):
    """A record of a mailing's audience, and what a plan made now would do with it.

    Written by one statement when a marketer checks the audience; nothing is planned.
    Each record of the audience is one row, so the figures add up to all of them:
    who gets the mail, who does not and why, records that share an address with
    another one of the audience, and records without an address. Of those who get it,
    `wait_reason` says who would wait, as far as that is known before.
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
    wait_reason = fields.Selection(
        selection="_selection_wait_reason",
        string="Waits For",
        readonly=True,
        help="Why the mail would not leave at its hour.",
    )
    wait_until = fields.Datetime(
        readonly=True, help="When the mail would be looked at again."
    )

    def init(self):
        """A check of a million persons takes a million numbers, and is gone soon."""
        self.env.cr.execute("ALTER SEQUENCE marketing_delivery_preview_id_seq CYCLE")

    @api.model
    def _selection_warning(self):
        reasons = self.env["marketing.delivery"]._fields["reason"]
        return [
            (reason, label)
            for reason, label in reasons._description_selection(self.env)
            if reason in CONSENT_CHECKS
        ]

    @api.model
    def _selection_wait_reason(self):
        reasons = self.env["marketing.delivery"]._fields["wait_reason"]
        return reasons._description_selection(self.env)

    @api.model
    def _selection_outcome(self):
        reasons = self.env["marketing.delivery"]._fields["reason"]
        return [
            ("planned", self.env._("Gets the mail")),
            ("same_person", self.env._("Gets the mail through another record")),
            *reasons._description_selection(self.env),
        ]

    @api.model
    def _open_for(self, mailing, plan=None):
        """Check the audience of a mailing and show what would happen with it.

        :param plan: of this mailing that the user looks at
        """
        mailing.ensure_one()
        jobs = self.env["marketing.job"]
        if jobs._is_for_worker(mailing):
            return jobs._add("preview", mailing)._get_action()
        mailing.sudo()._refresh_segments()
        self._forget_audience(mailing)
        self._check_audience(mailing)
        self._check_waits(mailing)
        return self.env["marketing.mailing.plan"]._open_for(mailing, plan)

    @api.model
    def _forget_audience(self, mailing):
        """Forget what the user saw before."""
        self.env.cr.execute(
            "DELETE FROM marketing_delivery_preview"
            " WHERE mailing_id = %s AND create_uid = %s",
            [mailing.id, self.env.uid],
        )

    @api.model
    def _check_audience(self, mailing, part=None):
        """Ask the gates of a plan about every record of the audience.

        :param part: of the persons, as `marketing.job` takes them; all without one
        """
        deliveries = self._get_deliveries(mailing)
        audience = self.env["marketing.delivery"].sudo()._get_audience(mailing.sudo())
        model = mailing.mailing_model_real
        self.env.flush_all()
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
                    wait_reason, wait_until, create_uid, create_date, write_date)
                SELECT %(mailing)s, audience.person_id, audience.res_id, audience.email,
                       CASE WHEN audience.person_id IS NULL THEN 'no_address'
                            WHEN gated.res_id IS NULL THEN 'same_person'
                            ELSE COALESCE(gated.reason, 'planned') END,
                       CASE WHEN gated.reason IS NULL THEN gated.warning END,
                       timing.wait_reason,
                       CASE WHEN timing.wait_reason IS NOT NULL THEN timing.due END,
                       %(user)s, %(now)s, %(now)s
                  FROM audience
                  LEFT JOIN gated ON gated.person_id = audience.person_id
                                 AND gated.res_id = audience.res_id
                  LEFT JOIN LATERAL (%(timing)s) timing ON gated.reason IS NULL
                 WHERE %(part)s
                 ORDER BY audience.res_id
                """,
                audience=audience,
                # Read twice: of a relation that is kept, PostgreSQL knows no size, and
                # would look for each person by himself.
                candidates=deliveries._get_owned(
                    deliveries._get_audience_candidates(audience, model, part)
                ),
                part=deliveries._get_audience_part(model, part, "audience"),
                reason=deliveries._get_reason(mailing.sudo(), PLAN_GATES),
                warning=deliveries._get_consent_warning(mailing.sudo()),
                timing=deliveries._get_planned_timing(
                    mailing.sudo(), deliveries._get_sending_moment(mailing)
                ),
                mailing=mailing.id,
                user=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model()

    @api.model
    def _get_deliveries(self, mailing):
        """Deliveries in the company that sends, as those of a plan would be."""
        return self.env["marketing.delivery"].sudo()._in_sending_company(mailing)

    @api.model
    def _check_waits(self, mailing):
        """Note what would hold mails back, where that is longer than their hours do."""
        waits = self._get_expected_waits(mailing)
        if not waits:
            return
        self.env.cr.execute(
            """
            UPDATE marketing_delivery_preview row
               SET wait_reason = wait.reason, wait_until = wait.until
              FROM unnest(%s::int[], %s::varchar[], %s::timestamp[])
                       wait (id, reason, until)
             WHERE row.id = wait.id - %s
               AND (row.wait_until IS NULL OR row.wait_until <= wait.until)
            """,
            [
                list(waits),
                [reason for reason, _until in waits.values()],
                [until for _reason, until in waits.values()],
                IMAGINED,
            ],
        )
        self.invalidate_model()

    @api.model
    def _get_expected_waits(self, mailing):
        """What would hold the mails back if they were planned now.

        What holds mails back looks at deliveries, so there are some for a moment. They
        have numbers of their own, and nobody ever sees them. What is over before the
        mail is due holds nothing back.

        :returns: `{number: (reason, until)}`
        """
        deliveries = self._get_deliveries(mailing)
        self.env.flush_all()
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            dues = self._imagine_deliveries(mailing)
            deliveries._invalidate_deliveries()
            waits = deliveries._get_waits(mailing.sudo(), list(dues)) if dues else {}
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)
        return {
            delivery_id: (reason, until)
            for delivery_id, (reason, until) in waits.items()
            if until > dues[delivery_id]
        }

    @api.model
    def _imagine_deliveries(self, mailing):
        """Plan those who get the mail, for a moment: `{number: due}`."""
        deliveries = self._get_deliveries(mailing)
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    INSERT INTO marketing_delivery (
                        id, mailing_id, company_id, person_id, res_id, email, visit,
                        state, due, planned_date, attempts)
                    SELECT %(imagined)s + gated.id, gated.mailing_id, %(company)s,
                           gated.person_id, gated.res_id, gated.email, 0, 'planned',
                           COALESCE(gated.wait_until, %(moment)s), %(now)s, 0
                      FROM marketing_delivery_preview gated
                     WHERE gated.mailing_id = %(mailing)s
                       AND gated.create_uid = %(user)s AND gated.outcome = 'planned'
                     ORDER BY gated.id LIMIT %(limit)s
                    ON CONFLICT DO NOTHING
                    RETURNING id, due
                    """,
                    imagined=IMAGINED,
                    company=deliveries.env.company.id,
                    moment=deliveries._get_sending_moment(mailing),
                    now=fields.Datetime.now(),
                    mailing=mailing.id,
                    user=self.env.uid,
                    limit=WAITS_LIMIT,
                )
            )
        )

    def action_open_record(self):
        """Open the record that the mail would be about."""
        self.ensure_one()
        return self.person_id._open_record(
            self.mailing_id.mailing_model_real, self.res_id
        )
