import uuid

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.journey_wait import get_duration

#: Writing one of these changes the shape of the tree.
_STRUCTURE = frozenset({"parent_id", "edge", "kind"})
#: What follows from the shape; written by the version.
_DERIVED = frozenset({"position", "level", "mail_step_id"})


class MarketingJourneyStep(models.Model):
    """One thing that a journey does with a person, or waits for.

    A step follows its parent under one outcome of it (`edge`); the participant model
    carries it out in `_run_<kind>`. A mail step owns a `mailing.mailing`, so that
    editor, links, traces, unsubscribing and statistics are Odoo's. Steps are written
    while their version is in work and never afterwards; `key` is the same for one
    step in all versions of the journey.
    """

    _name = "marketing.journey.step"
    _description = "Journey Step"
    _order = "version_id, position, id"

    version_id = fields.Many2one(
        "marketing.journey.version", required=True, ondelete="cascade", index=True
    )
    journey_id = fields.Many2one(
        related="version_id.journey_id", store=True, index=True
    )
    state = fields.Selection(related="version_id.state")
    res_model = fields.Selection(related="journey_id.res_model")
    key = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: str(uuid.uuid4()),
        help="The same for one step in all versions.",
    )
    name = fields.Char("Own Name", help="What the step is called; optional.")
    summary = fields.Char("Step", compute="_compute_summary")
    # place
    parent_id = fields.Many2one(
        "marketing.journey.step",
        string="Follows",
        ondelete="cascade",
        index=True,
        domain="[('version_id', '=', version_id), ('id', '!=', id)]",
    )
    parent_kind = fields.Selection(related="parent_id.kind", string="Kind Before")
    edge = fields.Selection(
        [("next", "Then"), ("yes", "If yes"), ("no", "If no")],
        "When",
        default="next",
        required=True,
    )
    child_ids = fields.One2many("marketing.journey.step", "parent_id")
    position = fields.Integer(readonly=True)
    level = fields.Integer(readonly=True)
    # what it does
    kind = fields.Selection(selection="_selection_kind", required=True, default="mail")
    icon = fields.Char(compute="_compute_icon")
    wait_number = fields.Integer("Time", default=3)
    wait_unit = fields.Selection(
        [
            ("minutes", "Minutes"),
            ("hours", "Hours"),
            ("days", "Days"),
            ("weeks", "Weeks"),
        ],
        "Unit",
        default="days",
        required=True,
    )
    wait_seconds = fields.Integer(compute="_compute_wait_seconds", store=True)
    mailing_id = fields.Many2one(
        "mailing.mailing",
        string="Mail",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )
    event_type_id = fields.Many2one(
        "marketing.touchpoint.type", string="Event", ondelete="restrict"
    )
    event_source = fields.Selection(
        [
            ("mail", "Caused by the mail before this step"),
            ("any", "Whatever caused it"),
        ],
        "Counts",
        required=True,
        default="mail",
    )
    event_reliability = fields.Selection(
        selection="_selection_reliability",
        string="At Least",
        required=True,
        default="human_likely",
        help="How sure we must be that a human did it: mail scanners follow links too.",
    )
    mail_step_id = fields.Many2one(
        "marketing.journey.step",
        string="Mail Before",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="The nearest mail on the way here: its sending starts the clock.",
    )
    tag_operation = fields.Selection(
        [("add", "Add"), ("remove", "Remove")], required=True, default="add"
    )
    category_ids = fields.Many2many("res.partner.category", string="Contact Tags")
    lead_tag_ids = fields.Many2many("crm.tag", string="Lead Tags")
    policy_id = fields.Many2one(
        "marketing.handoff.policy",
        string="Hand-off Policy",
        ondelete="restrict",
        help="Says which team gets the lead and until when; empty: the first one.",
    )

    _wait_number_positive = models.Constraint(
        "CHECK(wait_number > 0)", "A time is at least one unit long."
    )
    _key_unique = models.Constraint(
        "UNIQUE(version_id, key)", "A step is in a version once."
    )

    @api.model
    def _get_kind_edges(self):
        """Kinds of steps and the edges each can be left by."""
        return {
            "mail": ("next",),
            "wait": ("next",),
            "wait_event": ("yes", "no"),
            "tag": ("next",),
            "handoff": ("next",),
            "end": (),
        }

    @api.model
    def _selection_kind(self):
        return [
            ("mail", self.env._("Send a mail")),
            ("wait", self.env._("Wait")),
            ("wait_event", self.env._("Wait for an event")),
            ("tag", self.env._("Set tags")),
            ("handoff", self.env._("Hand over to sales")),
            ("end", self.env._("End")),
        ]

    @api.model
    def _selection_reliability(self):
        return self.env["marketing.touchpoint.type"]._selection_reliability()

    @api.depends("name", "summary")
    def _compute_display_name(self):
        for step in self:
            step.display_name = step.name or step.summary

    @api.depends(
        "kind",
        "wait_number",
        "wait_unit",
        "mailing_id.subject",
        "event_type_id",
        "tag_operation",
        "category_ids",
        "lead_tag_ids",
        "policy_id",
    )
    def _compute_summary(self):
        for step in self:
            step.summary = step._get_summary()

    def _get_summary(self):
        time = self._get_time_text()
        if self.kind == "mail":
            return self.env._("Mail: %s", self.mailing_id.sudo().subject or "…")
        if self.kind == "wait":
            return self.env._("Wait %s", time)
        if self.kind == "wait_event":
            event = self.event_type_id.name or "…"
            return self.env._("%(event)s within %(time)s?", event=event, time=time)
        if self.kind == "tag":
            tags = ", ".join(self._get_tags().mapped("name")) or "…"
            if self.tag_operation == "add":
                return self.env._("Add tag: %s", tags)
            return self.env._("Remove tag: %s", tags)
        if self.kind == "handoff":
            return self.env._("Hand over to sales")
        return dict(self._selection_kind()).get(self.kind, "")

    def _get_time_text(self):
        units = dict(self._fields["wait_unit"]._description_selection(self.env))
        return f"{self.wait_number} {units.get(self.wait_unit, '').lower()}"

    @api.depends("kind")
    def _compute_icon(self):
        icons = {
            "mail": "fa-envelope-o",
            "wait": "fa-clock-o",
            "wait_event": "fa-question-circle-o",
            "tag": "fa-tag",
            "handoff": "fa-handshake-o",
            "end": "fa-flag-checkered",
        }
        for step in self:
            step.icon = icons.get(step.kind, "fa-circle-o")

    @api.depends("wait_number", "wait_unit")
    def _compute_wait_seconds(self):
        for step in self:
            duration = get_duration(step.wait_number, step.wait_unit)
            step.wait_seconds = int(duration.total_seconds())

    # ------------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------------

    @api.model
    def default_get(self, fields_list):
        """A new step takes the first free edge of the step it follows."""
        values = super().default_get(fields_list)
        parent = self.browse(values.get("parent_id"))
        if parent and "edge" in fields_list:
            values["edge"] = parent._get_free_edge()
        return values

    @api.onchange("parent_id")
    def _onchange_parent_id(self):
        if self.parent_id != self._origin.parent_id:
            self.edge = self.parent_id._origin._get_free_edge()

    def _get_free_edge(self):
        """The edge a new follower takes: a free one, else the first."""
        edges = self._get_kind_edges().get(self.kind) or ("next",)
        taken = set(self.child_ids.mapped("edge"))
        return next((edge for edge in edges if edge not in taken), edges[0])

    @api.model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        steps._check_in_work()
        steps._create_mailings()
        for step in steps:
            step._make_room()
        steps.version_id._refresh_tree()
        steps._check_place()
        return steps

    def write(self, vals):
        if vals.keys() - _DERIVED:
            self._check_in_work()
        result = super().write(vals)
        if vals.keys() & _STRUCTURE and not self.env.context.get(
            "marketing_journey_moving"
        ):
            self._create_mailings()
            self.version_id._refresh_tree()
            self._check_place()
        return result

    def unlink(self):
        """Remove steps; what followed by a single edge moves up in their place."""
        self._check_in_work()
        versions = self.version_id
        mailings = self.mailing_id
        for step in self.sorted("position", reverse=True):
            step._close_gap(self)
        result = super().unlink()
        versions._refresh_tree()
        self._discard_mailings(mailings)
        return result

    def copy_data(self, default=None):
        values_list = super().copy_data(default)
        for step, values in zip(self, values_list, strict=True):
            if step.mailing_id:
                values["mailing_id"] = step.mailing_id.copy(
                    {
                        "subject": step.mailing_id.subject,
                        "marketing_kind": "journey",
                    }
                ).id
        return values_list

    def _check_in_work(self):
        if self.version_id.filtered(lambda version: version.state != "draft"):
            raise UserError(
                self.env._(
                    "People walk this version, so its steps stay as they are. Press "
                    "“Edit” on the journey to work on a new version."
                )
            )

    # ------------------------------------------------------------------
    # RUN
    # ------------------------------------------------------------------

    def _get_due(self, now):
        """When the step is carried out for somebody who arrives now."""
        if self.kind == "wait":
            return now + get_duration(self.wait_number, self.wait_unit)
        return now
