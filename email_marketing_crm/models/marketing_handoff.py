from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: States in which somebody still owes an answer or a result.
OPEN_STATES = ("offered", "expired", "accepted")


class MarketingHandoff(models.Model):
    """A person whom marketing offers to sales, and what became of the offer.

    One row is one offer of one lead; it is never reused, so that the share of
    accepted offers stays true. Score, grade and evidence are those of the moment.

    * ``offered``: inserted by `_offer_persons` with the lead, its assignment and the
      deadline;
    * ``expired``: the deadline passed without an answer (`_cron_expire`), the
      escalation user was told, once; it can still be answered;
    * ``accepted``: the salesperson took it, by the button or by working on the lead
      (converted, stage moved, activity done);
    * ``won``, ``lost``: the lead ended so, learned from its touchpoints;
    * ``recycled``: rejected for a reason that lets the person be nurtured on;
    * ``rejected``: rejected for a reason after which nobody offers the person again.

    offered, expired and accepted are open, the others are final. A lead never has two
    open hand-offs, nor a person two of one company; salespeople never write a row
    directly.
    """

    _name = "marketing.handoff"
    _description = "Marketing Hand-off"
    _order = "id desc"

    # what
    person_id = fields.Many2one(
        "marketing.person", required=True, readonly=True, ondelete="cascade"
    )
    person_name = fields.Char(
        "Who", related="person_id.display_name", related_sudo=True
    )
    lead_id = fields.Many2one(
        "crm.lead", readonly=True, ondelete="set null", index="btree_not_null"
    )
    is_lead_created = fields.Boolean("New Lead", readonly=True)
    policy_id = fields.Many2one(
        "marketing.handoff.policy",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    # why
    cause = fields.Char("Why Now", readonly=True)
    score = fields.Float(
        readonly=True, digits=(16, 0), aggregator="avg", help="When it was offered."
    )
    grade = fields.Char(readonly=True, help="When it was offered.")
    evidence = fields.Html(readonly=True, sanitize=False)
    # to whom
    team_id = fields.Many2one("crm.team", readonly=True, ondelete="set null")
    user_id = fields.Many2one(
        "res.users", "Salesperson", readonly=True, ondelete="set null", index=True
    )
    assignment = fields.Selection(
        [
            ("kept", "The lead had this salesperson already"),
            ("rules", "Chosen by the assignment rules of the team"),
            ("leader", "Team leader, because no member had room for it"),
            ("none", "Nobody: no member had room, and the team has no leader"),
        ],
        readonly=True,
    )
    activity_id = fields.Many2one(
        "mail.activity", readonly=True, ondelete="set null", index="btree_not_null"
    )
    # answer
    state = fields.Selection(
        selection="_selection_state",
        required=True,
        readonly=True,
        default="offered",
    )
    offered_at = fields.Datetime("Offered", required=True, readonly=True)
    deadline = fields.Datetime("Answer Until", required=True, readonly=True)
    is_overdue = fields.Boolean("Overdue", compute="_compute_is_overdue")
    first_response_at = fields.Datetime("Answered", readonly=True)
    accepted_at = fields.Datetime("Accepted", readonly=True)
    closed_at = fields.Datetime("Closed", readonly=True)
    response_hours = fields.Float(
        "Response Time (Working Hours)",
        readonly=True,
        aggregator="avg",
        help="Working hours of the salesperson until the first answer.",
    )
    reason_id = fields.Many2one(
        "marketing.handoff.reason",
        "Reason",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    note = fields.Text(readonly=True)
    escalation_activity_id = fields.Many2one(
        "mail.activity", readonly=True, ondelete="set null", index="btree_not_null"
    )
    # measures: 100 or 0, so that their average is a rate
    accepted_rate = fields.Float(
        "MQL to SQL (%)", readonly=True, aggregator="avg", digits=(16, 1)
    )
    in_time_rate = fields.Float(
        "Answered in Time (%)", readonly=True, aggregator="avg", digits=(16, 1)
    )

    # A lead waits for one answer at a time.
    _lead_open_unique = models.UniqueIndex(
        "(lead_id) WHERE state IN ('offered', 'expired', 'accepted')",
        "This lead is handed over already and waits for an answer.",
    )
    # May this person be offered again, and from which score?
    _person_closed = models.Index("(person_id, closed_at DESC)")
    # What the cron has to look at: the few that wait for an answer.
    _waiting = models.Index("(deadline) WHERE state = 'offered'")

    @api.model
    def _selection_state(self):
        return [
            ("offered", self.env._("Offered")),
            ("expired", self.env._("Not Answered in Time")),
            ("accepted", self.env._("Accepted")),
            ("won", self.env._("Won")),
            ("lost", self.env._("Lost")),
            ("recycled", self.env._("Recycled")),
            ("rejected", self.env._("Rejected")),
        ]

    @api.depends("person_id", "offered_at")
    def _compute_display_name(self):
        for handoff in self:
            handoff.display_name = handoff.sudo().person_id.display_name

    @api.depends("state", "deadline")
    def _compute_is_overdue(self):
        now = fields.Datetime.now()
        for handoff in self:
            handoff.is_overdue = handoff.state == "expired" or (
                handoff.state == "offered" and handoff.deadline < now
            )

    @api.model
    def _get_open_states(self):
        return OPEN_STATES

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_accept(self):
        """Take the lead on: it becomes an opportunity of mine."""
        self._check_answer(("offered", "expired"))
        self.sudo()._accept(fields.Datetime.now(), self.env.user)

    def action_reject(self):
        """Ask for the reason, then give the lead back."""
        self._check_answer(OPEN_STATES)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Give Back to Marketing"),
            "res_model": "marketing.handoff.reject",
            "view_mode": "form",
            "target": "new",
            "context": {"default_handoff_ids": self.ids, "dialog_size": "medium"},
        }

    def action_open_lead(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.lead",
            "res_id": self.lead_id.id,
            "views": [(self.env.ref("crm.crm_lead_view_form").id, "form")],
        }

    def _check_answer(self, states):
        """Only who may change the leads answers, and only what waits for it."""
        self.check_access("read")
        self.lead_id.check_access("write")
        for handoff in self:
            if handoff.state not in states:
                labels = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "The hand-off of %(who)s was answered already: %(state)s. "
                        "Take it out of the selection.",
                        who=handoff.display_name,
                        state=labels[handoff.state],
                    )
                )

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
            group.convert_opportunity(partner)
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
        self.lead_id._message_log_batch(
            bodies=dict.fromkeys(
                self.lead_id.ids,
                self.env._("Given back to marketing: %s", reason.name)
                + (f"\n{note}" if note else ""),
            )
        )
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

    # ------------------------------------------------------------------
    # MERGE
    # ------------------------------------------------------------------

    @api.model
    def _merge_leads(self, survivor, merged):
        """Move the hand-offs of merged leads to the surviving one.

        Of several open ones the one that sales got furthest with stays open; the
        others are answered as duplicates.
        """
        handoffs = self.search([("lead_id", "in", (survivor | merged).ids)])
        ranked = handoffs.filtered(lambda handoff: handoff.state in OPEN_STATES).sorted(
            lambda handoff: (handoff.state != "accepted", handoff.id)
        )
        surplus = ranked[1:]
        reason = self.env.ref(
            "email_marketing_crm.handoff_reason_duplicate", raise_if_not_found=False
        )
        now = fields.Datetime.now()
        surplus._set_answered(
            now,
            {
                "state": "recycled",
                "closed_at": now,
                "reason_id": reason.id if reason else False,
            },
        )
        surplus.activity_id.filtered("active").unlink()
        self.env.flush_all()
        handoffs.lead_id = survivor

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """The hand-offs of merged persons are those of the survivor."""
        self.flush_model(["person_id"])
        self.env.cr.execute(
            SQL(
                "UPDATE marketing_handoff SET person_id = %s WHERE person_id = ANY(%s)",
                target_id,
                list(source_ids),
            )
        )
        self.invalidate_model(["person_id"])
