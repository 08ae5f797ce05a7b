from dateutil.relativedelta import relativedelta

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import decay

#: What scores are computed from: when it changes, stored scores are out of date.
SCORING_FIELDS = frozenset(
    {
        "half_life_days",
        "maximum",
        "fit_maximum",
        "grade_a",
        "grade_b",
        "grade_c",
        "grade_d",
        "minimum_reliability",
        "company_id",
    }
)


class MarketingScoreModel(models.Model):
    """How persons are scored: points for what they do, a grade for what they are.

    Written by the marketing manager only. The first active model is the primary one,
    whose score is shown on contacts and leads and decides about the hand-off to sales;
    further models run beside it. Scores are kept by the inbox lanes
    (`_consume_inbox`), always by the rules of the moment; `is_stale` says that the
    past was scored by other rules, until it is recomputed.

    The reference time of the decay never changes; each score row knows the half-life
    it was written with, so that a change of it cannot distort what is stored.
    """

    _name = "marketing.score.model"
    _description = "Score Model"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    is_primary = fields.Boolean(
        "Primary",
        compute="_compute_is_primary",
        search="_search_is_primary",
        help="Its score is shown on contacts and leads, and decides about the "
        "hand-off to sales: the first active model of the list.",
    )
    company_id = fields.Many2one(
        "res.company",
        help="Count only events and records of this company and those of none.",
    )
    # behaviour
    half_life_days = fields.Integer(
        "Half-life (days)",
        required=True,
        default=30,
        help="Points fade: after this many days an event counts half as much, after "
        "twice as many a quarter. At least 7 days.",
    )
    reference_date = fields.Datetime(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: (
            fields.Datetime.now() + relativedelta(years=decay.REFERENCE_YEARS)
        ),
        help="Time at which stored values are expressed. It never changes.",
    )
    maximum = fields.Integer(
        "Highest Score",
        required=True,
        default=100,
        help="Points beyond it are not given. 0: no limit.",
    )
    minimum_reliability = fields.Selection(
        selection="_selection_reliability",
        string="Count Events From",
        required=True,
        default="human_likely",
        help="Events that are less certain to come from a human bring no points, "
        "unless a rule says otherwise.",
    )
    threshold = fields.Integer(
        help="An event is recorded when a person's score reaches this many points, "
        "and again when it does so after falling below. 0: never.",
    )
    # fit
    fit_maximum = fields.Integer(
        "Best Fit",
        required=True,
        default=100,
        help="Fit points that are 100 %; more are not given.",
    )
    grade_a = fields.Integer("A from (%)", required=True, default=80)
    grade_b = fields.Integer("B from (%)", required=True, default=60)
    grade_c = fields.Integer("C from (%)", required=True, default=40)
    grade_d = fields.Integer("D from (%)", required=True, default=20)
    # rules
    rule_ids = fields.One2many("marketing.score.rule", "model_id", copy=True)
    behaviour_rule_ids = fields.One2many(
        "marketing.score.rule",
        "model_id",
        domain=[("kind", "=", "behaviour")],
        context={"default_kind": "behaviour"},
        copy=False,
    )
    fit_rule_ids = fields.One2many(
        "marketing.score.rule",
        "model_id",
        domain=[("kind", "=", "fit")],
        context={"default_kind": "fit"},
        copy=False,
    )
    group_ids = fields.One2many(
        "marketing.score.group", "model_id", string="Shared Limits", copy=True
    )
    # state of the scores
    is_stale = fields.Boolean(readonly=True, copy=False, default=True)
    recompute_date = fields.Datetime("Last Recompute", readonly=True, copy=False)
    recompute_waiting = fields.Integer(compute="_compute_recompute_waiting")
    count_a = fields.Integer("Grade A", compute="_compute_counts")
    count_b = fields.Integer("Grade B", compute="_compute_counts")
    count_c = fields.Integer("Grade C", compute="_compute_counts")
    count_d = fields.Integer("Grade D", compute="_compute_counts")
    count_f = fields.Integer("Grade F", compute="_compute_counts")
    count_all = fields.Integer("Scored", compute="_compute_counts")
    count_reached = fields.Integer("At the Threshold", compute="_compute_counts")

    _half_life_days_range = models.Constraint(
        f"CHECK(half_life_days BETWEEN {decay.MIN_HALF_LIFE_DAYS} AND 3650)",
        "The half-life must be between 7 days and 10 years.",
    )
    _maximum_positive = models.Constraint(
        "CHECK(maximum >= 0)", "The highest score must not be negative; 0 is no limit."
    )
    _threshold_positive = models.Constraint(
        "CHECK(threshold >= 0 AND (maximum = 0 OR threshold <= maximum))",
        "The threshold must lie between 0 and the highest score, or nobody reaches it.",
    )
    _fit_maximum_positive = models.Constraint(
        "CHECK(fit_maximum > 0)", "The best fit must be more than 0 points."
    )
    _grades_descend = models.Constraint(
        "CHECK(100 >= grade_a AND grade_a > grade_b AND grade_b > grade_c"
        " AND grade_c > grade_d AND grade_d > 0)",
        "The grades must go down from at most 100 % for A to more than 0 % for D.",
    )

    @api.model
    def _selection_reliability(self):
        return self.env["marketing.touchpoint.type"]._selection_reliability()

    @api.depends("sequence", "active")
    def _compute_is_primary(self):
        primary_id = self._get_primary()
        for model in self:
            model.is_primary = model.id == primary_id

    @api.model
    def _search_is_primary(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("id", "=", self._get_primary())

    def _compute_recompute_waiting(self):
        rows = self.env.execute_query(
            SQL("SELECT count(*) FROM marketing_inbox WHERE kind = 'rebuild'")
        )
        self.recompute_waiting = rows[0][0]

    def _compute_counts(self):
        scores = self.env["marketing.score"]
        counts = {
            (model, grade): count
            for model, grade, count in scores._read_group(
                [("model_id", "in", self.ids)], ["model_id", "grade"], ["__count"]
            )
        }
        for model in self:
            for letter in "abcdf":
                model[f"count_{letter}"] = counts.get((model, letter.upper()), 0)
            model.count_all = sum(
                count for (owner, _grade), count in counts.items() if owner == model
            )
            # one index scan each, on a form or a list of some models
            model.count_reached = model.threshold and scores.search_count(
                [("model_id", "=", model.id), ("score", ">=", model.threshold)]
            )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        primary_id = self._get_primary()
        result = super().create(vals_list)
        result._primary_may_change(primary_id)
        return result

    def write(self, vals):
        if vals.keys() & SCORING_FIELDS:
            vals = {"is_stale": True} | vals
        if not vals.keys() & {"sequence", "active", "half_life_days"}:
            return super().write(vals)
        primary_id = self._get_primary()
        result = super().write(vals)
        self._primary_may_change(primary_id)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_active(self):
        if any(model.active for model in self):
            raise UserError(
                self.env._("Archive a score model before you delete it and its scores.")
            )

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    def copy(self, default=None):
        copies = super().copy(default)
        for model, copied in zip(self, copies, strict=True):
            groups = dict(
                zip(
                    model.group_ids.sorted("id").ids,
                    copied.group_ids.sorted("id"),
                    strict=True,
                )
            )
            rules = zip(
                model.rule_ids.sorted("id"), copied.rule_ids.sorted("id"), strict=True
            )
            for rule, copied_rule in rules:
                copied_rule.group_id = groups.get(rule.group_id.id)
        return copies

    def copy_data(self, default=None):
        """A copy starts as an archived draft, to try other rules beside the first."""
        return [
            values
            | {"name": self.env._("%s (copy)", model.name), "active": False}
            | (default or {})
            for model, values in zip(self, super().copy_data(default), strict=True)
        ]

    def _primary_may_change(self, former_id):
        """Let the lanes bring the scores of a new primary model to the persons."""
        self.env.registry.clear_cache()
        primary_id = self._get_primary()
        if not primary_id:
            self.env.cr.execute(
                "UPDATE marketing_person SET score_id = NULL WHERE score_id IS NOT NULL"
            )
            self.env["marketing.person"].invalidate_model(["score_id"])
        elif primary_id != former_id:
            self.sudo().browse(primary_id)._queue_recompute()

    # ------------------------------------------------------------------
    # CACHES
    # ------------------------------------------------------------------

    @api.model
    @tools.ormcache()
    def _get_primary(self):
        """Id of the model whose score counts, False when none is active."""
        return self.sudo().with_context(active_test=True).search([], limit=1).id

    @api.model
    @tools.ormcache()
    def _get_clocks(self):
        """`((model id, clock), …)` of all models: to compare scores with points."""
        return tuple(
            (model.id, decay.Clock(model.reference_date, model.half_life_days))
            for model in self.sudo().with_context(active_test=False).search([])
        )

    @api.model
    @tools.ormcache("record_model")
    def _get_watched_fields(self, record_model):
        """Names of the fields of a record model that fit rules look at."""
        rules = (
            self.env["marketing.score.rule"]
            .sudo()
            .search(
                [("record_model", "=", record_model), ("model_id.active", "=", True)]
            )
        )
        return frozenset(
            name for rule in rules for name in rule._get_domain_field_names()
        )

    # ------------------------------------------------------------------
    # RECOMPUTE
    # ------------------------------------------------------------------

    def _queue_recompute(self):
        """Let the lanes score everybody anew, past events included.

        Persons that already wait are not queued twice, unless a lane holds them.
        """
        self.env.flush_all()
        schemes = self._read_schemes(self.ids)
        type_ids = [type_id for scheme in schemes for type_id in scheme.type_ids]
        everybody = any(scheme.fit for scheme in schemes)
        self.env.cr.execute(
            SQL(
                """
                WITH waiting AS MATERIALIZED (
                    SELECT person_id FROM marketing_inbox
                     WHERE kind = 'rebuild'
                       FOR UPDATE SKIP LOCKED
                )
                INSERT INTO marketing_inbox (person_id, kind, due, attempts)
                SELECT person_id, 'rebuild', %(now)s, 0
                  FROM (SELECT p.id AS person_id FROM marketing_person p
                         WHERE p.merged_into_id IS NULL
                           AND (%(everybody)s
                                OR EXISTS (SELECT FROM marketing_touchpoint t
                                            WHERE t.person_id = p.id
                                              AND t.type_id = ANY(%(types)s))
                                OR EXISTS (SELECT FROM marketing_score s
                                            WHERE s.person_id = p.id
                                              AND s.model_id = ANY(%(models)s)))
                        EXCEPT
                        SELECT person_id FROM waiting) person
                """,
                now=fields.Datetime.now(),
                everybody=everybody,
                types=type_ids,
                models=self.ids,
            )
        )
        self.write({"is_stale": False, "recompute_date": fields.Datetime.now()})
        self.env["marketing.inbox"].invalidate_model()

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_recompute(self):
        """Score everybody by the rules of now; the workers do it in the background."""
        self.check_access("write")
        archived = self.filtered(lambda model: not model.active)
        if archived:
            raise UserError(
                self.env._(
                    "Activate %s first: archived models keep no scores.",
                    archived[0].display_name,
                )
            )
        self._queue_recompute()

    def action_view_scores(self):
        """The persons of this model; `grade` or `reached` in the context narrows."""
        self.ensure_one()
        domain = [("model_id", "=", self.id)]
        if grade := self.env.context.get("grade"):
            domain.append(("grade", "=", grade))
        if self.env.context.get("reached"):
            domain.append(("score", ">=", self.threshold))
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_score_action"
        )
        return action | {"domain": domain, "context": {}}
