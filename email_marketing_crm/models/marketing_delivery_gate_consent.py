from odoo import api, fields, models
from odoo.tools import SQL

from .marketing_consent import IMPLIED_BASES

#: What may be wrong with a consent → the check of the profile that decides about it.
#: In this order; the first that is true names the reason.
CONSENT_CHECKS = {
    "consent_expired": "consent",
    "no_consent": "consent",
    "consent_unconfirmed": "double_opt_in",
    "consent_no_basis": "legal_basis",
}


class MarketingDelivery(models.Model):
    """What people agreed to decides who gets a mailing.

    Who is out, or has not confirmed, never gets a mailing of the topic. Whether the
    other findings stop it as well or are only shown by the check of the audience is
    said by the compliance profile of the company; without one a missing or expired
    consent stops it.
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
            ("noncompliant", "Mail against the rules of the profile"),
        ]
    )

    # ------------------------------------------------------------------
    # GATES
    # ------------------------------------------------------------------

    @api.model
    def _gate_noncompliant(self, mailing):
        """Mails that were changed after they were confirmed, and journeys' mails."""
        return SQL("TRUE") if mailing.sudo().marketing_blocking else SQL("FALSE")

    @api.model
    def _gate_stopped(self, mailing):
        """Stopped everything, with this address or with another of his records.

        A mailing that ignores the exclusion list still respects what the person said
        himself; it reaches whom the company or Odoo put on the list.
        """
        if not mailing.use_exclusion_list:
            return self._has_person(SQL("person.is_opted_out AND person.has_said_no"))
        return self._has_person(SQL("person.is_opted_out"))

    @api.model
    def _gate_consent_out(self, mailing):
        return self._has_consent(mailing, SQL("consent.state = 'out'"))

    @api.model
    def _gate_consent_pending(self, mailing):
        return self._has_consent(mailing, SQL("consent.state = 'pending'"))

    @api.model
    def _gate_consent_expired(self, mailing):
        return self._gate_by_profile(mailing, "consent_expired")

    @api.model
    def _gate_no_consent(self, mailing):
        return self._gate_by_profile(mailing, "no_consent")

    @api.model
    def _gate_consent_unconfirmed(self, mailing):
        return self._gate_by_profile(mailing, "consent_unconfirmed")

    @api.model
    def _gate_consent_no_basis(self, mailing):
        return self._gate_by_profile(mailing, "consent_no_basis")

    @api.model
    def _gate_paused(self, mailing):
        if not self._respects_wishes(mailing):
            return SQL("FALSE")
        return self._has_person(
            SQL("person.paused_until > %s", self._get_sending_moment(mailing))
        )

    # ------------------------------------------------------------------
    # PROFILE
    # ------------------------------------------------------------------

    @api.model
    def _gate_by_profile(self, mailing, finding):
        """A finding about a consent, where the profile lets it stop the mail."""
        if finding == "consent_expired" and mailing.marketing_renews_consent:
            return SQL("FALSE")
        check = CONSENT_CHECKS[finding]
        if mailing._get_compliance_profile()._get_level(check) != "block":
            return SQL("FALSE")
        return self._get_consent_finding(mailing, finding)

    @api.model
    def _get_consent_warning(self, mailing):
        """SQL: what the profile warns about a candidate, or NULL."""
        profile = mailing._get_compliance_profile()
        cases = [
            SQL("WHEN %s THEN %s", self._get_consent_finding(mailing, name), name)
            for name, check in CONSENT_CHECKS.items()
            if profile._get_level(check) == "warn"
        ]
        return SQL("CASE %s END", SQL(" ").join(cases)) if cases else SQL("NULL")

    @api.model
    def _get_consent_finding(self, mailing, finding):
        """SQL of a finding about the consent of a candidate."""
        if finding == "no_consent":
            if not mailing.sudo().marketing_topic_id:
                return SQL("FALSE")
            return SQL("NOT (%s)", self._has_proof(mailing, SQL("TRUE")))
        condition = {
            "consent_expired": self._get_expiry_condition(mailing),
            "consent_unconfirmed": SQL(
                "consent.legal_basis = 'consent' AND consent.confirmed_date IS NULL"
            ),
            "consent_no_basis": SQL("consent.legal_basis = 'unknown'"),
        }[finding]
        return self._has_proof(mailing, SQL("consent.state = 'in' AND %s", condition))

    @api.model
    def _get_expiry_condition(self, mailing):
        """SQL: past its date, or implied by something that is too long ago."""
        now = fields.Datetime.now()
        months = mailing._get_compliance_profile().sudo().implied_months
        if not months:
            return SQL("consent.expiry_date <= %s", now)
        return SQL(
            "(consent.expiry_date <= %(now)s OR (consent.legal_basis IN %(implied)s"
            " AND consent.date <= %(now)s - make_interval(months => %(months)s)))",
            now=now,
            implied=IMPLIED_BASES,
            months=months,
        )

    # ------------------------------------------------------------------
    # TOOLS
    # ------------------------------------------------------------------

    @api.model
    def _respects_wishes(self, mailing):
        """Whether a pause or a frequency that a person wishes holds the mail back."""
        return mailing.use_exclusion_list and not mailing.marketing_is_transactional

    @api.model
    def _get_sending_moment(self, mailing):
        """When the mail will leave: a pause may be over by then."""
        now = fields.Datetime.now()
        return max(mailing.schedule_date or now, now)

    @api.model
    def _has_person(self, condition):
        """SQL: the person of the record, or the one of the address, is like that."""
        return SQL(
            """
            EXISTS (SELECT FROM marketing_person person
                     WHERE person.id = candidate.person_id AND (%(condition)s))
            OR (candidate.owner_id IS DISTINCT FROM candidate.person_id
                AND EXISTS (SELECT FROM marketing_person person
                             WHERE person.id = candidate.owner_id AND (%(condition)s)))
            """,
            condition=condition,
        )

    @api.model
    def _has_owner(self, condition):
        """SQL: the one who reads mail at the address is like that.

        Who that is says the address; the record, where nobody is known to have it. A
        lead may have another customer's address, a contact a new one since the plan.
        """
        return SQL(
            "EXISTS (SELECT FROM marketing_person person"
            " WHERE person.id = COALESCE(candidate.owner_id, candidate.person_id)"
            " AND (%s))",
            condition,
        )

    @api.model
    def _has_consent(self, mailing, condition):
        """SQL: an answer to the mailing's topic is like that; one refusal is enough."""
        answer = self._get_answer(mailing, condition)
        return self._has_person(answer) if answer else SQL("FALSE")

    @api.model
    def _has_proof(self, mailing, condition):
        """SQL: the answer of the address's owner is like that.

        Unlike a refusal a consent is nobody else's: what he agreed to who has the
        record proves nothing about another mailbox.
        """
        answer = self._get_answer(mailing, condition)
        return self._has_owner(answer) if answer else SQL("FALSE")

    @api.model
    def _get_answer(self, mailing, condition):
        """SQL about `person`: his answer to the mailing's topic; None without one."""
        topic = mailing.sudo().marketing_topic_id
        if not topic:
            return None
        return SQL(
            "EXISTS (SELECT FROM marketing_consent consent"
            " WHERE consent.person_id = person.id AND consent.topic_id = %s AND %s)",
            topic.id,
            condition,
        )
