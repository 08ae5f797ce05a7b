from collections import defaultdict
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

#: Most persons offered by one inbox batch: a lead is made, assigned and announced for
#: each. The others are taken by the next batches.
MAX_OFFERS = 100


class MarketingHandoffPolicy(models.Model):
    """What marketing and sales agreed on: who is handed over, to whom, and how fast.

    Marketing managers write it. The inbox asks the policies, in their order, about
    the persons it handles; the first one that a person reaches offers him (see
    `marketing.handoff`). Score and grade apply to what the inbox finds; the pause
    after an answer and "one open hand-off per person" hold for whatever offers a
    person, journeys included, because that is what sales was promised.

    A policy of a company looks at the persons of that company and at shared ones.
    """

    _name = "marketing.handoff.policy"
    _description = "Hand-off Policy"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one("res.company")
    # who
    minimum_score = fields.Float(
        required=True, default=50.0, digits=(16, 0), help="Points of the primary score."
    )
    minimum_grade = fields.Selection(
        [("A", "A"), ("B", "B or better"), ("C", "C or better"), ("D", "D or better")],
        default="C",
        help="How well the person has to fit. Empty: the fit does not matter.",
    )
    is_open_opportunity_excluded = fields.Boolean(
        "Leave Out Open Opportunities",
        help="Do not hand over who has an opportunity that a salesperson works on. "
        "Without it, the open lead or opportunity is handed over again.",
    )
    # to whom
    team_id = fields.Many2one(
        "crm.team",
        string="Sales Team",
        required=True,
        ondelete="restrict",
        check_company=True,
        help="Its members get the leads by the rule-based assignment; the team leader "
        "gets what nobody has room for.",
    )
    activity_type_id = fields.Many2one(
        "mail.activity.type",
        required=True,
        ondelete="restrict",
        domain="['|', ('res_model', '=', False), ('res_model', '=', 'crm.lead')]",
        default=lambda self: self.env.ref(
            "email_marketing_crm.activity_type_handoff", raise_if_not_found=False
        ),
    )
    guidance = fields.Text(
        "What to Say Next",
        translate=True,
        help="Shown to the salesperson with every hand-off.",
    )
    # how fast
    response_hours = fields.Float(
        "Answer Within",
        required=True,
        default=4.0,
        help="Working hours of the salesperson: own working time if there is one, else "
        "that of the company.",
    )
    escalation_user_id = fields.Many2one(
        "res.users",
        string="Then Notify",
        domain="[('share', '=', False)]",
        help="Gets an activity when a hand-off was not answered in time. Empty: the "
        "team leader.",
    )
    # what follows
    pause_days = fields.Integer(
        "Pause After an Answer",
        default=30,
        help="Days until somebody may be offered again after a hand-off was rejected, "
        "lost or won.",
    )
    minimum_gain = fields.Float(
        digits=(16, 0),
        default=20.0,
        help="Points above the last hand-off needed to be offered again.",
    )
    is_rejected_lead_closed = fields.Boolean(
        "Close Rejected Leads",
        default=True,
        help="Mark a lead that was made by the hand-off as lost when it is rejected. "
        "Leads that were there before are never closed.",
    )
    recycle_segment_id = fields.Many2one(
        "marketing.segment",
        string="Recycle Into",
        ondelete="set null",
        domain="[('kind', '=', 'static')]",
        help="Static segment that recycled persons are added to, for example to enter "
        "a nurturing journey. Takes those who have a record of its kind.",
    )
    # figures
    open_count = fields.Integer("Open Hand-offs", compute="_compute_counts")
    handoff_count = fields.Integer("Hand-offs", compute="_compute_counts")

    _positive = models.Constraint(
        "CHECK(response_hours >= 0 AND pause_days >= 0 AND minimum_gain >= 0)",
        "Hours, days and points of a policy cannot be negative.",
    )

    def _compute_counts(self):
        counts = defaultdict(dict)
        for policy, state, count in self.env["marketing.handoff"]._read_group(
            [("policy_id", "in", self.ids)], ["policy_id", "state"], ["__count"]
        ):
            counts[policy][state] = count
        open_states = self.env["marketing.handoff"]._get_open_states()
        for policy in self:
            policy.handoff_count = sum(counts[policy].values())
            policy.open_count = sum(
                counts[policy].get(state, 0) for state in open_states
            )

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_view_handoffs(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hand-offs of %s", self.name),
            "res_model": "marketing.handoff",
            "view_mode": "list,kanban,pivot,graph,form",
            "domain": [("policy_id", "=", self.id)],
            "context": {
                "search_default_open": self.env.context.get("open_only", False)
            },
        }

    def action_view_qualified(self):
        """Who reaches score and grade at this moment, handed over or not."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Who reaches %s now", self.name),
            "res_model": "marketing.person",
            "view_mode": "list,form",
            "domain": list(self._get_score_domain()),
        }

    # ------------------------------------------------------------------
    # WHO
    # ------------------------------------------------------------------

    @api.model
    def _get_default(self):
        """The first policy of the current company, for who names none."""
        return self.search(
            [("company_id", "in", [self.env.company.id, False])], limit=1
        )

    def _get_score_domain(self):
        """Persons whose score and grade reach the policy now."""
        self.ensure_one()
        domain = Domain("score", ">=", self.minimum_score)
        if self.minimum_grade:
            grades = [
                grade
                for grade, _label in self._fields["minimum_grade"].selection
                if grade <= self.minimum_grade
            ]
            # Without fit rules nobody has a grade: then the fit does not matter.
            domain &= Domain("grade", "in", [*grades, False])
        return domain

    def _get_offerable_condition(self, person_id):
        """SQL: the person may be offered under this policy.

        That is: it is no alias, did not report us as spam, has records of the
        policy's company or shared ones, and no hand-off of the company that is open,
        was answered lately, or was rejected for good.

        :param SQL person_id: the id of the person in the query
        """
        self.ensure_one()
        states = self.env["marketing.handoff"]._get_open_states()
        return SQL(
            """
            EXISTS (SELECT FROM marketing_person one
                     WHERE one.id = %(person)s AND one.merged_into_id IS NULL
                       AND one.suppression <> 'complaint')
            AND (%(company)s IS NULL
                 OR NOT EXISTS (SELECT FROM marketing_person_company_rel rel
                                 WHERE rel.person_id = %(person)s)
                 OR EXISTS (SELECT FROM marketing_person_company_rel rel
                             WHERE rel.person_id = %(person)s
                               AND rel.company_id = %(company)s))
            AND NOT EXISTS (
                SELECT FROM marketing_handoff handoff
                 WHERE handoff.person_id = %(person)s
                   AND (%(company)s IS NULL OR handoff.company_id IS NULL
                        OR handoff.company_id = %(company)s)
                   AND (handoff.state = ANY(%(states)s) OR handoff.state = 'rejected'
                        OR handoff.closed_at > %(pause)s))
            """,
            person=person_id,
            company=SQL("%s::int", self.company_id.id or None),
            states=list(states),
            pause=fields.Datetime.now() - timedelta(days=self.pause_days),
        )

    def _get_qualified_ids(self, person_ids):
        """Those of the persons that reach this policy, the highest score first.

        One query; it joins nothing but what is indexed by person, so it costs next to
        nothing for the many batches in which nobody qualifies.
        """
        self.ensure_one()
        person_model = self.env["marketing.person"]
        query = person_model._search(self._get_score_domain(), order="score desc, id")
        person_id = SQL.identifier("marketing_person", "id")
        query.add_where(SQL("%s = ANY(%s)", person_id, person_ids))
        query.add_where(self._get_offerable_condition(person_id))
        if self.minimum_gain:
            # The last answer counts, not a high score of years ago.
            query.add_where(
                SQL(
                    "COALESCE((SELECT handoff.score FROM marketing_handoff handoff"
                    " WHERE handoff.person_id = %s AND handoff.closed_at IS NOT NULL"
                    " ORDER BY handoff.closed_at DESC LIMIT 1) + %s <= %s, TRUE)",
                    person_id,
                    self.minimum_gain,
                    person_model._field_to_sql("marketing_person", "score", query),
                )
            )
        if self.is_open_opportunity_excluded:
            self.env["crm.lead"].flush_model()
            query.add_where(
                SQL(
                    "NOT EXISTS (SELECT FROM crm_lead lead"
                    " WHERE lead.marketing_person_id = %s AND lead.active"
                    " AND lead.won_status = 'pending' AND lead.type = 'opportunity'"
                    " AND lead.user_id IS NOT NULL"
                    " AND (%s IS NULL OR lead.company_id IS NULL"
                    " OR lead.company_id = %s))",
                    person_id,
                    SQL("%s::int", self.company_id.id or None),
                    self.company_id.id or None,
                )
            )
        return list(query.get_result_ids())

    # ------------------------------------------------------------------
    # INBOX
    # ------------------------------------------------------------------

    @api.model
    def _consume_inbox(self, batch):
        """Learn what sales did, move the life cycle on, and offer who qualifies."""
        touchpoints = self._drop_own_moves(batch.touchpoints)
        self.env["marketing.handoff"]._learn_from(touchpoints)
        self.env["marketing.lifecycle.move"]._learn_from(touchpoints)
        handled = set()
        offers = 0
        inbox = self.env["marketing.inbox"]
        for policy in self.sudo().search([]):
            candidates = [
                person_id
                for person_id in policy._get_qualified_ids(batch.person_ids)
                if person_id not in handled
            ]
            if not candidates:
                continue
            # No other policy takes who has to wait for this one.
            handled.update(candidates)
            room = MAX_OFFERS - offers
            if room and not self.env["marketing.handoff.turn"]._try_take(
                policy.team_id
            ):
                room = 0
            chosen = candidates[:room]
            offers += len(chosen)
            inbox._push(candidates[room:], "changed")
            self.env["marketing.handoff"]._offer_persons(chosen, policy)

    @api.model
    def _drop_own_moves(self, touchpoints):
        """Leave out what the assignment and other automation did to leads.

        Converting a lead, moving its stage or doing an activity counts as work of
        sales only when a human being did it.
        """
        suspects = [
            row.id
            for row in touchpoints
            if row.type_code in ("stage_moved", "activity_done")
        ]
        if not suspects:
            return touchpoints
        own = self.env.execute_query(
            SQL(
                "SELECT id FROM marketing_touchpoint"
                " WHERE id = ANY(%s) AND (data->>'by')::int = %s",
                suspects,
                SUPERUSER_ID,
            )
        )
        own_ids = {touchpoint_id for (touchpoint_id,) in own}
        return [row for row in touchpoints if row.id not in own_ids]
