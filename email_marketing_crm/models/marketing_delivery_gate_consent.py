from odoo import api, fields, models
from odoo.tools import SQL

from .marketing_consent import IMPLIED_BASES


class MarketingDelivery(models.Model):
    """What people agreed to decides who gets a mailing.

    Who is out, or has not confirmed, never gets a mailing of the topic. Whether the
    other findings stop it as well is said by the compliance profile of the company:
    without one they all do.
    """

    _inherit = "marketing.delivery"

    reason = fields.Selection(
        selection_add=[
            ("stopped", "Wants no mail at all"),
            ("consent_out", "Does not want this topic"),
            ("consent_pending", "Has not confirmed the topic"),
            ("consent_expired", "Consent has expired"),
            ("no_consent", "No consent for this topic"),
            ("consent_unconfirmed", "Consent without double opt-in"),
            ("consent_no_basis", "Consent without legal basis"),
            ("paused", "Asked for a pause"),
            ("frequency", "Asked for fewer mails"),
        ]
    )

    # ------------------------------------------------------------------
    # GATES
    # ------------------------------------------------------------------

    @api.model
    def _gate_stopped(self, mailing):
        """Stopped everything, with this address or with another of his records."""
        if not mailing.use_exclusion_list:
            return SQL("FALSE")
        return self._has_person(SQL("person.is_opted_out"))

    @api.model
    def _gate_consent_out(self, mailing):
        return self._has_consent(mailing, SQL("consent.state = 'out'"))

    @api.model
    def _gate_consent_pending(self, mailing):
        return self._has_consent(mailing, SQL("consent.state = 'pending'"))

    @api.model
    def _gate_consent_expired(self, mailing):
        """Past its date, or implied by something that is too long ago."""
        profile = mailing._get_compliance_profile()
        now = fields.Datetime.now()
        if not profile._blocks("consent"):
            return SQL("FALSE")
        condition = SQL("consent.expiry_date <= %s", now)
        if profile.implied_months:
            condition = SQL(
                "(%s OR (consent.legal_basis IN %s"
                " AND consent.date <= %s - make_interval(months => %s)))",
                condition,
                IMPLIED_BASES,
                now,
                profile.implied_months,
            )
        return self._has_consent(mailing, SQL("consent.state = 'in' AND %s", condition))

    @api.model
    def _gate_no_consent(self, mailing):
        profile = mailing._get_compliance_profile()
        if not mailing.sudo().marketing_topic_id or not profile._blocks("consent"):
            return SQL("FALSE")
        return SQL("NOT (%s)", self._has_consent(mailing, SQL("TRUE")))

    @api.model
    def _gate_consent_unconfirmed(self, mailing):
        if not mailing._get_compliance_profile()._blocks("double_opt_in"):
            return SQL("FALSE")
        return self._has_consent(
            mailing,
            SQL(
                "consent.state = 'in' AND consent.legal_basis = 'consent'"
                " AND consent.confirmed_date IS NULL"
            ),
        )

    @api.model
    def _gate_consent_no_basis(self, mailing):
        if not mailing._get_compliance_profile()._blocks("legal_basis"):
            return SQL("FALSE")
        return self._has_consent(
            mailing, SQL("consent.state = 'in' AND consent.legal_basis = 'unknown'")
        )

    @api.model
    def _gate_paused(self, mailing):
        if not mailing.use_exclusion_list:
            return SQL("FALSE")
        return self._has_person(
            SQL("person.paused_until > %s", self._get_sending_moment(mailing))
        )

    @api.model
    def _gate_frequency(self, mailing):
        """Had his mail of the week, or of the month; what is on its way counts."""
        if not mailing.use_exclusion_list:
            return SQL("FALSE")
        moment = self._get_sending_moment(mailing)
        return self._has_person(
            SQL(
                """
                person.preferred_frequency IS NOT NULL
                AND (EXISTS (
                        SELECT FROM marketing_touchpoint sent
                         WHERE sent.person_id = person.id AND sent.type_id = %(sent)s
                           AND sent.date > %(moment)s - CASE person.preferred_frequency
                               WHEN 'week' THEN interval '7 days'
                               ELSE interval '1 month' END)
                     OR EXISTS (
                        SELECT FROM marketing_delivery other
                         WHERE other.person_id = person.id
                           AND other.state IN ('composed', 'sending')
                           AND other.id < COALESCE((
                               SELECT min(mine.id) FROM marketing_delivery mine
                                WHERE mine.person_id = person.id
                                  AND mine.mailing_id = %(mailing)s
                                  AND mine.state = 'composed'), 2147483647)))
                """,
                sent=self.env["marketing.touchpoint.type"]._get_id("sent"),
                moment=moment,
                mailing=mailing._origin.id or None,
            )
        )

    # ------------------------------------------------------------------
    # TOOLS
    # ------------------------------------------------------------------

    @api.model
    def _get_sending_moment(self, mailing):
        """When the mail will leave: a pause may be over by then."""
        now = fields.Datetime.now()
        return max(mailing.schedule_date or now, now)

    @api.model
    def _has_person(self, condition):
        """SQL: the person of the record, or the one of the address, is like that.

        An alias leads to the person it was merged into.
        """
        return SQL(
            """
            EXISTS (SELECT FROM marketing_person person
                     WHERE person.id = candidate.person_id AND (%(condition)s))
            OR EXISTS (SELECT FROM marketing_person address
                         JOIN marketing_person person
                           ON person.id = COALESCE(address.merged_into_id, address.id)
                        WHERE address.email_normalized = candidate.email
                          AND (%(condition)s))
            """,
            condition=condition,
        )

    @api.model
    def _has_consent(self, mailing, condition):
        """SQL: the answer to the mailing's topic is like that."""
        topic = mailing.sudo().marketing_topic_id
        if not topic:
            return SQL("FALSE")
        return self._has_person(
            SQL(
                "EXISTS (SELECT FROM marketing_consent consent"
                " WHERE consent.person_id = person.id AND consent.topic_id = %s"
                " AND %s)",
                topic.id,
                condition,
            )
        )
