from markupsafe import Markup

from odoo import api, fields, models

from .marketing_handoff import OPEN_STATES


class MarketingHandoff(models.Model):
    """What becomes of an offer: answers, work on the lead, its end, and no answer."""

    _inherit = "marketing.handoff"

    # ------------------------------------------------------------------
    # ANSWERS
    # ------------------------------------------------------------------

    def _accept(self, date, user):
        """Sales works on these leads now.

        :param date: when it was decided, naive UTC
        :param user: who did
        """
        self._set_answered(
            date,
            {"state": "accepted", "accepted_at": date, "accepted_rate": 100.0},
        )
        leads = self.lead_id
        leads.filtered(lambda lead: not lead.user_id)._handle_salesmen_assignment(
            user_ids=user.ids
        )
        for partner, group in (
            leads.filtered(lambda lead: lead.type == "lead")
            .grouped("partner_id")
            .items()
        ):
            # Part of the answer, not yet a step in the pipeline.
            group.with_context(marketing_automated=True).convert_opportunity(partner)
        self.activity_id.filtered("active").action_feedback(
            feedback=self.env._("Marketing hand-off accepted")
        )
        self.escalation_activity_id.filtered("active").unlink()
        self._capture("accepted", date)
        self.env["marketing.lifecycle.move"]._move_persons(
            self.person_id.ids, "sql", self.env._("Accepted by sales")
        )

    def _reject(self, reason, note=""):
        """Sales gives these leads back, for one reason."""
        now = fields.Datetime.now()
        self._set_answered(
            now,
            {
                "state": "recycled" if reason.is_recycled else "rejected",
                "closed_at": now,
                "reason_id": reason.id,
                "note": note,
            },
        )
        (self.activity_id | self.escalation_activity_id).filtered("active").unlink()
        body = Markup("<p>%s</p>") % self.env._(
            "Given back to marketing: %s", reason.name
        )
        if note:
            body += Markup("<p>%s</p>") % note
        self.lead_id._message_log_batch(bodies=dict.fromkeys(self.lead_id.ids, body))
        self._capture("rejected", now, title=reason.name)
        if reason.is_recycled:
            self._capture("recycled", now, title=reason.name)
            self._add_to_segments()
        self.filtered(
            lambda handoff: (
                handoff.is_lead_created and handoff.policy_id.is_rejected_lead_closed
            )
        ).lead_id.action_set_lost(lost_reason_id=reason.lost_reason_id.id)
        self.env["marketing.lifecycle.move"]._move_persons(
            self.person_id.ids,
            "engaged",
            self.env._("Rejected by sales: %s", reason.name),
            backward=True,
        )

    def _add_to_segments(self):
        """Put recycled persons where the policies nurture them on."""
        for segment, handoffs in self.grouped(
            lambda handoff: handoff.policy_id.recycle_segment_id
        ).items():
            if segment:
                records = self.env[segment.res_model].search(
                    [("marketing_person_id", "in", handoffs.person_id.ids)]
                )
                segment._include_records(records)

    def _close(self, state):
        """The leads ended, whether or not anybody answered before."""
        now = fields.Datetime.now()
        values = {"state": state, "closed_at": now}
        if state == "won":
            values["accepted_rate"] = 100.0
        self._set_answered(now, values)
        if state == "won":
            self.filtered(lambda handoff: not handoff.accepted_at).accepted_at = now
        (self.activity_id | self.escalation_activity_id).filtered("active").unlink()

    def _set_answered(self, date, values):
        """Write values, and the first answer where there was none before."""
        for policy, handoffs in self.grouped("policy_id").items():
            waiting = handoffs.filtered(lambda handoff: not handoff.first_response_at)
            hours = policy._get_response_hours(
                [(handoff.user_id.id, handoff.offered_at) for handoff in waiting], date
            )
            for handoff, response_hours in zip(waiting, hours, strict=True):
                handoff.first_response_at = date
                handoff.response_hours = response_hours
                handoff.in_time_rate = 100.0 if date <= handoff.deadline else 0.0
        self.write(values)

    def _capture(self, code, date, **data):
        """Record an answer in the history of the persons."""
        self.env["marketing.touchpoint"]._capture(
            [
                {
                    "type": code,
                    "person_id": handoff.person_id.id,
                    "date": date,
                    "res_model": "crm.lead",
                    "res_id": handoff.lead_id.id,
                    "company_id": handoff.company_id.id,
                    "data": {"title": handoff.policy_id.name, "by": self.env.uid}
                    | data,
                    "dedup_key": f"handoff:{handoff.id}:{code}",
                }
                for handoff in self
            ]
        )

    @api.model
    def _learn_from(self, touchpoints):
        """What happened to leads since the last batch answers their hand-offs.

        Work on a lead after it was offered counts as acceptance; so does nothing that
        happened before.
        """
        rows = [
            row
            for row in touchpoints
            if row.res_model == "crm.lead"
            and row.type_code
            in ("stage_moved", "activity_done", "assigned", "won", "lost")
        ]
        if not rows:
            return
        handoffs = self.sudo().search(
            [
                ("lead_id", "in", list({row.res_id for row in rows})),
                ("state", "in", OPEN_STATES),
            ]
        )
        if not handoffs:
            return
        by_lead = {handoff.lead_id.id: handoff for handoff in handoffs}
        accepted, reassigned = {}, handoffs.browse()
        closed = {"won": handoffs.browse(), "lost": handoffs.browse()}
        for row in rows:
            handoff = by_lead.get(row.res_id)
            if not handoff or row.date <= handoff.offered_at:
                continue
            if row.type_code in closed:
                closed[row.type_code] |= handoff
            elif row.type_code == "assigned":
                reassigned |= handoff
            elif handoff.state != "accepted":
                accepted.setdefault(handoff, row.date)
        reassigned._follow_salesperson()
        for date in sorted(set(accepted.values())):
            group = handoffs.filtered(lambda one, date=date: accepted.get(one) == date)
            for user, mine in group.grouped("user_id").items():
                mine._accept(date, user)
        for code, ended in closed.items():
            ended._close(code)

    def _follow_salesperson(self):
        """Hand the open activity on to whom the lead was given; the deadline stays."""
        for user, handoffs in self.grouped(
            lambda handoff: handoff.lead_id.user_id
        ).items():
            moved = handoffs.filtered(
                lambda handoff, user=user: handoff.user_id != user
            )
            moved.user_id = user
            moved.activity_id.filtered("active").user_id = user

    # ------------------------------------------------------------------
    # DEADLINE
    # ------------------------------------------------------------------

    @api.model
    def _cron_expire(self):
        """Tell the escalation user what nobody answered in time."""
        expired, remaining = self._expire_overdue(limit=200)
        self.env["ir.cron"]._commit_progress(expired, remaining=remaining)

    @api.model
    def _expire_overdue(self, limit):
        """Expire one batch: (how many, how many are left)."""
        domain = [("state", "=", "offered"), ("deadline", "<", fields.Datetime.now())]
        handoffs = self.search(domain, order="deadline", limit=limit)
        handoffs = handoffs.try_lock_for_update()
        handoffs.write({"state": "expired", "in_time_rate": 0.0})
        escalated = handoffs.filtered("lead_id")
        values_list = [handoff._prepare_escalation_values() for handoff in escalated]
        pairs = [
            (handoff, values)
            for handoff, values in zip(escalated, values_list, strict=True)
            if values
        ]
        activities = self._create_activities([values for _, values in pairs])
        for (handoff, _values), activity in zip(pairs, activities, strict=True):
            handoff.escalation_activity_id = activity
        remaining = self.search_count(domain) if len(handoffs) == limit else 0
        return len(handoffs), remaining

    def _prepare_escalation_values(self):
        """Values of the activity of who looks after late answers; None for nobody."""
        self.ensure_one()
        user = self.policy_id.escalation_user_id or self.team_id.user_id
        if not user or user == self.user_id:
            return None
        self = self.with_context(lang=user.lang, tz=user.tz)
        return {
            "res_model_id": self.env["ir.model"]._get_id("crm.lead"),
            "res_id": self.lead_id.id,
            "activity_type_id": self.env.ref(
                "email_marketing_crm.activity_type_handoff_expired"
            ).id,
            "user_id": user.id,
            "date_deadline": fields.Date.context_today(self),
            "summary": self.env._("Marketing hand-off without an answer"),
            "note": self.env._(
                "%(salesperson)s did not answer in time.",
                salesperson=self.user_id.name or self.env._("Nobody"),
            ),
            "automated": True,
        }
