from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from .number_format import format_short

#: Days a user is offered who asks for "in the last days".
DEFAULT_DAYS = 30


class MarketingSegmentRule(models.Model):
    """One thing that members of a segment did, or did not do, often enough.

    Written by users in the form of the segment. A rule counts touchpoints of one
    type, or adds up their value; "at most 0 times" says that it never happened. It
    counts those within its window of time, about what it names (a mailing, a page …)
    and at least as certain as `reliability`: clicks of mail scanners are left out
    unless one asks for them. A rule belongs to the segment itself or to a group of
    its rules.
    """

    _name = "marketing.segment.rule"
    _description = "Behavior Rule of a Segment"
    _inherit = ["marketing.segment.part"]
    _order = "sequence, id"

    segment_id = fields.Many2one(
        "marketing.segment",
        compute="_compute_segment_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        copy=False,
        ondelete="cascade",
        index=True,
    )
    group_id = fields.Many2one(
        "marketing.segment.rule.group",
        ondelete="cascade",
        index="btree_not_null",
    )
    sequence = fields.Integer(default=10)
    type_id = fields.Many2one(
        "marketing.touchpoint.type",
        string="What Happened",
        required=True,
        ondelete="restrict",
    )
    # how often
    measure = fields.Selection(
        [("count", "times"), ("value", "value in total")],
        required=True,
        default="count",
        help="Times: how often it happened. Value in total: what it was worth "
        "together, for example the money of all orders.",
    )
    operator = fields.Selection(
        [
            ("at_least", "at least"),
            ("at_most", "at most"),
            ("exactly", "exactly"),
        ],
        required=True,
        default="at_least",
    )
    times = fields.Integer(default=1, required=True)
    amount = fields.Float(digits=(16, 2), help="In the currency of the company.")
    # when
    period = fields.Selection(
        [
            ("ever", "ever"),
            ("last", "in the last days"),
            ("between", "between two dates"),
        ],
        string="When",
        compute="_compute_period",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    days = fields.Integer(help="Counted back from now, to the second.")
    date_from = fields.Date("From")
    date_to = fields.Date("Until", help="This day counts as well.")
    # about what
    mailing_id = fields.Many2one(
        "mailing.mailing", string="Only in This Mailing", ondelete="restrict"
    )
    campaign_id = fields.Many2one(
        "utm.campaign", string="Only in This Campaign", ondelete="restrict"
    )
    link_id = fields.Many2one(
        "link.tracker", string="Only on This Link", ondelete="restrict"
    )
    page = fields.Char(
        "Only on This Page",
        help="Part of the address of what was viewed, downloaded or clicked, as "
        "/pricing; * stands for anything.",
    )
    topic = fields.Char(
        "Only on This Topic",
        help="The topic of the mailing, or a topic or tag of what was read or "
        "downloaded, or a word of its title.",
    )
    scope = fields.Char("Only", compute="_compute_scope")
    # Lists have columns for page and topic, but none for the rest of the scope.
    is_scope_shown = fields.Boolean(compute="_compute_scope")
    reliability = fields.Selection(
        selection="_selection_reliability",
        string="At Least This Certain",
        required=True,
        default="human_likely",
        help="Events that look less human than this do not count.",
    )

    _times_positive = models.Constraint(
        "CHECK(times >= 0)", "A number of times cannot be negative."
    )
    _amount_positive = models.Constraint(
        "CHECK(amount >= 0)", "A value cannot be negative."
    )
    _days_positive = models.Constraint(
        "CHECK(days >= 0)", "A number of days cannot be negative."
    )
    _dates_ordered = models.Constraint(
        "CHECK(period <> 'between' OR date_from IS NULL OR date_to IS NULL"
        " OR date_from <= date_to)",
        "The first day lies after the last one.",
    )

    @api.model
    def _selection_reliability(self):
        return self.env["marketing.touchpoint.type"]._selection_reliability()

    @api.depends("group_id.segment_id")
    def _compute_segment_id(self):
        for rule in self:
            rule.segment_id = rule.group_id.segment_id or rule.segment_id

    @api.depends("days")
    def _compute_period(self):
        """Whoever gives a number of days means the last ones."""
        for rule in self:
            if rule.days:
                rule.period = "last"
            elif rule.period in (False, "last"):
                rule.period = "ever"

    @api.depends("mailing_id", "campaign_id", "link_id", "page", "topic")
    def _compute_scope(self):
        for rule in self:
            parts = [
                rule.mailing_id.display_name,
                rule.campaign_id.display_name,
                rule.link_id.display_name,
                rule.page,
                rule.topic,
            ]
            rule.scope = ", ".join(part for part in parts if part)
            rule.is_scope_shown = any(parts[:3])

    @api.depends(
        "type_id",
        "measure",
        "operator",
        "times",
        "amount",
        "period",
        "days",
        "date_from",
        "date_to",
        "scope",
    )
    def _compute_display_name(self):
        operators = dict(self._fields["operator"]._description_selection(self.env))
        for rule in self:
            names = {
                "what": rule.type_id.name or "",
                "operator": operators.get(rule.operator, ""),
            }
            if rule.measure == "value":
                name = self.env._(
                    "%(what)s: %(operator)s %(amount)s in total",
                    amount=format_short(self.env, rule.amount),
                    **names,
                )
            else:
                name = self.env._(
                    "%(what)s %(operator)s %(times)s times", times=rule.times, **names
                )
            parts = [name, rule._get_window_label(), rule.scope]
            rule.display_name = ", ".join(part for part in parts if part)

    def _get_window_label(self):
        """The window in words; nothing where it is all the time there is."""
        self.ensure_one()
        if self.period == "last":
            return self.env._("in the last %s days", self.days)
        first = format_date(self.env, self.date_from)
        last = format_date(self.env, self.date_to)
        if self.period != "between" or not (first or last):
            return ""
        if not last:
            return self.env._("since %s", first)
        if not first:
            return self.env._("until %s", last)
        return self.env._("from %(first)s to %(last)s", first=first, last=last)

    @api.constrains("measure", "operator", "times", "amount")
    def _check_threshold(self):
        for rule in self:
            if rule.operator != "at_least":
                continue
            if rule.measure == "count" and rule.times < 1:
                raise ValidationError(
                    self.env._(
                        "“At least 0 times” is true for everybody. Say at least 1, or "
                        "“at most 0” for what must not have happened."
                    )
                )
            if rule.measure == "value" and rule.amount <= 0:
                raise ValidationError(
                    self.env._(
                        "“At least 0 in total” is true for everybody. Give the value "
                        "that must be reached."
                    )
                )

    @api.constrains("period", "days", "date_from", "date_to")
    def _check_period(self):
        for rule in self:
            if rule.period == "last" and not rule.days:
                raise ValidationError(
                    self.env._("Say how many of the last days are meant.")
                )
            if rule.period == "between" and not (rule.date_from or rule.date_to):
                raise ValidationError(
                    self.env._("“Between two dates” needs at least one date.")
                )

    @api.onchange("period")
    def _onchange_period(self):
        """Fill in what one asks for, so that a line in the list is never half done."""
        if self.period == "last" and not self.days:
            self.days = DEFAULT_DAYS
        elif self.period != "last":
            self.days = 0
        if self.period == "between" and not (self.date_from or self.date_to):
            today = fields.Date.context_today(self)
            self.date_from = today - timedelta(days=DEFAULT_DAYS)
            self.date_to = today
