from datetime import UTC, datetime, time, timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.local_time import find_zone
from ..tools.quiet_hours import HORIZON_DAYS, QuietRule


class MarketingQuietHours(models.Model):
    """When a company sends no marketing mail, by the clock of each person.

    One row a company, or one for all companies that have none of their own; written by
    the marketing manager. A mail that is due then waits (`quiet_hours`) until the next
    open moment: it is never lost by that. A mail that is ready but was not handed over
    in time waits as well. Transactional mails leave at any time.
    """

    _name = "marketing.quiet.hours"
    _description = "Quiet Hours"
    _order = "company_id, id"
    _rec_name = "summary"

    company_id = fields.Many2one(
        "res.company",
        ondelete="cascade",
        help="Empty: every company that has no quiet hours of its own.",
    )
    active = fields.Boolean(default=True)
    hour_from = fields.Float(
        "Quiet From", required=True, default=21.0, help="By the person's clock."
    )
    hour_to = fields.Float("Until", required=True, default=8.0)
    is_working_days_only = fields.Boolean(
        "On Working Days Only",
        help="Nothing leaves on days on which nobody works by the calendar.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        "Working Schedule",
        ondelete="restrict",
        help="Says which days are worked on. Empty: the schedule of the company.",
    )
    skips_holidays = fields.Boolean(
        "Not on Public Holidays",
        default=True,
        help="Days off of the whole company, as in the working schedule.",
    )
    summary = fields.Char("In Words", compute="_compute_summary")

    _company_unique = models.UniqueIndex(
        "(COALESCE(company_id, 0)) WHERE active",
        "There are quiet hours for this company already.",
    )
    _hours_range = models.Constraint(
        "CHECK(hour_from >= 0 AND hour_from < 24 AND hour_to >= 0 AND hour_to < 24)",
        "The hours go from 00:00 to 23:59.",
    )

    @api.depends(
        "hour_from", "hour_to", "is_working_days_only", "skips_holidays", "calendar_id"
    )
    def _compute_summary(self):
        for quiet in self:
            hours = {
                "start": _as_clock(quiet.hour_from),
                "stop": _as_clock(quiet.hour_to),
            }
            parts = [
                self.env._("at any hour")
                if quiet.hour_from == quiet.hour_to
                else self.env._("not from %(start)s to %(stop)s", **hours)
            ]
            if quiet.is_working_days_only:
                parts.append(self.env._("on working days"))
                if quiet.skips_holidays:
                    parts.append(self.env._("except public holidays"))
            quiet.summary = self.env._(
                "Marketing mail leaves %s, where the person lives.", ", ".join(parts)
            )

    @api.constrains("is_working_days_only", "calendar_id", "skips_holidays")
    def _check_working_days(self):
        """A calendar without working days would keep every mail back."""
        for quiet in self.filtered("is_working_days_only"):
            if not quiet._get_open_days(fields.Datetime.now()):
                raise ValidationError(
                    self.env._(
                        "“%(calendar)s” has no working day within the next %(days)s "
                        "days: choose another schedule, or send on all days.",
                        calendar=quiet._get_calendar().name or "…",
                        days=HORIZON_DAYS,
                    )
                )

    # ------------------------------------------------------------------
    # RULE
    # ------------------------------------------------------------------

    @api.model
    def _get_rule(self, moment):
        """The `QuietRule` of the company for mail of a moment or later, or None."""
        company = self.env.company
        quiet = self.sudo().search(
            [("company_id", "in", [False, company.id])],
            order="company_id ASC NULLS LAST",
            limit=1,
        )
        if not quiet:
            return None
        days = quiet._get_open_days(moment) if quiet.is_working_days_only else None
        return QuietRule(quiet.hour_from, quiet.hour_to, days)

    def _get_calendar(self):
        self.ensure_one()
        return self.calendar_id or (
            (self.company_id or self.env.company).sudo().resource_calendar_id
        )

    def _get_open_days(self, moment):
        """Dates that are worked on, from the day before a moment on."""
        self.ensure_one()
        calendar = self._get_calendar()
        start = datetime.combine(moment.date() - timedelta(days=2), time())
        stop = start + timedelta(days=2 * HORIZON_DAYS + 5)
        if not calendar:  # works on all days
            return {
                start.date() + timedelta(days=number)
                for number in range((stop - start).days)
            }
        aware = (start.replace(tzinfo=UTC), stop.replace(tzinfo=UTC))
        intervals = (
            calendar._work_intervals_batch(*aware)
            if self.skips_holidays
            else calendar._attendance_intervals_batch(*aware)
        )[False]
        zone = find_zone(calendar.tz) or UTC
        return {begin.astimezone(zone).date() for begin, _end, _rows in intervals}


def _as_clock(hour):
    minutes = round(hour * 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
