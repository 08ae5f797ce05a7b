from odoo import api, fields, models
from odoo.tools import format_date

from ..tools import decay


class MarketingScoreLine(models.Model):
    """What one rule contributes to the score of one person: the explanation.

    A behaviour line holds its part of the score's value, at the reference time as that
    does, how often the event happened and when last; a fit line its fit points. Where
    limits cut points off, the line has what was granted, so lines sum to the score.
    Written with the score by the inbox lane that owns the person.
    """

    _name = "marketing.score.line"
    _description = "Part of a Score"
    _order = "fit desc, value desc, id"
    _rec_name = "rule_id"
    _log_access = False

    score_id = fields.Many2one(
        "marketing.score", required=True, readonly=True, ondelete="cascade"
    )
    rule_id = fields.Many2one(
        "marketing.score.rule",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    kind = fields.Selection(related="rule_id.kind")
    value = fields.Float("Value at Reference Time", required=True, readonly=True)
    hits = fields.Integer("Times", required=True, readonly=True, default=0)
    last_date = fields.Datetime("Last Time", readonly=True)
    fit = fields.Integer("Fit Points", required=True, readonly=True, default=0)
    points = fields.Integer(compute="_compute_points")
    is_capped = fields.Boolean(
        compute="_compute_is_capped", help="A limit was reached: it brings nothing."
    )
    sentence = fields.Char("Explanation", compute="_compute_sentence")

    _score_rule_unique = models.Constraint(
        "UNIQUE(score_id, rule_id)", "A rule has one line in a score."
    )

    def init(self):
        # Room in each page: a line that changes keeps its place in the indexes.
        self.env.cr.execute("ALTER TABLE marketing_score_line SET (fillfactor = 80)")

    @api.depends("value", "fit", "score_id.score", "score_id.line_ids.value")
    def _compute_points(self):
        """Round the lines of a score so that they sum to it."""
        now = fields.Datetime.now()
        for score in self.score_id:
            clock = score._get_clock()
            lines = score.line_ids.filtered(lambda line: line.kind == "behaviour")
            exact = [clock.points(line.value, now) for line in lines]
            total = clock.points(score.value, now)
            if abs(sum(exact) - total) > 0.01:  # lines of deleted rules are missing
                total = sum(exact)
            rounded = decay.round_to_sum(exact, decay.whole(total))
            for line, points in zip(lines, rounded, strict=True):
                line.points = points
            for line in score.line_ids - lines:
                line.points = line.fit
        for line in self - self.score_id.line_ids:
            line.points = 0

    @api.depends("value", "fit", "last_date", "rule_id.points")
    def _compute_is_capped(self):
        """Whether a limit cut off all that a rule would have brought.

        A hundredth of one event is what calculation leaves over.
        """
        for line in self:
            points = line.rule_id.points
            if line.kind == "fit":
                line.is_capped = bool(points) and not line.fit
                continue
            once = points * line.score_id._get_clock().weight(
                line.last_date or fields.Datetime.now()
            )
            line.is_capped = bool(points) and abs(line.value) < abs(once) / 100

    @api.depends("points", "hits", "last_date", "rule_id", "is_capped")
    @api.depends_context("lang", "tz")
    def _compute_sentence(self):
        for line in self:
            label = line.rule_id.display_name
            if line.is_capped:
                line.sentence = self.env._(
                    "%s: no points, because a limit of points was reached", label
                )
            elif line.kind == "fit":
                line.sentence = self.env._(
                    "%(label)s: %(points)+d", label=label, points=line.points
                )
            elif line.hits == 1:
                line.sentence = self.env._(
                    "%(label)s: once, %(points)s points now, on %(date)s",
                    label=label,
                    points=line.points,
                    date=line._get_day(),
                )
            else:
                line.sentence = self.env._(
                    "%(label)s: %(hits)s times, %(points)s points now, last on "
                    "%(date)s",
                    label=label,
                    hits=line.hits,
                    points=line.points,
                    date=line._get_day(),
                )

    def _get_day(self):
        """The day of the last time, in the language and zone of the user."""
        self.ensure_one()
        if not self.last_date:
            return ""
        day = fields.Datetime.context_timestamp(self, self.last_date).date()
        return format_date(self.env, day)
