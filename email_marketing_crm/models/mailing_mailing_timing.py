from datetime import datetime, time, timedelta

from odoo import api, fields, models

from odoo.addons.base.models.res_partner import _tz_get

from ..tools.local_time import find_zone, next_occurrence, to_local
from .marketing_delivery import WAITING_STATES


class MailingMailing(models.Model):
    """When the mails of a mailing leave: at once, by the person's clock, at his hour.

    The plan writes the moment of each person into his delivery; see
    `marketing_delivery_timing.py`. Transactional mails leave at once whatever is
    chosen here.
    """

    _inherit = "mailing.mailing"

    marketing_send_time = fields.Selection(
        [
            ("at_once", "To everybody at once"),
            ("local", "At the same hour where each person lives"),
            ("best_hour", "At each person's best hour"),
        ],
        "Leaves",
        required=True,
        default="at_once",
        help="Where a person lives is said by the time zone of the contact, else by "
        "the country where it has one zone, else by the company.",
    )
    marketing_send_tz = fields.Selection(
        _tz_get,
        string="Hour of the Clock In",
        compute="_compute_marketing_send_tz",
        store=True,
        readonly=False,
        help="The schedule is an hour of this clock; each person gets the mail when "
        "his own clock shows that hour.",
    )
    marketing_send_hour = fields.Float(
        "At",
        default=9.0,
        help="Journeys: the hour at which the mail leaves, by the person's clock.",
    )
    marketing_best_within = fields.Selection(
        [("day", "24 hours"), ("week", "7 days")],
        "Within",
        required=True,
        default="day",
        help="How long after the schedule the best hour may be.",
    )
    marketing_first_due = fields.Datetime(
        "First Mail", compute="_compute_marketing_due", compute_sudo=True
    )
    marketing_last_due = fields.Datetime(
        "Last Mail", compute="_compute_marketing_due", compute_sudo=True
    )

    _marketing_send_hour_range = models.Constraint(
        "CHECK(marketing_send_hour IS NULL"
        " OR (marketing_send_hour >= 0 AND marketing_send_hour < 24))",
        "The hour goes from 00:00 to 23:59.",
    )

    @api.depends("schedule_date", "marketing_send_time")
    def _compute_marketing_send_tz(self):
        """Who chooses the hour means his own clock."""
        for mailing in self:
            if mailing.marketing_send_time == "local":
                mailing.marketing_send_tz = mailing.marketing_send_tz or (
                    self.env.user.tz or self.env["marketing.person"]._get_company_zone()
                )

    @api.depends("state")
    def _compute_marketing_due(self):
        """From when until when what waits now will leave, as planned."""
        deliveries = self.env["marketing.delivery"].sudo()
        groups = deliveries._read_group(
            [("mailing_id", "in", self.ids), ("state", "in", WAITING_STATES)],
            ["mailing_id"],
            ["due:min", "due:max"],
        )
        found = {mailing: dues for mailing, *dues in groups}
        for mailing in self:
            first, last = found.get(mailing._origin, (False, False))
            mailing.marketing_first_due = first
            mailing.marketing_last_due = last

    def _get_send_time(self):
        """How this mailing is timed; transactional mail never waits for an hour."""
        self.ensure_one()
        return (
            "at_once" if self.marketing_is_transactional else self.marketing_send_time
        )

    def _get_local_due(self, due, zone, now):
        """When a mail that leaves at local time reaches a zone.

        Whose clock has passed that hour already when the mailing is confirmed gets it
        at the same hour of the next day.

        :param due: the moment of the schedule, or of the step of a journey
        """
        self.ensure_one()
        if self.marketing_kind == "journey":
            midnight = datetime.combine(to_local(due, zone).date(), time())
            hour = timedelta(minutes=round((self.marketing_send_hour or 0.0) * 60))
            return next_occurrence(midnight + hour, zone, due)
        clock = find_zone(self.marketing_send_tz) or find_zone("UTC")
        return next_occurrence(to_local(due, clock), zone, now)

    def _move_deliveries(self, part=None):
        """Give each person the moment that the new hour of the mailing means to him."""
        result = super()._move_deliveries(part)
        self.env["marketing.delivery"].sudo()._retime(self, part)
        return result

    def action_estimate_timing(self):
        """Show when how many persons would get the mail; plans nothing."""
        self.ensure_one()
        self.check_access("read")
        return self.env["marketing.timing.estimate"]._open_for(self)

    def action_view_timing(self):
        """Show when what is planned will leave."""
        action = self.action_view_deliveries()
        context = action["context"] | {"group_by": ["due:hour", "wait_reason"]}
        return action | {
            "domain": [*action["domain"], ("state", "in", WAITING_STATES)],
            "context": context,
        }
