"""How the members of a segment follow its conditions."""

import logging
import time

from odoo import fields, models
from odoo.tools import SQL

from ..tools.segment_schedule import get_next_refresh

_logger = logging.getLogger(__name__)

#: A full refresh gives up after this time, in milliseconds, before Odoo's cron does.
REFRESH_TIMEOUT = 60000
#: Members that one pass of a full refresh changes at most: about five seconds.
CHANGES_PER_PASS = 50000
#: After so many changed rows at once, the planner is told how many there are.
ANALYZE_AFTER = 10000


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

    # ------------------------------------------------------------------
    # REFRESH
    # ------------------------------------------------------------------

    def _refresh(self):
        """Compute the members from everything there is, until they are complete.

        :raises UserError: when the conditions cannot be computed; nothing changed
        """
        self.ensure_one()
        while not self._refresh_pass():
            _logger.info("%s has many new members, going on", self)

    def _refresh_pass(self):
        """Compute the members, and plan the next time.

        One pass changes at most `CHANGES_PER_PASS` members, so that a new segment of
        a million persons does not occupy its lane; the rest stays due.

        :returns: whether the members are complete
        """
        self.ensure_one()
        self.flush_recordset()
        start = time.monotonic()
        moment = fields.Datetime.now()  # what "now" means to the conditions
        changes = 0
        size = None
        if self.kind == "dynamic":
            if self._is_likely_unchanged():
                size = self._get_unchanged_size(moment)
            if size is None:
                changes = self._apply_conditions(is_full=True, now=moment)
        self._repair_records()
        seconds = time.monotonic() - start
        is_complete = changes < CHANGES_PER_PASS
        now = fields.Datetime.now()
        self.env.cr.execute(
            """
            UPDATE marketing_segment
               SET size = COALESCE(%(size)s, (
                       SELECT count(*) FROM marketing_segment_member
                        WHERE segment_id = %(id)s AND state = 'member')),
                   refreshed_at = CASE WHEN %(complete)s THEN %(moment)s
                                       ELSE refreshed_at END,
                   refresh_seconds = %(seconds)s,
                   refresh_changes = %(changes)s,
                   next_refresh = %(following)s,
                   is_settled = %(complete)s,
                   error = NULL
             WHERE id = %(id)s
            """,
            {
                "id": self.id,
                "size": size,
                "complete": is_complete,
                "moment": moment,
                "seconds": seconds,
                "changes": changes,
                "following": self._get_next_refresh(now, seconds)
                if is_complete
                else now,
            },
        )
        self.invalidate_recordset()
        return is_complete

    def _get_next_refresh(self, now, seconds):
        """When everybody is looked at again.

        After the first time, soon: a transaction that was open then did not know yet
        which fields the segment watches.
        """
        self.ensure_one()
        return get_next_refresh(
            now,
            seconds,
            self.is_time_dependent or not self.is_settled,
            self.id,
            self.company_id.partner_id.tz or self.user_id.tz or "UTC",
        )

    def _refresh_persons(self, person_ids):
        """Look again at some persons; the same result as a full refresh has for them.

        The figures of the segment are left alone: two lanes may be at it at once.
        """
        if not person_ids:
            return
        for segment in self:
            if segment.kind != "dynamic":
                continue
            if segment.member_limit:
                segment._refresh_places(person_ids)
            else:
                segment._apply_conditions(person_ids)

    def _apply_conditions(self, person_ids=None, is_full=False, now=None):
        """Insert, move and delete members so that they are who meets the conditions.

        What differs is read first, and nothing is written where nothing does: only a
        statement that writes nothing may be computed by several processes. Both
        statements see the same moment, as everything within one transaction does.

        :param person_ids: look at these persons only
        :param is_full: look at everybody, bounded in time and number of changes
        :param now: the moment that behaviour is looked at from, if not now
        :returns: number of changes
        """
        self.ensure_one()
        query = SQL(
            "%s ORDER BY 1 LIMIT %s",  # indexes take sorted rows twice as fast
            self._get_difference_query(person_ids, now),
            CHANGES_PER_PASS if is_full else None,
        )
        if is_full:
            rows = self._run_condition_query(query, timeout=REFRESH_TIMEOUT)
        else:
            rows = self.env.execute_query(query)
        if rows:
            self._write_differences(
                rows,
                # After the first time everybody is looked at once more, and soon.
                is_queued=not is_full or self.is_settled or self._is_followed(),
            )
            self._invalidate_members()
        if len(rows) >= ANALYZE_AFTER:
            self.env.cr.execute("ANALYZE marketing_segment_member")
        return len(rows)

    def _is_likely_unchanged(self):
        """Whether it pays to ask first if there is anything to do at all."""
        self.ensure_one()
        return self.is_settled and not self.member_limit and not self.refresh_changes

    def _get_unchanged_size(self, now=None):
        """The number of members if they are who meets the conditions, and nothing else.

        That is so when each record either stands for a member, or belongs to one that
        an older record stands for, and when as many records stand for members as there
        are. Two counts need no grouping, and several processes can share them.

        :param now: the moment that behaviour is looked at from, if not now
        :returns: None where somebody comes, goes or is moved to another record
        """
        self.ensure_one()
        query, person = self._search_records(
            self._get_conditions(),
            person_set=self._get_behavior_set(now=now),
            has_person=False,
        )
        query.add_join(
            "LEFT JOIN",
            "present",
            "marketing_segment_member",
            SQL("present.segment_id = %s AND present.person_id = %s", self.id, person),
        )
        record = SQL.identifier(query.table, "id")
        counts = query.select(
            SQL(
                "count(*) FILTER (WHERE present.origin = 'rule'"
                " AND present.res_id = %s) AS standing",
                record,
            ),
            SQL(
                "count(*) FILTER (WHERE %(person)s IS NOT NULL AND (present.id IS NULL"
                " OR present.origin = 'rule'"
                " AND (present.res_id > %(record)s) IS NOT FALSE)) AS fresh",
                person=person,
                record=record,
            ),
        )
        # What was put in or out by hand stays as it is: it is in neither count.
        counts = SQL(
            """
            SELECT CASE WHEN fresh = 0 AND standing = ruled THEN size END
              FROM (%s) AS counted,
                   (SELECT count(*) FILTER (WHERE origin = 'rule') AS ruled,
                           count(*) FILTER (WHERE state = 'member') AS size
                      FROM marketing_segment_member WHERE segment_id = %s) AS present
            """,
            counts,
            self.id,
        )
        return self._run_condition_query(counts, timeout=REFRESH_TIMEOUT)[0][0]

    def _write_differences(self, rows, is_queued):
        """Let people come, go and move to another record; one statement.

        Rows are found by arrays and unique keys and never by a join: right after many
        were written, the planner believes that there are none and would choose a
        nested loop.

        :param rows: what `_get_difference_query` selects
        :param is_queued: whether the inbox lanes hear of it
        """
        self.ensure_one()
        fresh = [row[:2] for row in rows if row[2] is None]
        moved = [row[:2] for row in rows if row[2] is not None and row[1] is not None]
        self.env.execute_query(
            SQL(
                """
                WITH gone AS (
                    DELETE FROM marketing_segment_member WHERE id = ANY(%(gone)s)
                 RETURNING id, person_id
                ),
                moved AS (%(moved)s DO UPDATE SET res_id = EXCLUDED.res_id),
                fresh AS (%(fresh)s DO NOTHING RETURNING id, person_id),
                %(events)s
                SELECT 1
                """,
                gone=[row[2] for row in rows if row[1] is None],
                moved=self._get_put_statement(moved),
                fresh=self._get_put_statement(fresh),
                events=self._get_event_ctes(is_queued),
            )
        )

    def _get_put_statement(self, rows):
        """INSERT of members, as far as to what a conflict does.

        :param rows: pairs of person and record
        """
        return SQL(
            """
            INSERT INTO marketing_segment_member
                   (segment_id, person_id, res_id, since, origin, state)
            SELECT %s, person_id, res_id, %s, 'rule', 'member'
              FROM unnest(%s::int[], %s::int[]) AS source (person_id, res_id)
                ON CONFLICT (segment_id, person_id)
            """,
            self.id,
            fields.Datetime.now(),
            [person_id for person_id, _res_id in rows],
            [res_id for _person_id, res_id in rows],
        )

    def _get_difference_query(self, person_ids=None, now=None):
        """SELECT of where members differ from who meets the conditions.

        A full join of the wanted with the present rows, hashed on both sides. Rows
        made by hand take no part in it. The columns: person_id; res_id, which is
        NULL for who leaves; and id, the present row, NULL for who enters.
        """
        self.ensure_one()
        return SQL(
            """
            SELECT COALESCE(target.person_id, present.person_id) AS person_id,
                   target.res_id, present.id
              FROM (%(target)s) AS target
              FULL JOIN (SELECT id, person_id, res_id, origin
                           FROM marketing_segment_member
                          WHERE segment_id = %(segment)s %(persons)s) AS present
                     ON present.person_id = target.person_id
             WHERE present.id IS NULL
                OR present.origin = 'rule'
                   AND (target.person_id IS NULL
                        OR target.res_id IS DISTINCT FROM present.res_id)
            """,
            target=self._get_target_query(person_ids, now),
            segment=self.id,
            persons=SQL()
            if person_ids is None
            else SQL("AND person_id = ANY(%s)", list(person_ids)),
        )

    def _repair_records(self, person_ids=None):
        """Let rows made by hand point to a record that the person still has.

        Static members and persons excluded stay whatever happens to their records;
        without any record left they point to none.
        """
        for res_model in set(self.mapped("res_model")):
            segments = self.filtered(lambda s, name=res_model: s.res_model == name)
            model = self.env[res_model]
            model.flush_model(["marketing_person_id"])
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE marketing_segment_member AS member
                       SET res_id = (SELECT min(record.id) FROM %(table)s AS record
                                      WHERE record.marketing_person_id
                                            = member.person_id)
                     WHERE member.id = ANY(ARRAY(
                        SELECT lost.id
                          FROM marketing_segment_member AS lost
                         WHERE lost.segment_id = ANY(%(segments)s)
                           AND lost.origin = 'manual' %(persons)s
                           AND NOT EXISTS (
                                   SELECT FROM %(table)s AS record
                                    WHERE record.id = lost.res_id
                                      AND record.marketing_person_id = lost.person_id)
                           AND (lost.res_id IS NOT NULL OR EXISTS (
                                   SELECT FROM %(table)s AS record
                                    WHERE record.marketing_person_id
                                          = lost.person_id))))
                    """,
                    table=SQL.identifier(model._table),
                    segments=segments.ids,
                    persons=SQL()
                    if person_ids is None
                    else SQL("AND lost.person_id = ANY(%s)", list(person_ids)),
                )
            )
            if self.env.cr.rowcount:
                self._invalidate_members()

    def _invalidate_members(self):
        """Forget what is cached of what SQL wrote."""
        for model in ("marketing.segment.member", "marketing.touchpoint"):
            self.env[model].invalidate_model()
        self.env["marketing.segment"].invalidate_model(
            [
                "member_ids",
                "member_count",
                "excluded_count",
                "recent_member_ids",
                "preview_count",
                "preview_person_ids",
            ]
        )
