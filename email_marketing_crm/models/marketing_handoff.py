from odoo import api, fields, models
from odoo.exceptions import UserError

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
    # A person waits for one salesperson of a company, whoever offers at the same time.
    _person_open_unique = models.UniqueIndex(
        "(person_id, COALESCE(company_id, 0))"
        " WHERE state IN ('offered', 'expired', 'accepted')",
        "This person is handed over already and waits for an answer.",
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
    # MERGE
    # ------------------------------------------------------------------

    @api.model
    def _merge_leads(self, survivor, merged):
        """Move the hand-offs of merged leads to the surviving one."""
        handoffs = self.search([("lead_id", "in", (survivor | merged).ids)])
        handoffs._close_duplicates()
        handoffs.lead_id = survivor

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """The hand-offs of merged persons are those of the survivor."""
        handoffs = self.sudo().search([("person_id", "in", [*source_ids, target_id])])
        for _company, group in handoffs.grouped("company_id").items():
            group._close_duplicates()
        handoffs.person_id = target_id
        handoffs.flush_recordset(["person_id"])

    def _close_duplicates(self):
        """Keep one of these hand-offs open: the one that sales got furthest with."""
        ranked = self.filtered(lambda handoff: handoff.state in OPEN_STATES).sorted(
            lambda handoff: (handoff.state != "accepted", handoff.id)
        )
        surplus = ranked[1:]
        if not surplus:
            return
        now = fields.Datetime.now()
        reason = self.env.ref(
            "email_marketing_crm.handoff_reason_duplicate", raise_if_not_found=False
        )
        surplus._set_answered(
            now,
            {"state": "recycled", "closed_at": now, "reason_id": reason and reason.id},
        )
        (surplus.activity_id | surplus.escalation_activity_id).filtered(
            "active"
        ).unlink()
        surplus.flush_recordset()
