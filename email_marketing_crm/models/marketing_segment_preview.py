"""Who a segment is made of before anybody saves it, and who of them can be mailed."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .marketing_delivery_plan import PLAN_GATES
from .search_key import read_search_key

#: How long a form that is being edited waits for who can be mailed, in milliseconds.
OUTCOMES_TIMEOUT = 2000
#: The same for a saved segment, whose form is shown before the answer is there.
OUTCOMES_TIMEOUT_SAVED = 20000


class MarketingSegment(models.Model):
    """What a form shows of a segment while it is edited.

    The figures come from `_get_people_query`: the members where they are settled, else
    whoever the conditions would make a member. They are those of a mailing that does
    not exist yet, asked at the gates of the delivery plan and what would hold it back
    now (frequency rules, quiet hours); each person has exactly one outcome, so they add
    up to the size. A figure is opened as
    `[("segment_outcome", "=", "<segment>:<outcome>")]` on persons: the same query
    again, never a list of ids.
    """

    _inherit = "marketing.segment"

    preview_outcomes = fields.Json(
        "Can Be Mailed",
        compute="_compute_preview_outcomes",
        help="While a segment is edited: persons by what a mailing would do with them.",
    )

    def _compute_preview(self):
        """A segment whose members are still to come shows who they will be."""
        waiting = self.filtered(
            lambda segment: (
                isinstance(segment.id, int) and not segment._is_settled_for_preview()
            )
        )
        result = super(MarketingSegment, self - waiting)._compute_preview()
        for segment in waiting:
            count, persons, message = segment._get_preview()
            segment.preview_count = count
            segment.preview_person_ids = persons
            segment.preview_message = message
        return result

    @api.depends(lambda self: self._get_preview_fields())
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_preview_outcomes(self):
        """Figures of a form that is edited; those of a saved segment are asked for
        by the form itself (`get_mailing_outcomes`), after it is shown.
        """
        for segment in self:
            segment.preview_outcomes = False
            if not isinstance(segment.id, int):
                segment.preview_outcomes = segment._get_mailing_outcomes(
                    OUTCOMES_TIMEOUT
                )

    # ------------------------------------------------------------------
    # PEOPLE
    # ------------------------------------------------------------------

    def _is_settled_for_preview(self):
        """Whether the members there are, are those of the conditions as they stand."""
        self.ensure_one()
        return self.kind == "static" or (
            isinstance(self.id, int) and self.is_settled and not self.error
        )

    def _get_people_query(self):
        """SELECT of person_id and res_id: the members, or who would become one."""
        self.ensure_one()
        if self._is_settled_for_preview():
            return SQL(
                "SELECT person_id, res_id FROM marketing_segment_member"
                " WHERE segment_id = %s AND %s",
                self._origin.id or 0,
                self.env["marketing.segment.member"]._get_member_condition(),
            )
        target = self._get_target_query()
        if not self._origin:
            return target
        return SQL(
            """
            SELECT COALESCE(target.person_id, by_hand.person_id) AS person_id,
                   COALESCE(target.res_id, by_hand.res_id) AS res_id
              FROM (%s) AS target
              FULL JOIN (SELECT person_id, res_id, state FROM marketing_segment_member
                          WHERE segment_id = %s AND origin = 'manual') AS by_hand
                ON by_hand.person_id = target.person_id
             WHERE by_hand.state IS DISTINCT FROM 'excluded'
            """,
            target,
            self._origin.id,
        )

    def _is_computable(self):
        """Whether there is anything to compute in a form that is being filled in."""
        return bool(self.res_model) and all(rule.type_id for rule in self._get_rules())

    # ------------------------------------------------------------------
    # WHO CAN BE MAILED
    # ------------------------------------------------------------------

    @api.model
    def _get_outcome_labels(self):
        """`{outcome: text}`: what a mailing would do with a person of a segment."""
        names = self.env["marketing.delivery"]._fields
        waits = dict(names["wait_reason"]._description_selection(self.env))
        return {
            "mailable": self.env._("Can be mailed"),
            "other_company": self.env._("Known to other companies only"),
            **dict(names["reason"]._description_selection(self.env)),
            **{
                f"later_{reason}": self.env._("Can be mailed later: %s", label)
                for reason, label in waits.items()
            },
        }

    def get_mailing_outcomes(self):
        """Figures of a saved segment, for its form: see `_get_mailing_outcomes`."""
        self.ensure_one()
        self.check_access("read")
        return self._get_mailing_outcomes(OUTCOMES_TIMEOUT_SAVED)

    def _get_mailing_outcomes(self, timeout):
        """How many persons get a mailing, and how many do not and why.

        :param timeout: milliseconds
        :returns: dictionary with `figures`, dictionaries with code, label and count,
            who can be mailed first, and whether they `took_too_long` to compute
        """
        self.ensure_one()
        if not self._is_computable():
            return {"figures": [], "took_too_long": False}
        try:
            with self.env.cr.savepoint(flush=False):
                if not self._is_settled_for_preview():
                    self._check_readable()
                self.env.flush_all()
                rows = self._run_condition_query(
                    SQL(
                        "SELECT outcome, count(*) FROM (%s) AS gated GROUP BY outcome",
                        self._get_outcomes_query(),
                    ),
                    timeout=timeout,
                )
        except UserError:
            return {"figures": [], "took_too_long": True}
        labels = self._get_outcome_labels()
        counts = {"mailable": 0} | dict(rows)
        figures = [
            {"code": code, "label": labels.get(code, code), "count": count}
            for code, count in sorted(
                counts.items(),
                key=lambda item: (
                    item[0] != "mailable",
                    not item[0].startswith("later_"),
                    -item[1],
                ),
            )
        ]
        return {"figures": figures, "took_too_long": False}

    def _get_outcomes_query(self):
        """SELECT of person_id and outcome: each person of the segment once."""
        self.ensure_one()
        deliveries = self.env["marketing.delivery"].sudo()
        mailing = self._get_sample_mailing()
        # Only where mails go to a customer can two persons share an address.
        rank = (
            SQL(
                "dense_rank() OVER (PARTITION BY record.email"
                " ORDER BY people.person_id)"
            )
            if "partner_id" in self.env[self.res_model]._fields
            else SQL("1")
        )
        candidates = SQL(
            """
            SELECT NULL::int AS id, people.person_id, people.res_id, record.email,
                   record.active, 0 AS visit, %(rank)s AS rank
              FROM (%(people)s) AS people
              LEFT JOIN (%(records)s) AS record ON record.res_id = people.res_id
            """,
            rank=rank,
            people=self._get_people_query(),
            records=deliveries._get_records(self.res_model),
        )
        return SQL(
            """
            SELECT candidate.person_id,
                   CASE WHEN %(hidden)s THEN 'other_company'
                        WHEN candidate.active IS FALSE THEN 'gone'
                        ELSE COALESCE(%(reason)s, 'later_' || %(wait)s, 'mailable')
                        END AS outcome
              FROM (%(candidates)s) AS candidate
            """,
            hidden=self._get_hidden_condition(),
            reason=deliveries._get_reason(mailing, PLAN_GATES),
            wait=deliveries._get_wait_reason(mailing),
            candidates=deliveries._get_owned(candidates),
        )

    def _get_sample_mailing(self):
        """A mailing to the segment as it would be made now; it is never saved."""
        return (
            self.env["mailing.mailing"]
            .sudo()
            .new(
                {
                    "mailing_type": "mail",
                    "mailing_model_id": self.env["ir.model"]._get_id(self.res_model),
                    "marketing_kind": "campaign",
                    "use_exclusion_list": True,
                }
            )
        )

    def _get_hidden_condition(self):
        """SQL: the person has records of companies only that the user does not see."""
        if self.env["res.company"].sudo().search_count([], limit=2) < 2:
            return SQL("FALSE")
        return SQL(
            """
            (EXISTS (SELECT FROM marketing_person_company_rel AS rel
                      WHERE rel.person_id = candidate.person_id)
             AND NOT EXISTS (SELECT FROM marketing_person_company_rel AS rel
                              WHERE rel.person_id = candidate.person_id
                                AND rel.company_id = ANY(%s)))
            """,
            self.env.companies.ids,
        )

    def action_view_people(self, outcome=None):
        """The persons behind a figure; all of them without one."""
        self.ensure_one()
        name = (
            self._get_outcome_labels().get(outcome, "")
            if outcome
            else self.env._("Everybody")
        )
        return {
            "type": "ir.actions.act_window",
            "name": f"{self.name}: {name}",
            "res_model": "marketing.person",
            "view_mode": "list,kanban,form",
            "domain": [("segment_outcome", "=", f"{self.id}:{outcome or 'all'}")],
            "context": {"create": False},
        }


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    segment_outcome = fields.Char(
        "Figure of a Segment",
        store=False,
        search="_search_segment_outcome",
        help="Finds the persons behind a figure of a segment's form.",
    )

    @api.model
    def _search_segment_outcome(self, operator, value):
        """Persons of a segment whose outcome is asked for: "<segment id>:<outcome>"."""
        if operator != "in":
            return NotImplemented
        self.env.flush_all()
        found = Domain.FALSE
        for item in value:
            segment, outcome = read_search_key(self.env["marketing.segment"], item)
            if not segment:
                continue
            people = (
                segment._get_people_query()
                if outcome == "all"
                else SQL(
                    "SELECT person_id, outcome FROM (%s) AS gated WHERE outcome = %s",
                    segment._get_outcomes_query(),
                    outcome,
                )
            )
            found |= Domain(
                "id", "in", SQL("(SELECT person_id FROM (%s) AS people)", people)
            )
        return found
