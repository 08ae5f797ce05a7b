from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from ..tools.sender_pace import day_start, midnight
from ..tools.sender_ramp import (
    BOUNCE_LIMIT,
    COMPLAINT_LIMIT,
    DEFAULT_RAMP,
    IDLE_DAYS,
    DayResult,
    next_step,
    quota_of_day,
)
from .number_format import format_number

DECISIONS = [
    ("started", "Started"),
    ("advanced", "Next day"),
    ("few", "Held: too few mails"),
    ("bounces", "Held: bounces"),
    ("complaints", "Held: spam reports"),
    ("restarted", "Begun anew"),
    ("finished", "Finished"),
    ("stopped", "Stopped by hand"),
]


class MarketingSenderRamp(models.Model):
    """From which day of a warm-up on a sender may send how many mails a day.

    The last line is the last day: after it there is no limit but the quotas.
    """

    _name = "marketing.sender.ramp"
    _description = "Step of a Warm-up"
    _order = "sender_id, day"
    _rec_name = "day"

    sender_id = fields.Many2one(
        "marketing.sender", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="sender_id.company_id")
    day = fields.Integer("From Day", required=True, aggregator=None)
    mails = fields.Integer("Mails a Day", required=True, aggregator=None)

    _sender_day_unique = models.Constraint(
        "UNIQUE(sender_id, day)", "A warm-up has one step per day."
    )
    _positive = models.Constraint(
        "CHECK(day > 0 AND mails > 0)",
        "Days are counted from 1, and each has at least one mail.",
    )


class MarketingSender(models.Model):
    """A new sender sends few mails a day first: to whoever is most engaged.

    At midnight of the sender's zone the pace lane decides which day of the warm-up
    begins: the next one, or the same again where the day went badly or hardly anything
    was sent. Mails that have no room wait for a later day; none is dropped. A sender
    that has finished and then sends nothing for a month begins anew by itself, unless
    a manager ended its warm-up.
    """

    _inherit = "marketing.sender"

    is_warming_up = fields.Boolean("Warm-up", readonly=True, copy=False, tracking=True)
    warm_up_start = fields.Date(
        "Starts On",
        copy=False,
        help="The first day of the warm-up. Until then only the quotas hold.",
    )
    warm_up_day = fields.Integer(
        "Day of the Warm-up", readonly=True, copy=False, aggregator=None
    )
    warm_up_date = fields.Date(
        "Decided For", readonly=True, copy=False, help="The day that was decided last."
    )
    warm_up_decision = fields.Selection(
        DECISIONS, "Decision", readonly=True, copy=False
    )
    warm_up_values = fields.Json(readonly=True, copy=False)
    warm_up_text = fields.Char("Why", compute="_compute_warm_up_text")
    warm_up_quota = fields.Integer(
        "Mails Today", compute="_compute_warm_up_quota", help="By the warm-up."
    )
    warm_up_bounce_limit = fields.Float(
        "Hold at Bounces (%)", default=BOUNCE_LIMIT, aggregator=None
    )
    warm_up_complaint_limit = fields.Float(
        "Hold at Spam Reports (%)",
        default=COMPLAINT_LIMIT,
        digits=(16, 2),
        aggregator=None,
    )
    ramp_ids = fields.One2many(
        "marketing.sender.ramp",
        "sender_id",
        "Steps",
        copy=True,
        default=lambda self: [
            fields.Command.create({"day": day, "mails": mails})
            for day, mails in DEFAULT_RAMP
        ],
    )

    @api.depends("warm_up_day", "is_warming_up", "warm_up_start", "ramp_ids.mails")
    def _compute_warm_up_quota(self):
        for sender in self:
            sender.warm_up_quota = sender._get_warm_up_quota() or 0

    @api.depends("warm_up_decision", "warm_up_values", "warm_up_start")
    @api.depends_context("lang")
    def _compute_warm_up_text(self):
        for sender in self:
            if sender.is_warming_up and sender.warm_up_start > sender._get_today():
                sender.warm_up_text = self.env._(
                    "The warm-up begins on %s; until then only the quotas hold.",
                    format_date(self.env, sender.warm_up_start),
                )
                continue
            sender.warm_up_text = self._explain_decision(
                sender.warm_up_decision, sender.warm_up_values
            )

    @api.constrains("ramp_ids")
    def _check_ramp(self):
        for sender in self:
            mails = sender.ramp_ids.sorted("day").mapped("mails")
            if mails != sorted(mails):
                raise ValidationError(
                    self.env._(
                        "A warm-up grows: no step has fewer mails than the one before."
                    )
                )

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_start_warm_up(self):
        """Begin with the first day, today or at the date that was chosen."""
        self.ensure_one()
        self.check_access("write")
        if not self.ramp_ids:
            raise UserError(self.env._("A warm-up needs steps. Add some first."))
        today = self._get_today()
        self._start_warm_up(max(self.warm_up_start or today, today), "started")

    def _start_warm_up(self, date, decision):
        self.write(
            {
                "is_warming_up": True,
                "warm_up_start": date,
                "warm_up_date": date,
                "warm_up_day": 1,
                "warm_up_decision": decision,
                "warm_up_values": False,
            }
        )

    def action_stop_warm_up(self):
        """Only the quotas hold from now on."""
        self.check_access("write")
        self._end_warm_up("stopped")
        self.env["marketing.delivery"]._wake_lanes("pace")

    def _end_warm_up(self, decision):
        self.write(
            {
                "is_warming_up": False,
                "warm_up_day": False,
                "warm_up_start": False,
                "warm_up_decision": decision,
                "warm_up_values": False,
            }
        )

    # ------------------------------------------------------------------
    # DAYS
    # ------------------------------------------------------------------

    def _get_today(self):
        """The date it is now where the sender's days begin."""
        self.ensure_one()
        return fields.Date.context_today(self.with_context(tz=self.tz))

    def _get_day_start(self, date=None):
        """The midnight, in UTC, that a day of the sender begins with."""
        self.ensure_one()
        zone = self._get_zone()
        return midnight(date, zone) if date else day_start(fields.Datetime.now(), zone)

    def _get_ramp(self):
        return [(step.day, step.mails) for step in self.ramp_ids.sorted("day")]

    def _get_warm_up_quota(self, later=0):
        """Mails of a day of the warm-up, or None; `later` days that go well."""
        self.ensure_one()
        if not self.is_warming_up:
            return None
        ahead = (self.warm_up_start - self._get_today()).days
        if later < ahead:
            return None
        day = self.warm_up_day + later - max(ahead, 0)
        return quota_of_day(self._get_ramp(), day)

    def _begin_day(self):
        """Decide which day of the warm-up begins; once a day, by the pace lane."""
        self.ensure_one()
        today = self._get_today()
        if not self.is_warming_up:
            self._begin_anew()
            return
        if self.warm_up_date >= today:
            return
        totals = self._get_totals(self._get_day_start(self.warm_up_date))
        sent, other = totals.get("sent", 0), totals.get("other", 0)
        bounced = totals.get("bounced_hard", 0) + totals.get("refused_address", 0)
        complained = totals.get("complained", 0)
        last = self._get_last_sending_date()
        step = next_step(
            self._get_ramp(),
            self.warm_up_day,
            (today - (last or self.warm_up_start)).days,
            DayResult(sent, bounced, complained, other),
            self.warm_up_bounce_limit,
            self.warm_up_complaint_limit,
        )
        values = {
            "date": fields.Date.to_string(self.warm_up_date),
            "sent": sent + other,
            "bounced": bounced,
            "complained": complained,
            "quota": self._get_warm_up_quota() or 0,
        }
        if step.day is None:
            self._end_warm_up(step.decision)
        else:
            self.warm_up_day = step.day
            self.warm_up_decision = step.decision
        self.write({"warm_up_date": today, "warm_up_values": values})

    def _begin_anew(self):
        """Warm a sender up again that providers have forgotten since it finished."""
        self.ensure_one()
        last = self._get_last_sending_date()
        today = self._get_today()
        if (
            self.warm_up_decision == "finished"
            and last
            and (today - last).days >= IDLE_DAYS
            and self.ramp_ids
        ):
            self._start_warm_up(today, "restarted")
            owner = self._get_owner()
            translated = self.with_context(lang=owner.lang or self.env.lang)
            translated.message_post(
                body=translated.warm_up_text,
                partner_ids=owner.partner_id.ids,
                subject=translated.env._("%s warms up again", self.display_name),
            )

    def _get_last_sending_date(self):
        """The last day on which mail left, or False."""
        return (
            self.env["marketing.sender.day"]
            .search(
                [
                    ("sender_id", "=", self.id),
                    "|",
                    ("sent", ">", 0),
                    ("other", ">", 0),
                ],
                order="date desc",
                limit=1,
            )
            .date
        )

    @api.model
    def _explain_decision(self, decision, values):
        """What was decided for a day, and why, in a sentence."""
        if not decision:
            return False
        values = values or {}
        values = {
            name: format_number(self.env, values.get(name, 0), 0)
            for name in ("sent", "bounced", "complained", "quota")
        } | {"date": format_date(self.env, values.get("date", ""))}
        sentences = {
            "started": self.env._("The warm-up began."),
            "advanced": self.env._(
                "%(sent)s mails left on %(date)s, %(bounced)s bounced and "
                "%(complained)s were reported as spam: the next day may begin.",
                **values,
            ),
            "few": self.env._(
                "Only %(sent)s of %(quota)s mails left on %(date)s. That proves "
                "nothing, so the day is done again.",
                **values,
            ),
            "bounces": self.env._(
                "%(bounced)s of %(sent)s mails bounced on %(date)s. The day is done "
                "again.",
                **values,
            ),
            "complaints": self.env._(
                "%(complained)s of %(sent)s mails of %(date)s were reported as spam. "
                "The day is done again.",
                **values,
            ),
            "restarted": self.env._(
                "No mail left for 30 days, so providers have forgotten the sender: the "
                "warm-up begins anew."
            ),
            "finished": self.env._("The warm-up is over; only the quotas hold."),
            "stopped": self.env._(
                "The warm-up was ended by hand; only the quotas hold."
            ),
        }
        return sentences[decision]
