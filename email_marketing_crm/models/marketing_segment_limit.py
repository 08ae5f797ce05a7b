"""The best of those who meet the conditions: an order and a number of places."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

#: A segment with places is computed anew after news, but takes at most this part of
#: a lane: one tenth.
PERIOD_PER_COST = 10


class MarketingSegment(models.Model):
    """A segment with a limit has as many places, for the first ones by its order.

    Who gets a place depends on everybody else, so news about one person are no
    reason to decide about him alone: when he has a place or meets the conditions,
    the segment is computed anew (`_refresh_places`). Persons kept out by hand take no
    place; those put in by hand stay, with or without one.
    """

    _inherit = "marketing.segment"

    member_limit = fields.Integer(
        "Members at Most",
        help="Number of persons; 0: everybody who meets the conditions.",
    )
    sort_order = fields.Selection(
        [
            ("created", "with the newest records"),
            ("behavior", "with the most recent behavior"),
            ("score", "with the highest score"),
        ],
        string="The Persons",
        required=True,
        default="created",
    )

    _member_limit_positive = models.Constraint(
        "CHECK(member_limit >= 0)", "A number of persons cannot be negative."
    )

    @api.constrains("member_limit", "sort_order", "rule_ids", "group_ids")
    def _check_sort_order(self):
        for segment in self:
            if (
                segment.kind == "dynamic"
                and segment.member_limit
                and segment.sort_order == "behavior"
                and not segment._get_rules()
            ):
                raise ValidationError(
                    self.env._(
                        "“%s” cannot be sorted by behavior: add a rule on behavior, or "
                        "choose another order.",
                        segment.name,
                    )
                )

    def _get_ranking_query(self, now=None):
        """SELECT of everybody who meets the conditions, the first ones first.

        Who is equal in rank is told apart by his id: two computations of one state
        must not choose different persons.
        """
        self.ensure_one()
        now = now or fields.Datetime.now()
        return SQL(
            """
            SELECT candidate.person_id, candidate.res_id
              FROM (%(candidates)s) AS candidate
              %(join)s
             WHERE candidate.person_id NOT IN (
                       SELECT person_id FROM marketing_segment_member
                        WHERE segment_id = %(segment)s AND state = 'excluded')
             ORDER BY %(key)s DESC NULLS LAST, candidate.person_id DESC
            """,
            candidates=self._get_candidate_query(
                now=now,
                columns=("create_date",) if self.sort_order == "created" else (),
            ),
            join=self._get_ranking_join(now),
            key={
                "created": SQL("candidate.create_date"),
                "behavior": SQL("latest.date"),
                "score": self.env["marketing.score"]._get_points_sql("score"),
            }[self.sort_order],
            segment=self._origin.id or 0,
        )

    def _get_ranking_join(self, now):
        """What the key of the order is read from."""
        if self.sort_order == "behavior":
            events = SQL(" UNION ALL ").join(
                SQL("SELECT person_id, date %s", rule._get_events(now))
                for rule in self._get_rules()
            )
            return SQL(
                """
                LEFT JOIN (SELECT person_id, max(date) AS date FROM (%s) AS event
                            GROUP BY person_id) AS latest
                       ON latest.person_id = candidate.person_id
                """,
                events,
            )
        if self.sort_order == "score":
            return SQL(
                """
                LEFT JOIN marketing_person AS person ON person.id = candidate.person_id
                LEFT JOIN marketing_score AS score ON score.id = person.score_id
                """
            )
        return SQL()

    def _refresh_places(self, person_ids):
        """Have the segment computed anew where these persons have to do with it."""
        self.ensure_one()
        [(is_concerned,)] = self.env.execute_query(
            SQL(
                """
                SELECT EXISTS (SELECT FROM (%s) AS candidate)
                    OR EXISTS (SELECT FROM marketing_segment_member
                                WHERE segment_id = %s AND person_id = ANY(%s))
                """,
                self._get_candidate_query(person_ids),
                self.id,
                list(person_ids),
            )
        )
        if is_concerned:
            self._request_places()

    def _request_places(self):
        """Ask for a full refresh, as soon as the cost of the last one allows it."""
        for segment in self:
            if segment.kind != "dynamic" or not segment.member_limit:
                continue
            due = segment._get_places_date()
            if not segment.next_refresh or segment.next_refresh > due:
                segment.sudo().next_refresh = due
                segment._request_refresh()

    def _get_places_date(self):
        """When the places may be given anew at the earliest."""
        self.ensure_one()
        now = fields.Datetime.now()
        pause = timedelta(seconds=PERIOD_PER_COST * self.refresh_seconds)
        return max(now, (self.refreshed_at or now) + pause)

    def _is_giving_places(self):
        """Whether there were news, and the places are about to be given anew."""
        self.ensure_one()
        return bool(
            self.member_limit
            and self.next_refresh
            and self.next_refresh <= self._get_places_date()
        )
