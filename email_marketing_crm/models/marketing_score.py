import math

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import decay


class MarketingScore(models.Model):
    """The score of one person by one model; its parts are the lines.

    `value` is what the behaviour is worth at the reference time of the model, with
    the half-life it was written with (`tools/decay.py`): it only changes when
    something happens, and `score`, the points of now, is computed from it. `fit` and
    `grade` say how well the attributes of the person's records match.

    Written only by the inbox lane that owns the person (`_consume`). `last_date` and
    `last_touchpoint_id` are the newest event counted: an older one that arrives later
    makes the person be rebuilt from the log, so that the order in which events become
    known changes nothing. The lines always sum to the value and the fit.
    """

    _name = "marketing.score"
    _description = "Score"
    _order = "value desc, id"
    _rec_name = "person_id"
    _log_access = False

    person_id = fields.Many2one(
        "marketing.person", required=True, readonly=True, ondelete="cascade"
    )
    model_id = fields.Many2one(
        "marketing.score.model", required=True, readonly=True, ondelete="cascade"
    )
    # behaviour
    score = fields.Float(
        compute="_compute_score",
        search="_search_score",
        digits=(16, 0),
        aggregator="avg",
        help="Points of now: what the person did, faded by the half-life.",
    )
    value = fields.Float("Value at Reference Time", required=True, readonly=True)
    half_life_days = fields.Integer(required=True, readonly=True)
    last_date = fields.Datetime("Last Counted Event", readonly=True)
    last_touchpoint_id = fields.Integer("Last Counted Event ID", readonly=True)
    # fit
    fit = fields.Integer("Fit Points", required=True, readonly=True, default=0)
    grade = fields.Char(
        size=1,
        readonly=True,
        help="How well the person fits, from A (best) to F; empty when the model has "
        "no fit rules.",
    )
    update_date = fields.Datetime("Last Change", required=True, readonly=True)
    line_ids = fields.One2many("marketing.score.line", "score_id", readonly=True)
    told_line_ids = fields.Many2many(
        "marketing.score.line", string="Why", compute="_compute_told_line_ids"
    )

    _person_model_unique = models.Constraint(
        "UNIQUE(person_id, model_id)", "A person has one score by each model."
    )
    # "At least 50 points now", which is a constant. No further index: every event
    # writes its person's row, and each index once more.
    _model_value = models.Index("(model_id, half_life_days, value)")

    # ------------------------------------------------------------------
    # POINTS OF NOW
    # ------------------------------------------------------------------

    def _get_clock(self):
        """How the value of this score fades."""
        self.ensure_one()
        return decay.Clock(self.model_id.sudo().reference_date, self.half_life_days)

    @api.depends("value", "half_life_days", "model_id.reference_date")
    def _compute_score(self):
        now = fields.Datetime.now()
        for score in self:
            if not score.half_life_days:
                score.score = 0.0
                continue
            score.score = decay.whole(score._get_clock().points(score.value, now))

    def _get_points_sql(self, alias):
        """SQL of the exact points of now; needs no table besides the scores."""
        now = fields.Datetime.now()
        clocks = self.env["marketing.score.model"]._get_clocks()
        if not clocks:
            return SQL("0.0")
        days = SQL(" ").join(
            SQL(
                "WHEN %s THEN %s::float8",
                model_id,
                (clock.reference - now).total_seconds() / decay.SECONDS_PER_DAY,
            )
            for model_id, clock in clocks
        )
        return SQL(
            "%s * power(2::float8, LEAST(%s::float8, GREATEST(%s::float8,"
            " CASE %s %s END / %s)))",
            SQL.identifier(alias, "value", to_flush=self._fields["value"]),
            decay.MAX_EXPONENT,
            -decay.MAX_EXPONENT,
            SQL.identifier(alias, "model_id", to_flush=self._fields["model_id"]),
            days,
            SQL.identifier(
                alias, "half_life_days", to_flush=self._fields["half_life_days"]
            ),
        )

    def _field_to_sql(self, alias, field_expr, query=None):
        """Let lists sort by the points of now; who has no score counts as 0."""
        if field_expr == "score":
            return SQL("COALESCE(floor(%s + 0.5), 0)", self._get_points_sql(alias))
        return super()._field_to_sql(alias, field_expr, query)

    @api.model
    def _search_score(self, operator, value):
        """Compare points with a constant on the index of the values.

        Scores are whole numbers: at least 50 is at least 49.5 before rounding.
        """
        if operator == "in":
            numbers = {float(item or 0) for item in value}
            return Domain.OR(
                self._get_range_domain(number - 0.5, number + 0.5)
                for number in numbers
                if number.is_integer()
            )
        if operator == ">=":
            return self._get_range_domain(math.ceil(value) - 0.5, None)
        if operator == ">":
            return self._get_range_domain(math.floor(value) + 0.5, None)
        if operator == "<":
            return self._get_range_domain(None, math.ceil(value) - 0.5)
        if operator == "<=":
            return self._get_range_domain(None, math.floor(value) + 0.5)
        return NotImplemented

    @api.model
    def _get_range_domain(self, low, high):
        """Scores from `low` points to below `high` points, `None` for no end."""
        now = fields.Datetime.now()
        clocks = self.env["marketing.score.model"]._get_clocks()

        def to_sql(model, alias, query):
            def is_between(expression, weight):
                ends = [
                    SQL("%s %s %s", expression, SQL(operator), end * weight)
                    for operator, end in ((">=", low), ("<", high))
                    if end is not None
                ]
                return SQL(" AND ").join(ends)

            def column(name):
                return SQL.identifier(alias, name, to_flush=model._fields[name])

            parts = []
            for model_id, clock in clocks:
                same = is_between(column("value"), clock.weight(now))
                # Written with a former half-life; none but right after a change.
                other = is_between(model._get_points_sql(alias), 1.0)
                parts.append(
                    SQL(
                        "(%(model)s = %(id)s AND ("
                        "(%(half_life)s = %(days)s AND %(same)s)"
                        " OR (%(half_life)s < %(days)s AND %(other)s)"
                        " OR (%(half_life)s > %(days)s AND %(other)s)))",
                        model=column("model_id"),
                        id=model_id,
                        half_life=column("half_life_days"),
                        days=clock.half_life_days,
                        same=same,
                        other=other,
                    )
                )
            return SQL("(%s)", SQL(" OR ").join(parts)) if parts else SQL("FALSE")

        def predicate(record):
            return (low is None or record.score >= low) and (
                high is None or record.score < high
            )

        return Domain.custom(to_sql=to_sql, predicate=predicate)

    # ------------------------------------------------------------------
    # MERGE
    # ------------------------------------------------------------------

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """Forget the scores of merged persons; the target's is rebuilt from the log."""
        self.env.cr.execute(
            """
            UPDATE marketing_person SET score_id = NULL WHERE id = ANY(%(sources)s);
            DELETE FROM marketing_score WHERE person_id = ANY(%(sources)s)
            """,
            {"sources": list(source_ids)},
        )
        for name in ("marketing.score", "marketing.score.line"):
            self.env[name].invalidate_model(flush=False)
        self.env["marketing.person"].invalidate_model(["score_id"], flush=False)

    # ------------------------------------------------------------------
    # EXPLAIN
    # ------------------------------------------------------------------

    @api.model
    def _explain(self, person_id):
        """Why a person has its primary score; see `_get_explanation`.

        Reads for everybody: the caller has checked that the user may see the person.
        """
        person = self.env["marketing.person"].sudo().browse(person_id).exists()
        return person.score_id._get_explanation() if person.score_id else []

    @api.depends("line_ids.points", "line_ids.is_capped")
    def _compute_told_line_ids(self):
        """Rules that bring points now, and those that a limit keeps from it.

        What is worth nothing any more tells nobody anything.
        """
        for score in self:
            score.told_line_ids = score.line_ids.filtered(
                lambda line: line.points or line.is_capped
            )

    def _get_explanation(self):
        """The parts of the score, the weightiest first; see `told_line_ids`.

        :returns: dictionaries with `kind` (behaviour or fit), `label`, `points`
            (whole, now; those of a kind sum to the score or the fit), `hits`,
            `last_date` and `sentence`
        """
        self.ensure_one()
        parts = [
            {
                "kind": line.rule_id.kind,
                "label": line.rule_id.display_name,
                "points": line.points,
                "hits": line.hits,
                "last_date": line.last_date,
                "sentence": line.sentence,
            }
            for line in self.told_line_ids
        ]
        earlier = int(self.score) - sum(
            part["points"] for part in parts if part["kind"] == "behaviour"
        )
        if earlier:
            label = self.env._("Rules that no longer exist")
            parts.append(
                {
                    "kind": "behaviour",
                    "label": label,
                    "points": earlier,
                    "hits": 0,
                    "last_date": False,
                    "sentence": self.env._(
                        "%(label)s: %(points)+d", label=label, points=earlier
                    ),
                }
            )
        parts.sort(key=lambda part: (part["kind"], -abs(part["points"])))
        return parts

    def action_explain(self):
        """Open the parts of the score."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Score of %s", self.person_id.display_name),
            "res_model": "marketing.score.line",
            "view_mode": "list",
            "domain": [("id", "in", self.told_line_ids.ids)],
        }

    def action_open_person(self):
        self.ensure_one()
        return self.person_id.get_formview_action()
