from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

#: Changes that leave scores as they are.
_COSMETIC_FIELDS = frozenset({"name", "error"})


class MarketingScoreRule(models.Model):
    """Points of a score model: for an event (behaviour) or an attribute (fit).

    A behaviour rule gives its points for every touchpoint of its type, and they fade;
    a fit rule gives them once, as long as a record of the person matches. Written by
    the marketing manager; `error` by the worker that could not read the domain, for
    instance after a field was removed: such a rule brings no points.
    """

    _name = "marketing.score.rule"
    _description = "Score Rule"
    _order = "sequence, id"

    model_id = fields.Many2one(
        "marketing.score.model", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [("behaviour", "Behavior"), ("fit", "Fit")],
        required=True,
        default="behaviour",
    )
    name = fields.Char(
        "Label",
        translate=True,
        help="How the rule is called in the explanation of a score.",
    )
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    points = fields.Integer(
        required=True, default=5, help="Negative points lower the score."
    )
    maximum = fields.Integer(
        "Points at Most",
        help="What this rule can bring at most at any moment. 0: no limit.",
    )
    group_id = fields.Many2one(
        "marketing.score.group",
        string="Shared Limit",
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        domain="[('model_id', '=', model_id)]",
        help="A limit that this rule shares with others.",
    )
    # behaviour
    type_id = fields.Many2one(
        "marketing.touchpoint.type",
        string="Event",
        ondelete="restrict",
        domain=[("code", "!=", "score_threshold")],
    )
    mailing_id = fields.Many2one(
        "mailing.mailing",
        string="Only in Mailing",
        ondelete="cascade",
        index="btree_not_null",
        help="Leave it empty to count the events of all mailings.",
    )
    minimum_reliability = fields.Selection(
        selection="_selection_reliability",
        string="Count From",
        help="Leave it empty to do as the model does.",
    )
    # fit
    record_model = fields.Selection(
        selection="_selection_record_model", string="Records"
    )
    domain = fields.Char("Condition", default="[]")
    error = fields.Char(readonly=True, copy=False)

    _behaviour_has_type = models.Constraint(
        "CHECK(kind <> 'behaviour' OR type_id IS NOT NULL)",
        "A behavior rule needs an event.",
    )
    _fit_has_model = models.Constraint(
        "CHECK(kind <> 'fit' OR (record_model IS NOT NULL AND domain IS NOT NULL))",
        "A fit rule needs the kind of records it looks at, and a condition.",
    )
    _maximum_positive = models.Constraint(
        "CHECK(maximum >= 0)", "A limit must not be negative; 0 is no limit."
    )
    _points_range = models.Constraint(
        "CHECK(points BETWEEN -1000 AND 1000)",
        "The points of a rule must lie between -1000 and 1000.",
    )

    @api.model
    def _selection_reliability(self):
        return self.env["marketing.touchpoint.type"]._selection_reliability()

    @api.model
    def _selection_record_model(self):
        return [
            ("res.partner", self.env._("Contact")),
            ("crm.lead", self.env._("Lead")),
            ("mailing.contact", self.env._("Mailing contact")),
            ("marketing.person", self.env._("Person")),
        ]

    @api.depends("name", "kind", "type_id", "mailing_id", "record_model")
    def _compute_display_name(self):
        records = dict(self._selection_record_model())
        for rule in self:
            if rule.name:
                rule.display_name = rule.name
            elif rule.kind == "fit":
                rule.display_name = self.env._(
                    "%s matches", records.get(rule.record_model, "")
                )
            elif rule.mailing_id:
                rule.display_name = self.env._(
                    "%(event)s in “%(mailing)s”",
                    event=rule.type_id.name,
                    mailing=rule.mailing_id.subject,
                )
            else:
                rule.display_name = rule.type_id.name

    @api.constrains("domain", "record_model", "kind")
    def _check_domain(self):
        for rule in self.filtered(lambda rule: rule.kind == "fit"):
            try:
                rule._parse_domain().validate(self.env[rule.record_model])
            except (ValueError, SyntaxError, TypeError, KeyError) as error:
                raise ValidationError(
                    self.env._(
                        "The condition of “%(rule)s” cannot be read: %(error)s",
                        rule=rule.display_name,
                        error=error,
                    )
                ) from error

    @api.constrains("group_id", "model_id")
    def _check_group(self):
        for rule in self:
            if rule.group_id and rule.group_id.model_id != rule.model_id:
                raise ValidationError(
                    self.env._(
                        "The limit “%(limit)s” belongs to another score model.",
                        limit=rule.group_id.name,
                    )
                )

    @api.constrains("type_id")
    def _check_type(self):
        if "score_threshold" in self.type_id.mapped("code"):
            raise ValidationError(
                self.env._("A score cannot give points for reaching its threshold.")
            )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        result = super().create(vals_list)
        result._outdate_scores()
        return result

    def write(self, vals):
        changes = vals.keys() - _COSMETIC_FIELDS
        if changes:
            self._outdate_scores()
            vals = {"error": False} | vals
        result = super().write(vals)
        if changes:
            self._outdate_scores()
        return result

    def unlink(self):
        self._outdate_scores()
        return super().unlink()

    def _outdate_scores(self):
        self.env.registry.clear_cache()
        self.model_id.is_stale = True

    # ------------------------------------------------------------------
    # FIT
    # ------------------------------------------------------------------

    def _parse_domain(self):
        """The condition as a domain; raises ValueError or SyntaxError."""
        self.ensure_one()
        return Domain(literal_eval(self.domain or "[]"))

    def _get_domain_field_names(self):
        """Names of the record's own fields that the condition looks at."""
        self.ensure_one()
        try:
            conditions = self._parse_domain().iter_conditions()
            return {item.field_expr.split(".")[0] for item in conditions}
        except (ValueError, SyntaxError, TypeError):
            return set()

    @api.model
    def _get_fulfilled(self, scheme, person_ids):
        """Fit rules that persons fulfil: `{person id: {rule id, …}}`.

        One query for each rule. A rule whose condition cannot be read is left out
        and says so: one removed field must not stop everybody's events.
        """
        fulfilled = {person_id: set() for person_id in person_ids}
        if not person_ids:
            return fulfilled
        errors = {}
        for item in scheme.fit:
            try:
                query = self._prepare_fit_query(scheme, item, person_ids)
            except (ValueError, SyntaxError, TypeError, KeyError) as error:
                errors[item.rule.id] = str(error)
                continue
            for (person_id,) in self.env.execute_query(query):
                fulfilled[person_id].add(item.rule.id)
        for rule in self.browse(errors):
            if rule.error != errors[rule.id]:
                rule.error = errors[rule.id]
        return fulfilled

    @api.model
    def _prepare_fit_query(self, scheme, item, person_ids):
        """SELECT of the persons with a record that matches a fit rule."""
        records = self.env[item.record_model]
        name = "marketing_person_id"
        if item.record_model == "marketing.person":
            name = "id"
        domain = Domain(literal_eval(item.domain or "[]"))
        domain &= Domain(name, "in", list(person_ids))
        if scheme.company_id:
            records = records.with_company(scheme.company_id)
            if "company_id" in records._fields:
                domain &= Domain("company_id", "in", [scheme.company_id, False])
        query = records._search(domain)
        person_id = records._field_to_sql(query.table, name, query)
        return query.select(SQL("DISTINCT %s", person_id))
