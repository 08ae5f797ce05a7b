from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

GRADES = [(letter, letter) for letter in "ABCDF"]


class MarketingFrequencyRule(models.Model):
    """How many mails some persons get at most, written by the marketing manager.

    A rule has one or more windows ("1 a day, 3 a week"); a mail leaves when it fits
    into all windows of all rules that apply to it and its person, so the strictest one
    wins. A rule applies to the mails that it counts: those of its topic, company and
    kind. What salespeople write by hand is counted by its weight and never held back.
    What does not fit waits until it does, at most so long as the rule says, or is left
    out with the reason `frequency_cap`.

    Never: a rule that lets nothing through (a limit is at least one), a transactional
    mail that waits, a wish of the person that a rule overrules. Pause and preferred
    frequency of a person are gates of their own, asked before.
    """

    _name = "marketing.frequency.rule"
    _description = "Frequency Rule"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    summary = fields.Char("In Words", compute="_compute_summary")
    company_id = fields.Many2one(
        "res.company",
        index=True,
        ondelete="cascade",
        help="Applies to mails of this company, and counts them alone. Empty: all.",
    )
    window_ids = fields.One2many(
        "marketing.frequency.window", "rule_id", string="At Most", copy=True
    )
    # to whom it applies
    segment_id = fields.Many2one(
        "marketing.segment",
        ondelete="restrict",
        index="btree_not_null",
        help="Applies to the members. Empty: to everybody.",
    )
    score_from = fields.Integer(help="Applies from so many points on. 0: no lower end.")
    score_below = fields.Integer(help="Applies below so many points. 0: no upper end.")
    grade_from = fields.Selection(
        GRADES, "Best Grade", help="Empty: from the best one, or without a grade."
    )
    grade_to = fields.Selection(
        GRADES, "Worst Grade", help="Empty: to the worst one, or without a grade."
    )
    # which mails it counts, hence which ones it holds back
    topic_id = fields.Many2one(
        "marketing.topic",
        ondelete="restrict",
        index="btree_not_null",
        help="Counts mailings of this topic. Empty: of all topics.",
    )
    counts_campaigns = fields.Boolean("Campaigns", default=True)
    counts_journeys = fields.Boolean("Journeys", default=True)
    sales_weight = fields.Float(
        "Weight of a Salesperson's Mail",
        digits=(4, 2),
        help="What a mail counts that a salesperson wrote by hand to the contact or "
        "lead: 1 as much as a mailing, 0.5 half as much, 0 not at all. Such mails are "
        "never held back.",
    )
    exempts_high_priority = fields.Boolean(
        "Not for High Priority",
        default=True,
        help="Mailings of high priority leave all the same; they are counted.",
    )
    # what happens then
    outcome = fields.Selection(
        [("later", "Send it later"), ("skip", "Leave it out")],
        "When It Is Too Much",
        required=True,
        default="later",
    )
    delay_days = fields.Integer(
        "At Most Days Later",
        required=True,
        default=7,
        help="A mail that would have to wait longer is left out.",
    )

    _sales_weight_range = models.Constraint(
        "CHECK(sales_weight >= 0 AND sales_weight <= 10)",
        "A salesperson's mail weighs from 0 to 10.",
    )
    _delay_positive = models.Constraint(
        "CHECK(delay_days BETWEEN 1 AND 90)",
        "A mail may wait between 1 and 90 days. To send none later, leave it out.",
    )
    _score_band = models.Constraint(
        "CHECK(score_below = 0 OR score_below > score_from)",
        "The band of the score is empty: it must end above its beginning.",
    )
    _grade_band = models.Constraint(
        "CHECK(grade_from IS NULL OR grade_to IS NULL OR grade_from <= grade_to)",
        "The worst grade must not be better than the best one.",
    )

    # ------------------------------------------------------------------
    # IN WORDS
    # ------------------------------------------------------------------

    @api.depends(
        "window_ids.summary",
        "segment_id",
        "score_from",
        "score_below",
        "grade_from",
        "grade_to",
        "topic_id",
        "counts_campaigns",
        "counts_journeys",
        "sales_weight",
        "outcome",
        "delay_days",
    )
    def _compute_summary(self):
        for rule in self:
            if not rule.window_ids:
                rule.summary = self.env._(
                    "%s: no limit yet. Add a line that says how many mails are sent at "
                    "most, such as 3 in a week.",
                    rule._say_who(),
                )
                continue
            rule.summary = self.env._(
                "%(who)s: at most %(windows)s. Counted: %(what)s. %(outcome)s",
                who=rule._say_who(),
                windows=", ".join(rule.window_ids.mapped("summary")),
                what=rule._say_what(),
                outcome=rule._say_outcome(),
            )

    def _say_who(self):
        self.ensure_one()
        parts = []
        if self.segment_id:
            parts.append(self.env._("members of “%s”", self.segment_id.name))
        if self.score_from and self.score_below:
            parts.append(
                self.env._(
                    "score from %(low)s to below %(high)s",
                    low=self.score_from,
                    high=self.score_below,
                )
            )
        elif self.score_from:
            parts.append(self.env._("score of at least %s", self.score_from))
        elif self.score_below:
            parts.append(self.env._("score below %s", self.score_below))
        if self.grade_from or self.grade_to:
            letters = self._get_grades()
            parts.append(
                self.env._("grade %s", letters[0])
                if len(letters) == 1
                else self.env._(
                    "grades %(best)s to %(worst)s", best=letters[0], worst=letters[-1]
                )
            )
        text = ", ".join(parts) or self.env._("everybody")
        return text[0].upper() + text[1:]

    def _say_what(self):
        self.ensure_one()
        kinds = []
        if self.counts_campaigns:
            kinds.append(self.env._("campaigns"))
        if self.counts_journeys:
            kinds.append(self.env._("journeys"))
        if self.sales_weight:
            kinds.append(self.env._("salespeople's own mails × %g", self.sales_weight))
        text = ", ".join(kinds) or self.env._("nothing yet")
        if self.topic_id:
            return self.env._(
                "%(kinds)s about “%(topic)s”", kinds=text, topic=self.topic_id.name
            )
        return text

    def _say_outcome(self):
        self.ensure_one()
        if self.outcome == "skip":
            return self.env._("What is too much is left out.")
        return self.env._(
            "What is too much leaves later, at most %s days; after that it is left "
            "out.",
            self.delay_days,
        )

    def _get_grades(self):
        """The letters of the band, the best first."""
        self.ensure_one()
        best, worst = self.grade_from or "A", self.grade_to or "F"
        return [letter for letter, _label in GRADES if best <= letter <= worst]

    # ------------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------------

    @api.constrains("window_ids")
    def _check_windows(self):
        for rule in self:
            if not rule.window_ids:
                raise ValidationError(
                    self.env._(
                        "“%s” limits nothing: add how many mails are sent at most.",
                        rule.name,
                    )
                )

    @api.constrains("counts_campaigns", "counts_journeys")
    def _check_counts(self):
        for rule in self:
            if not rule.counts_campaigns and not rule.counts_journeys:
                raise ValidationError(
                    self.env._(
                        "“%s” holds nothing back: let it count campaigns, journeys or "
                        "both.",
                        rule.name,
                    )
                )

    # ------------------------------------------------------------------
    # WHICH ONES APPLY
    # ------------------------------------------------------------------

    @api.model
    def _get_windows(self, mailing=None, company=None):
        """The windows that a mailing has to fit into; without one, all of them.

        :param company: the company that sends
        """
        domain = []
        if company is not None:
            domain.append(("company_id", "in", [False, company.id]))
        if mailing is not None:
            if mailing.marketing_is_transactional:
                return self.env["marketing.frequency.window"]
            domain.append(("topic_id", "in", [False, mailing.marketing_topic_id.id]))
            is_journey = mailing.marketing_kind == "journey"
            kind = "counts_journeys" if is_journey else "counts_campaigns"
            domain.append((kind, "=", True))
            if mailing.marketing_priority == "2":
                domain.append(("exempts_high_priority", "=", False))
        return self.sudo().search(domain).window_ids

    def _get_scope(self, person):
        """SQL: the rule applies to a person.

        :param person: SQL of the person's id
        """
        self.ensure_one()
        conditions = []
        if self.segment_id:
            conditions.append(
                SQL(
                    "EXISTS (SELECT FROM marketing_segment_member WHERE segment_id = %s"
                    " AND person_id = %s AND %s)",
                    self.segment_id.id,
                    person,
                    self.env["marketing.segment.member"]._get_member_condition(),
                )
            )
        score = SQL(
            "FROM marketing_person scored JOIN marketing_score score"
            " ON score.id = scored.score_id WHERE scored.id = %s",
            person,
        )
        if self.score_from or self.score_below:
            points = SQL(
                "COALESCE((SELECT floor(%s + 0.5) %s), 0)",
                self.env["marketing.score"]._get_points_sql("score"),
                score,
            )
            if self.score_from:
                conditions.append(SQL("%s >= %s", points, self.score_from))
            if self.score_below:
                conditions.append(SQL("%s < %s", points, self.score_below))
        if self.grade_from or self.grade_to:
            conditions.append(
                SQL(
                    "EXISTS (SELECT %s AND score.grade = ANY(%s))",
                    score,
                    self._get_grades(),
                )
            )
        return SQL(" AND ").join(conditions) if conditions else SQL("TRUE")

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_view_capped(self):
        """Who would be capped tomorrow; without a record, by all rules."""
        return self.env["marketing.frequency.usage"]._open_capped(self)


class MarketingFrequencyWindow(models.Model):
    """So many mails within such a time: one limit of a rule, written with it."""

    _name = "marketing.frequency.window"
    _description = "Limit of a Frequency Rule"
    _order = "rule_id, id"
    _rec_name = "summary"

    rule_id = fields.Many2one(
        "marketing.frequency.rule", required=True, index=True, ondelete="cascade"
    )
    limit = fields.Integer("Mails", required=True, default=3)
    unit = fields.Selection(
        [
            ("day", "in a day"),
            ("week", "in a week (Monday to Sunday)"),
            ("month", "in a month"),
            ("rolling", "within any … days"),
        ],
        "Within",
        required=True,
        default="week",
        help="Days, weeks and months are those of the calendar where the person lives.",
    )
    days = fields.Integer(
        required=True, default=7, help="How many days back are looked at."
    )
    summary = fields.Char(compute="_compute_summary")

    # 0 is no limit in some programs and sends nothing in others: here it is refused.
    _limit_positive = models.Constraint(
        'CHECK("limit" >= 1)',
        "A limit is at least one mail. To send nothing to somebody, leave him out of "
        "the audience.",
    )
    _days_range = models.Constraint(
        "CHECK(days BETWEEN 1 AND 366)", "A window holds between 1 and 366 days."
    )

    @api.depends("limit", "unit", "days")
    def _compute_summary(self):
        for window in self:
            window.summary = {
                "day": self.env._("%s a day"),
                "week": self.env._("%s a week"),
                "month": self.env._("%s a month"),
                "rolling": self.env._("%%s within any %s days", window.days),
            }.get(window.unit, "%s") % window.limit
