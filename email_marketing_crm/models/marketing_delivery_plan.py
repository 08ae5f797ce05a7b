from odoo import api, fields, models
from odoo.tools import SQL

#: What speaks against mail to a person, whenever it is asked. Of all gates the first
#: that refuses names the reason.
REFUSALS = (
    "suppressed",
    "suppression_list",
    "blacklisted",
    "opted_out",
    "stopped",
    "consent_out",
    "consent_pending",
    "consent_expired",
    "no_consent",
    "consent_unconfirmed",
    "consent_no_basis",
    "paused",
    "frequency",
    "no_legal_basis",
    "invalid_address",
)
#: Whom the marketer or the company leaves out, as long as the mail is not composed.
CHOICES = (
    "complaint_open",
    "excluded_segment",
    "open_opportunity",
    "campaign_mailed",
    "reacted",
)
PLAN_GATES = (
    "no_address",
    *REFUSALS,
    *CHOICES,
    "already_mailed",
    "duplicate",
    "frequency_cap",
    "holdout",
)
COMPOSE_GATES = (
    "canceled",
    "noncompliant",
    "gone",
    "no_address",
    *REFUSALS,
    *CHOICES,
    "duplicate",
    "frequency_cap",
)
SEND_GATES = ("canceled", *REFUSALS, "complaint_open", "reacted")
#: Asked before sending as well, of mails that had to wait since they were composed.
WAITED_GATES = (
    "excluded_segment",
    "open_opportunity",
    "campaign_mailed",
    "duplicate",
)
#: From this size on a plan tells the database what it added: a planner that takes a
#: mailing for small reads all of it for each address.
ANALYZE_FROM = 10000


class MarketingDelivery(models.Model):
    """Who gets a mailing: the audience, the gates, and the plan they make.

    Everything is one relation, `candidate` (id, person_id, res_id, email, visit, rank,
    owner_id): the records of a campaign, the participants of a journey, or deliveries
    that are looked at again. A gate `_gate_<reason>(mailing)` is an SQL condition on
    it. So the preview, the plan, and the checks before composing and sending cannot
    differ. A segment asks the same of a mailing that does not exist yet, a new record:
    gates use `mailing._origin.id`.
    """

    _inherit = "marketing.delivery"

    # ------------------------------------------------------------------
    # PLAN
    # ------------------------------------------------------------------

    @api.model
    def _plan(self, mailing, rows, due=None):
        """Plan a mailing to persons of a journey.

        :param rows: `[(person_id, res_id, visit)]`; res_id is a record of the mailing's
            model, or False for whichever record of the person there is
        :param due: not before this moment; default: now
        """
        if not rows:
            return
        mailing.ensure_one()
        mailing.sudo()._reopen_sending()
        self._analyze(
            self._insert_plan(mailing, self._get_given_candidates(mailing, rows), due)
        )
        self._wake_lanes("compose")

    @api.model
    def _plan_audience(self, mailing, due=None, part=None):
        """Freeze the audience of a campaign; returns the number of its persons.

        :param part: of the persons, as `marketing.job` takes them; all without one
        """
        mailing.ensure_one()
        candidates = self._get_audience_candidates(
            self._get_audience(mailing), mailing.mailing_model_real, part
        )
        deliveries = self._in_sending_company(mailing)
        count = deliveries._insert_plan(mailing, candidates, due)
        # The first part makes the mailing known; all of it is there with the last one.
        if not part or part[0] in (0, part[1] - 1):
            self._analyze(count)
        return count

    @api.model
    def _analyze(self, count):
        """Tell the database's planner that a mailing has come, and that it is large."""
        if count >= ANALYZE_FROM:
            self.env.cr.execute("ANALYZE marketing_delivery")

    @api.model
    def _in_sending_company(self, mailing):
        """Deliveries in the company that sends: its quiet hours and limits count.

        Whoever confirms a mailing may be logged in to another one. Where he has no
        access to it, he sends for his own. A journey runs in the company it has.
        """
        company = mailing._get_compliance_company()
        if mailing.marketing_kind == "journey" or (
            company not in self.env.user.company_ids
        ):
            return self
        return self.with_company(company)

    @api.model
    def _insert_plan(self, mailing, candidates, due):
        """Insert a row for each candidate: planned, or skipped with its reason.

        A journey that waits for the mail is told at once that it does not come. Nobody
        waits for those of a campaign: `_tell_skipped` comes after its plan.

        :returns: number of persons that are new in the mailing
        """
        self.env.flush_all()
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                WITH planned AS (
                    INSERT INTO marketing_delivery (
                        mailing_id, company_id, person_id, res_id, email, visit,
                        state, reason, due, wait_reason, planned_date, attempts)
                    SELECT %(mailing)s, %(company)s, person_id, res_id, email, visit,
                           CASE WHEN reason IS NULL THEN 'planned' ELSE 'skipped' END,
                           reason, COALESCE(timing.due, %(due)s),
                           CASE WHEN reason IS NULL THEN timing.wait_reason END,
                           %(now)s, 0
                      FROM (SELECT candidate.*, %(reason)s AS reason
                              FROM (%(candidates)s) candidate
                            OFFSET 0 -- else the gates are asked twice
                           ) gated
                      LEFT JOIN LATERAL (%(timing)s) timing ON TRUE
                     ORDER BY person_id
                    ON CONFLICT (mailing_id, person_id, visit) DO NOTHING
                    RETURNING id, person_id, company_id, reason
                ) %(events)s
                SELECT count(*) FROM planned
                """,
                mailing=mailing.id,
                company=self.env.company.id,
                due=due or now,
                timing=self._get_planned_timing(mailing, due or now),
                now=now,
                reason=self._get_reason(mailing, PLAN_GATES),
                candidates=self._get_owned(candidates),
                events=SQL(", %s", self._get_skipped_ctes(mailing))
                if mailing.marketing_kind == "journey"
                else SQL(),
            )
        )
        self._invalidate_deliveries()
        [(count,)] = rows
        return count

    @api.model
    def _get_planned_timing(self, mailing, due):
        """SELECT of `due` and `wait_reason` of the person `gated.person_id`.

        At most one row; without one a mail is due when the mailing is.
        """
        return SQL("SELECT NULL::timestamp AS due, NULL AS wait_reason WHERE FALSE")

    # ------------------------------------------------------------------
    # GATES
    # ------------------------------------------------------------------

    @api.model
    def _get_reason(self, mailing, gates):
        """SQL: why a candidate must not get the mailing, or NULL."""
        cases = SQL(" ").join(
            SQL("WHEN %s THEN %s", getattr(self, f"_gate_{gate}")(mailing), gate)
            for gate in gates
        )
        return SQL("CASE %s END", cases)

    @api.model
    def _get_wait_reason(self, mailing):
        """SQL: what a candidate that gets the mailing would wait for now, or NULL.

        As far as that hangs on the person, whoever the sender is. Each kind of wait
        adds its own.
        """
        return SQL("NULL::varchar")

    @api.model
    def _get_refused(self, mailing, candidates, gates):
        """`{candidate id: reason}` of those that do not pass; flushed by the caller."""
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT id, reason FROM (SELECT candidate.id, %s AS reason"
                    " FROM (%s) candidate) gated WHERE reason IS NOT NULL",
                    self._get_reason(mailing, gates),
                    self._get_owned(candidates),
                )
            )
        )

    @api.model
    def _gate_canceled(self, mailing):
        """Everything of a mailing that a user stopped."""
        return SQL("TRUE") if mailing.marketing_hold == "stopped" else SQL("FALSE")

    @api.model
    def _gate_no_address(self, mailing):
        return SQL("candidate.email IS NULL")

    @api.model
    def _gate_gone(self, mailing):
        return SQL(
            "NOT EXISTS (SELECT FROM (%s) record"
            " WHERE record.res_id = candidate.res_id AND record.active)",
            self._get_records(mailing.mailing_model_real),
        )

    @api.model
    def _gate_suppressed(self, mailing):
        """The person of the record, or the one of the address, must not be mailed."""
        return SQL(
            "%s OR EXISTS (SELECT FROM marketing_person person"
            " WHERE person.email_normalized = candidate.email"
            " AND person.suppression <> 'none')",
            self._has_person(SQL("person.suppression <> 'none'")),
        )

    @api.model
    def _gate_blacklisted(self, mailing):
        if not mailing.use_exclusion_list:
            return SQL("FALSE")
        return SQL(
            "EXISTS (SELECT FROM mail_blacklist entry"
            " WHERE entry.email = candidate.email AND entry.active)"
        )

    @api.model
    def _gate_opted_out(self, mailing):
        """Out of the mailing's lists; who is still in one of them gets it, as in Odoo.

        Models with opt-outs of their own say them in `_mailing_get_opt_out_list`. Who
        left a list that was archived meanwhile has left it all the same.
        """
        if not mailing.mailing_on_mailing_list:
            emails = mailing._get_opt_out_list()
            if not emails:
                return SQL("FALSE")
            return SQL("candidate.email = ANY(%s)", list(emails))

        def has_subscription(lists, condition):
            return SQL(
                "EXISTS (SELECT FROM mailing_contact contact"
                " JOIN mailing_subscription subscription"
                " ON subscription.contact_id = contact.id"
                " WHERE contact.email_normalized = candidate.email"
                " AND subscription.list_id = ANY(%s) AND %s)",
                lists.ids,
                condition,
            )

        return SQL(
            "%s AND NOT %s",
            has_subscription(
                mailing.with_context(active_test=False).contact_list_ids,
                SQL("subscription.opt_out"),
            ),
            has_subscription(
                mailing.contact_list_ids, SQL("subscription.opt_out IS NOT TRUE")
            ),
        )

    @api.model
    def _gate_already_mailed(self, mailing):
        """Campaigns: mails of this mailing that left before it had a plan."""
        if mailing.marketing_kind == "journey":
            return SQL("FALSE")
        return SQL(
            "candidate.email IN (SELECT trace.email FROM mailing_trace trace"
            " WHERE trace.mass_mailing_id = %s AND trace.email IS NOT NULL"
            " AND trace.is_test_trace IS NOT TRUE"
            " AND trace.trace_status NOT IN ('cancel', 'error'))",
            mailing._origin.id or None,
        )

    @api.model
    def _gate_duplicate(self, mailing):
        """Another person's record uses the same address: the first one gets the mail.

        The same person on another visit of a journey is no duplicate.
        """
        known = self.sudo().search_count(
            [("mailing_id", "=", mailing._origin.id)], limit=1
        )
        # A million persons need not look for what is not there.
        if not known:
            return SQL("candidate.rank > 1")
        return SQL(
            "candidate.rank > 1 OR %s",
            self._is_preceded(
                SQL(
                    "other.mailing_id = %s AND other.email = candidate.email"
                    " AND other.person_id <> candidate.person_id",
                    mailing._origin.id or None,
                )
            ),
        )

    @api.model
    def _is_preceded(self, condition):
        """SQL: another delivery gets the mail, and the candidate does not.

        The one that is further does, of two that are equally far the one that was
        planned first: never both, and one of them always. Who has no delivery yet
        comes last. That is asked apart: a plan can then read the others once, instead
        of looking for those of each person.

        :param condition: SQL on `other`: which deliveries are meant
        """
        return SQL(
            """
            (candidate.id IS NULL AND EXISTS (
                SELECT FROM marketing_delivery other WHERE %(others)s)
             OR candidate.id IS NOT NULL AND EXISTS (
                SELECT FROM marketing_delivery other
                 WHERE %(others)s AND (%(progress_other)s, -other.id) > (
                       SELECT %(progress_mine)s, -mine.id FROM marketing_delivery mine
                        WHERE mine.id = candidate.id)))
            """,
            others=SQL("%s AND other.state NOT IN ('skipped', 'failed')", condition),
            progress_other=self._get_progress("other"),
            progress_mine=self._get_progress("mine"),
        )

    @api.model
    def _get_progress(self, alias):
        """SQL: how far a mail is: on the plan, written, or gone."""
        return SQL(
            "CASE %s WHEN 'planned' THEN 0 WHEN 'composed' THEN 1"
            " WHEN 'sending' THEN 1 ELSE 2 END",
            SQL.identifier(alias, "state"),
        )
