"""Until when sales has to answer a hand-off: hours count while somebody works."""

from collections import defaultdict
from datetime import UTC, timedelta

from odoo import models

from ..tools.handoff_working_time import add_working_hours, working_hours_between

#: How far ahead working time is looked for, in days, one step after the other.
CALENDAR_HORIZONS = (14, 90, 400)


class MarketingHandoffPolicy(models.Model):
    _inherit = "marketing.handoff.policy"

    def _get_working_intervals(self, user_ids, start, stop):
        """Working time of users: `{user id: [(start, stop)]}`, all naive UTC.

        One look at the calendar for everybody who shares it. The id False stands for
        the company.
        """
        self.ensure_one()
        company = self.company_id or self.env.company
        by_calendar = defaultdict(list)
        users = self.env["res.users"].sudo().browse(filter(None, user_ids))
        for user_id in user_ids:
            user = users.browse(user_id).with_prefetch(users.ids)
            resource = (
                user.resource_ids.filtered(lambda one: one.company_id == company)
                or user.resource_ids
            )[:1]
            employer = resource.company_id or self.company_id or user.company_id
            employer = (employer or company).sudo()
            calendar = (
                resource.calendar_id if resource else employer.resource_calendar_id
            )
            by_calendar[calendar, employer].append((user_id, resource))
        answer = {}
        for (calendar, employer), pairs in by_calendar.items():
            if not calendar:  # works when he likes to
                answer.update((user_id, [(start, stop)]) for user_id, _one in pairs)
                continue
            intervals = calendar._work_intervals_batch(
                start.replace(tzinfo=UTC),
                stop.replace(tzinfo=UTC),
                resources=self.env["resource.resource"]
                .sudo()
                .union(*(resource for _user_id, resource in pairs)),
                domain=[
                    ("time_type", "=", "leave"),
                    ("company_id", "in", [employer.id, False]),
                ],
            )
            for user_id, resource in pairs:
                answer[user_id] = [
                    tuple(
                        moment.astimezone(UTC).replace(tzinfo=None)
                        for moment in (begin, end)
                    )
                    for begin, end, _attendance in intervals[resource.id]
                ]
        return answer

    def _get_deadlines(self, user_ids, start):
        """When each user has to have answered what he gets at `start`: `{id: date}`."""
        self.ensure_one()
        deadlines = dict.fromkeys(user_ids)
        for days in CALENDAR_HORIZONS:
            missing = [user_id for user_id, date in deadlines.items() if not date]
            intervals = self._get_working_intervals(
                missing, start, start + timedelta(days=days)
            )
            for user_id in missing:
                deadlines[user_id] = add_working_hours(
                    intervals[user_id], start, self.response_hours
                )
        # Where nobody works for a year, the clock on the wall counts.
        wall = start + timedelta(hours=self.response_hours)
        return {user_id: date or wall for user_id, date in deadlines.items()}

    def _get_response_hours(self, periods, stop):
        """Working hours from being offered to `stop`.

        :param periods: (user id, start) of each
        :returns: hours, in the order of `periods`
        """
        self.ensure_one()
        if not periods:
            return []
        intervals = self._get_working_intervals(
            {user_id for user_id, _start in periods},
            min(start for _user_id, start in periods),
            stop,
        )
        return [
            working_hours_between(intervals[user_id], start, stop)
            for user_id, start in periods
        ]
