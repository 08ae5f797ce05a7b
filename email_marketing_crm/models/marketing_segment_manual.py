"""What users decide about members by hand."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

    by_hand_count = fields.Integer(
        "Decided by Hand",
        compute="_compute_by_hand_count",
        help="Persons whom somebody put in or keeps out, whatever the conditions say.",
    )

    @api.depends("kind", "member_ids")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_by_hand_count(self):
        """Of dynamic segments: in a static one all is by hand."""
        counts = dict(
            self.env["marketing.segment.member"]._read_group(
                [("segment_id", "in", self._origin.ids), ("origin", "=", "manual")],
                ["segment_id"],
                ["__count"],
            )
        )
        for segment in self:
            is_dynamic = segment.kind == "dynamic"
            segment.by_hand_count = is_dynamic and counts.get(segment._origin, 0)

    def action_view_by_hand(self):
        """Who was put in and who is kept out, in one list."""
        self.ensure_one()
        return self.action_view_members() | {
            "name": self.env._("Decided by hand: %s", self.name),
            "domain": [("segment_id", "=", self.id), ("origin", "=", "manual")],
            "context": {"hide_segment": True, "search_default_group_by_state": 1},
        }

    def _include_records(self, records):
        """Make the persons of records members by hand, whatever the conditions say.

        Records out of the segment's reach (other companies) are left out.

        :param records: records of the segment's model, that the user may read
        :returns: number of persons that became members
        """
        self.ensure_one()
        domain = Domain("id", "in", records.ids) & self._get_company_domain()
        return self._put_persons(
            self._get_records_query(domain, active_test=False), "member"
        )

    def _exclude_persons(self, person_ids):
        """Keep persons out by hand; those who are members leave.

        :returns: number of persons that are kept out from now on
        """
        self.ensure_one()
        return self._put_persons(
            SQL(
                """
                SELECT person.id AS person_id, member.res_id
                  FROM marketing_person AS person
                  LEFT JOIN marketing_segment_member AS member
                    ON member.person_id = person.id AND member.segment_id = %s
                 WHERE person.id = ANY(%s)
                """,
                self.id,
                list(person_ids),
            ),
            "excluded",
        )

    def _remove_persons(self, person_ids):
        """End the stays of members of a static segment.

        :returns: number of persons that were members
        """
        self.ensure_one()
        condition = SQL("person_id = ANY(%s)", list(person_ids))
        [(count,)] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM marketing_segment_member"
                " WHERE segment_id = %s AND %s",
                self.id,
                condition,
            )
        )
        self._end_stays(condition)
        return count

    def _put_persons(self, source, state):
        """Give persons a row by hand.

        A stay of the other state ends first, so that the new row is a new stay.

        :param source: SELECT of person_id and res_id, a person once
        :param state: state of the row
        :returns: number of persons that had no row of that state
        """
        self.ensure_one()
        # What is to be put is read once, before the rows it is read from change.
        rows = self.env.execute_query(source)
        person_ids = [person_id for person_id, _res_id in rows]
        self._end_stays(SQL("person_id = ANY(%s) AND state <> %s", person_ids, state))
        put = self.env.execute_query(
            SQL(
                """
                WITH source AS (
                    SELECT * FROM unnest(%(persons)s::int[], %(records)s::int[])
                                  AS source (person_id, res_id)
                ),
                kept AS (
                    UPDATE marketing_segment_member AS member
                       SET origin = 'manual'
                      FROM source
                     WHERE member.segment_id = %(segment)s
                       AND member.person_id = source.person_id
                       AND member.origin <> 'manual'
                ),
                put AS (
                    INSERT INTO marketing_segment_member
                           (segment_id, person_id, res_id, since, origin, state)
                    SELECT %(segment)s, person_id, res_id, %(now)s, 'manual', %(state)s
                      FROM source
                        ON CONFLICT (segment_id, person_id) DO NOTHING
                 RETURNING id, person_id
                ),
                fresh AS (SELECT id, person_id FROM put WHERE %(state)s = 'member'),
                gone AS (SELECT id, person_id FROM put WHERE FALSE),
                %(events)s
                SELECT count(*) FROM put
                """,
                persons=person_ids,
                records=[res_id for _person_id, res_id in rows],
                segment=self.id,
                now=fields.Datetime.now(),
                state=state,
                events=self._get_event_ctes(
                    is_queued=self.kind == "dynamic" or self._is_followed()
                ),
            )
        )[0][0]
        self._invalidate_members()
        self._request_places()
        return put

    def _end_stays(self, condition):
        """Delete rows of the segment; who was a member leaves.

        :param condition: SQL on marketing_segment_member
        """
        self.ensure_one()
        self.env.execute_query(
            SQL(
                """
                WITH ended AS (
                    DELETE FROM marketing_segment_member
                     WHERE segment_id = %s AND %s
                 RETURNING id, person_id, state
                ),
                gone AS (SELECT id, person_id FROM ended WHERE state = 'member'),
                fresh AS (SELECT id, person_id FROM ended WHERE FALSE),
                %s
                SELECT 1
                """,
                self.id,
                condition,
                self._get_event_ctes(
                    is_queued=self.kind == "dynamic" or self._is_followed()
                ),
            )
        )
        self._invalidate_members()

    def _follow_conditions(self, person_ids):
        """Let the conditions decide about persons that users had decided about."""
        self.ensure_one()
        if self.kind != "dynamic":
            return
        persons = SQL("person_id = ANY(%s)", list(person_ids))
        self._end_stays(SQL("%s AND state = 'excluded'", persons))
        self.env.cr.execute(
            SQL(
                "UPDATE marketing_segment_member SET origin = 'rule'"
                " WHERE segment_id = %s AND %s",
                self.id,
                persons,
            )
        )
        self._refresh_persons(person_ids)

    def _freeze_members(self):
        """Keep who is a member now: what happens to a segment that becomes static."""
        self.env.cr.execute(
            """
            DELETE FROM marketing_segment_member
             WHERE segment_id = ANY(%(ids)s) AND state = 'excluded';
            UPDATE marketing_segment_member SET origin = 'manual'
             WHERE segment_id = ANY(%(ids)s) AND origin = 'rule'
            """,
            {"ids": self.ids},
        )
        self._invalidate_members()
