from odoo import api, fields, models
from odoo.tools import SQL


class MarketingSegmentMember(models.Model):
    """A person and a segment: a member now, or a person kept out by hand.

    A row stands for one stay: a person who leaves and comes back has a new row, and
    the events "entered" and "left" carry its id. Rows of origin `rule` are written by
    the refresh of the segment alone and follow its conditions; rows of origin
    `manual` were made by users through actions and survive every refresh. A row of
    state `excluded` is no membership: it says that the person may not become one.
    There is never more than one row of a person in a segment.
    """

    _name = "marketing.segment.member"
    _description = "Segment Member"
    _order = "since desc, id desc"
    _rec_name = "person_id"
    _log_access = False

    segment_id = fields.Many2one(
        "marketing.segment", required=True, readonly=True, ondelete="cascade"
    )
    person_id = fields.Many2one(
        "marketing.person",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    res_model = fields.Selection(related="segment_id.res_model")
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    since = fields.Datetime(required=True, readonly=True)
    origin = fields.Selection(
        [("rule", "Conditions"), ("manual", "By hand")], required=True, readonly=True
    )
    state = fields.Selection(
        [("member", "Member"), ("excluded", "Excluded")], required=True, readonly=True
    )
    segment_kind = fields.Selection(related="segment_id.kind")

    # Also finds the members of a segment.
    _segment_person_unique = models.Constraint(
        "UNIQUE(segment_id, person_id)", "This person is in the segment already."
    )
    # What was decided by hand, among hundreds of thousands that follow conditions.
    _manual = models.Index("(segment_id, person_id) WHERE origin = 'manual'")

    # ------------------------------------------------------------------
    # READING
    # ------------------------------------------------------------------

    @api.model
    def _get_member_condition(self):
        """SQL that is true for rows of members, and not for persons kept out."""
        return SQL("marketing_segment_member.state = 'member'")

    @api.model
    def _get_segments_by_person(self, person_ids):
        """`{person id: [segment ids]}`, in active segments of the user's companies."""
        if not person_ids:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT marketing_segment_member.person_id,
                       array_agg(segment.id ORDER BY segment.name, segment.id)
                  FROM marketing_segment_member
                  JOIN marketing_segment AS segment
                    ON segment.id = marketing_segment_member.segment_id
                 WHERE marketing_segment_member.person_id = ANY(%s)
                   AND segment.active
                   AND (segment.company_id IS NULL OR segment.company_id = ANY(%s))
                   AND %s
                 GROUP BY marketing_segment_member.person_id
                """,
                list(person_ids),
                self.env.companies.ids,
                self._get_member_condition(),
            )
        )
        return dict(rows)

    # ------------------------------------------------------------------
    # MERGE
    # ------------------------------------------------------------------

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """One row a segment is left: kept out wins, then by hand, then the target's.

        A stay of a source goes on as one of the target: nobody enters anew. Who is
        kept out from now on leaves.
        """
        person_ids = [*source_ids, target_id]
        ranked = SQL(
            """
            SELECT id, segment_id, person_id, state,
                   row_number() OVER (
                       PARTITION BY segment_id
                       ORDER BY state = 'excluded' DESC, origin = 'manual' DESC,
                                person_id = %s DESC, since, id) AS rank,
                   bool_or(state = 'excluded') OVER (PARTITION BY segment_id) AS out
              FROM marketing_segment_member
             WHERE person_id = ANY(%s)
            """,
            target_id,
            person_ids,
        )
        leaving = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT segment_id FROM (%s) AS ranked
                 WHERE out AND state = 'member' AND person_id = %s
                """,
                ranked,
                target_id,
            )
        )
        segments = self.env["marketing.segment"].browse(row[0] for row in leaving)
        for segment in segments:  # rarely one
            segment._end_stays(SQL("person_id = %s", target_id))
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM marketing_segment_member AS member
                 USING (%s) AS ranked
                 WHERE member.id = ranked.id AND ranked.rank > 1
                """,
                ranked,
            )
        )
        self.env.cr.execute(
            "UPDATE marketing_segment_member SET person_id = %s"
            " WHERE person_id = ANY(%s)",
            [target_id, list(source_ids)],
        )
        self.env["marketing.segment"]._invalidate_members()

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_remove(self):
        """Take persons out: of a static segment for good, of another by hand."""
        self.segment_id.check_access("write")
        for segment in self.segment_id.sudo():
            rows = self.filtered(lambda row, s=segment: row.segment_id.id == s.id)
            if segment.kind == "static":
                segment._end_stays(SQL("id = ANY(%s)", rows.ids))
            else:
                segment._exclude_persons(rows.person_id.ids)

    def action_follow_conditions(self):
        """Forget what was decided by hand: the conditions decide again."""
        self.segment_id.check_access("write")
        for segment in self.segment_id.sudo():
            rows = self.filtered(lambda row, s=segment: row.segment_id.id == s.id)
            segment._follow_conditions(rows.person_id.ids)

    def action_open_record(self):
        """Open the record that stands for the person, or else the person."""
        self.ensure_one()
        return self.person_id._open_record(self.res_model, self.res_id)
