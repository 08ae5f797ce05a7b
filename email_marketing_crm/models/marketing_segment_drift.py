"""Proof that members who follow event by event are those of a full computation."""

import logging

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import SQL

from .marketing_segment_refresh import REFRESH_TIMEOUT

_logger = logging.getLogger(__name__)

#: Persons that are kept to be looked at, where members differ.
KEPT_PERSONS = 100


class MarketingSegment(models.Model):
    """Each night the members are compared with what the conditions say.

    `drift` is the number of persons who should have followed and did not: 0, or there
    is a mistake in how they follow. Persons whose news still wait for a lane are left
    out, and so are those whom only time or a record of somebody else moved since the
    last full refresh: those are what the next one is for. Where there is a drift, it
    is repaired at once and stays shown until the next comparison.
    """

    _inherit = "marketing.segment"

    drift = fields.Integer(
        "Differences",
        readonly=True,
        copy=False,
        aggregator=None,
        help="Persons who did not follow the conditions when everything was computed "
        "for comparison. It should be 0; what was found has been put right.",
    )
    drift_date = fields.Datetime("Compared", readonly=True, copy=False)
    drift_person_ids = fields.Many2many(
        "marketing.person",
        "marketing_segment_drift_rel",
        "segment_id",
        "person_id",
        string="Persons Who Differed",
        readonly=True,
        copy=False,
    )

    @api.model
    def _cron_measure_drift(self):
        """Compare each segment once a day, a transaction each."""
        segments = self._get_segments_to_compare()
        remaining = len(segments)
        for segment in segments:
            segment._try("_measure_drift")
            remaining -= 1
            if not self.env["ir.cron"]._commit_progress(1, remaining=remaining):
                return

    @api.model
    def _get_segments_to_compare(self):
        today = fields.Datetime.now().replace(hour=0, minute=0, second=0)
        return self.search(
            [
                ("kind", "=", "dynamic"),
                ("is_settled", "=", True),
                ("error", "=", False),
                "|",
                ("drift_date", "=", False),
                ("drift_date", "<", today),
            ],
            order="drift_date NULLS FIRST, id",
        )

    def _measure_drift(self):
        """Compare the members with a full computation, and repair what differs."""
        self.ensure_one()
        self.env.flush_all()
        if self._is_giving_places():
            return
        person_ids = self._get_drifted_ids()
        values = {
            "drift": len(person_ids),
            "drift_date": fields.Datetime.now(),
            "drift_person_ids": [Command.set(person_ids[:KEPT_PERSONS])],
        }
        if person_ids:
            _logger.error(
                "%s: %s persons did not follow: %s",
                self,
                len(person_ids),
                person_ids[:KEPT_PERSONS],
            )
            values["next_refresh"] = values["drift_date"]
            self._request_refresh()
        self.write(values)

    def _get_drifted_ids(self):
        """Persons who should have followed and did not, sorted."""
        query = SQL(
            "SELECT person_id FROM (%s) AS difference WHERE person_id NOT IN"
            " (SELECT person_id FROM marketing_inbox) ORDER BY person_id",
            self._get_difference_query(),
        )
        rows = self._run_condition_query(query, timeout=REFRESH_TIMEOUT)
        person_ids = [person_id for (person_id,) in rows]
        if person_ids and self.is_time_dependent and self.refreshed_at:
            person_ids = self._without_moved_by_time(person_ids)
        return person_ids

    def _without_moved_by_time(self, person_ids):
        """Those who differ, whichever moment since the last full refresh one takes."""
        then = self.refreshed_at
        if not self.member_limit:
            rows = self._run_condition_query(
                self._get_difference_query(person_ids, then), timeout=REFRESH_TIMEOUT
            )
            person_ids = sorted(row[0] for row in rows)
        if self.member_limit or self._looks_at_others():
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT person_id FROM marketing_touchpoint
                     WHERE person_id = ANY(%(persons)s) AND date >= %(then)s
                     UNION
                    SELECT marketing_person_id FROM %(table)s
                     WHERE marketing_person_id = ANY(%(persons)s)
                       AND write_date >= %(then)s
                    """,
                    persons=person_ids,
                    then=then,
                    table=SQL.identifier(self.env[self.res_model]._table),
                )
            )
            person_ids = sorted(person_id for (person_id,) in rows)
        return person_ids

    def _looks_at_others(self):
        """Whether members move with a date, or a record, that is not their own."""
        self.ensure_one()
        return self._get_domain_facts().is_time_dependent or any(
            rule.campaign_id or rule.topic for rule in self._get_rules()
        )

    def action_view_drift(self):
        """The persons behind the red figure."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Did Not Follow: %s", self.name),
            "res_model": "marketing.person",
            "view_mode": "list,form",
            "domain": [("id", "in", self.drift_person_ids.ids)],
            "context": {"create": False},
        }
