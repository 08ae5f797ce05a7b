"""When members follow: the lane of full refreshes, and the inbox of news."""

import logging
from typing import NamedTuple

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.conflict import CONFLICTS
from ..tools.segment_schedule import RETRY_PERIOD
from .marketing_segment_domain import CONDITION_ERRORS
from .marketing_segment_rule_query import SEGMENT_TYPES

_logger = logging.getLogger(__name__)


class InboxPlan(NamedTuple):
    """Which news make it necessary to look at a segment again.

    :param segment_id: the segment
    :param type_ids: types of touchpoints that its rules count
    :param is_volatile: any touchpoint of a person may matter
    :param inner_ids: the segment and those it takes in or leaves out
    """

    segment_id: int
    type_ids: frozenset
    is_volatile: bool
    inner_ids: frozenset


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

    # ------------------------------------------------------------------
    # LANE
    # ------------------------------------------------------------------

    @api.model
    def _get_lane_backlog(self, number, count):
        self.flush_model(["active", "next_refresh"])
        return self.env.execute_query(
            SQL(
                "SELECT count(*), min(next_refresh) FROM marketing_segment"
                " WHERE active AND next_refresh <= %s AND id %% %s = %s",
                fields.Datetime.now(),
                count,
                number,
            )
        )[0]

    @api.model
    def _run_lane(self, number, count):
        """Refresh the segment that has waited longest; shards are segments here."""
        self.flush_model(["active", "next_refresh"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM marketing_segment
                 WHERE active AND next_refresh <= %s AND id %% %s = %s
                 ORDER BY next_refresh, id
                 LIMIT 1
                   FOR NO KEY UPDATE SKIP LOCKED
                """,
                fields.Datetime.now(),
                count,
                number,
            )
        )
        if not rows:
            return 0, 0
        self.browse(rows[0][0])._try("_refresh_pass")
        return 1, self._get_lane_backlog(number, count)[0]

    def _try(self, method, *args):
        """Call a method of a segment; what is wrong with it stops nobody else."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                getattr(self, method)(*args)
        except CONFLICTS:
            raise
        except (UserError, *CONDITION_ERRORS) as error:
            _logger.warning("%s cannot be computed: %s", self, error)
            self.invalidate_recordset(flush=False)
            self.env.cr.execute(
                "UPDATE marketing_segment SET error = %s, next_refresh = %s"
                " WHERE id = %s",
                [
                    error.args[0] if isinstance(error, UserError) else str(error),
                    fields.Datetime.now() + RETRY_PERIOD,
                    self.id,
                ],
            )
            self.invalidate_recordset()

    # ------------------------------------------------------------------
    # INBOX
    # ------------------------------------------------------------------

    @api.model
    def _consume_inbox(self, batch):
        """Look at the persons of a batch again, in the segments that may change.

        A segment's own "entered" and "left" are looked at too: a full refresh and a
        lane that decide about a person at the same time cannot see each other, and
        the second look finds the difference. It ends there, since a segment's rules
        never count its own events.
        """
        certain = batch.changed_ids | batch.rebuild_ids
        by_type, by_segment = {}, {}
        for row in batch.touchpoints:
            by_type.setdefault(row.type_id, set()).add(row.person_id)
            if row.type_code in SEGMENT_TYPES and row.res_model == self._name:
                by_segment.setdefault(row.res_id, set()).add(row.person_id)
        work = []
        for plan in self._get_inbox_plans():
            if plan.is_volatile:
                person_ids = set(batch.person_ids)
            else:
                person_ids = certain.union(
                    *(by_segment.get(inner_id, ()) for inner_id in plan.inner_ids),
                    *(by_type.get(type_id, ()) for type_id in plan.type_ids),
                )
            if person_ids:
                work.append((self.browse(plan.segment_id), sorted(person_ids)))
        self._follow(work)
        if certain:
            self.search([])._repair_records(sorted(certain))

    @api.model
    def _follow(self, work):
        """Let members follow; where a segment is broken, all the others still do.

        :param work: pairs of a segment and persons
        """
        doubtful = [pair for pair in work if pair[0].error]
        sound = [pair for pair in work if not pair[0].error]
        try:
            with self.env.cr.savepoint():  # one for all: each costs a round trip
                for segment, person_ids in sound:
                    segment._refresh_persons(person_ids)
        except CONFLICTS:
            raise
        except (UserError, *CONDITION_ERRORS):
            doubtful = work
        for segment, person_ids in doubtful:
            segment._try("_refresh_persons", person_ids)

    @api.model
    def _get_inbox_plans(self):
        """An `InboxPlan` for each segment that follows conditions.

        Read from the database every time: a lane that had them cached would miss
        what happens right after a segment was made.
        """
        segments = self.sudo().search([("kind", "=", "dynamic")])
        segments._get_rules().type_id.mapped("code")  # read at once for all of them
        return [
            InboxPlan(
                segment.id,
                frozenset(segment._get_rules().type_id.ids),
                segment._get_domain_facts().is_volatile
                or bool(segment.member_limit and segment.sort_order == "score"),
                frozenset(segment.ids + segment.link_ids.other_id.ids),
            )
            for segment in segments
        ]

    @api.model
    @tools.ormcache("model_name")
    def _get_watched_fields(self, model_name):
        """Fields whose change may change a membership or a score.

        :param model_name: a model with persons
        :returns: names, as a frozenset
        """
        names = set()
        for segment in self.sudo().search([("kind", "=", "dynamic")]):
            names |= segment._get_domain_facts().fields.get(model_name, set())
        names |= self.env["marketing.score.model"]._get_watched_fields(model_name)
        return frozenset(names)
