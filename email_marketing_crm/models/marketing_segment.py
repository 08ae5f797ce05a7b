from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: What decides who is a member: after a change of these everything is computed anew.
CONDITION_FIELDS = frozenset(
    {
        "active",
        "company_id",
        "domain",
        "include_match",
        "kind",
        "match",
        "member_limit",
        "sort_order",
        "user_id",
    }
)


class MarketingSegment(models.Model):
    """A group of persons: who meets conditions now, or who was put there by hand.

    A *dynamic* segment has a domain on the records of one model and rules on what
    persons did. Its members follow by themselves: the inbox looks again at persons
    with news (`_consume_inbox`), the segment lane computes everybody anew when
    `next_refresh` has come (`_run_lane`). Persons included or excluded by hand stay
    so, whatever the conditions say. A *static* segment has only those.

    Users write what a segment is; its figures (`size`, `refreshed_at`, `error` …) and
    its members are written by the machines alone. A segment whose conditions cannot
    be computed any more keeps its members, says why in `error`, and is tried again.
    It may not look at itself, neither directly nor through other segments.
    """

    _name = "marketing.segment"
    _description = "Segment"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    description = fields.Text(help="What the segment is for.")
    company_id = fields.Many2one(
        "res.company",
        default=lambda self: self.env.company,
        help="The segment reaches records of this company and records without "
        "company; without a company it reaches all records.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        help="Relative dates follow this person's time zone, and texts are compared "
        "in this person's language.",
    )
    # what it is made of
    res_model = fields.Selection(
        selection="_selection_res_model",
        string="Records",
        required=True,
        default="res.partner",
    )
    kind = fields.Selection(
        [("dynamic", "Dynamic"), ("static", "Static")],
        required=True,
        default="dynamic",
        help="Dynamic: whoever meets the conditions. Static: whoever was added.",
    )
    domain = fields.Char(string="Attributes", required=True, default="[]")
    match = fields.Selection(
        [("all", "all of these rules"), ("any", "any of these rules")],
        required=True,
        default="all",
        help="Joins the rules and the groups of rules.",
    )
    rule_ids = fields.One2many(
        "marketing.segment.rule",
        "segment_id",
        string="Behavior",
        domain=[("group_id", "=", False)],
        copy=True,
    )
    group_ids = fields.One2many(
        "marketing.segment.rule.group", "segment_id", string="Groups", copy=True
    )
    is_time_dependent = fields.Boolean(
        "Changes With Time",
        compute="_compute_is_time_dependent",
        help="Members change as time passes, or with records that the conditions "
        "look at through others: the segment is computed anew every few minutes.",
    )
    # members
    member_ids = fields.One2many(
        "marketing.segment.member", "segment_id", readonly=True, copy=False
    )
    member_count = fields.Integer("Members", compute="_compute_member_count")
    excluded_count = fields.Integer("Excluded", compute="_compute_member_count")
    recent_member_ids = fields.Many2many(
        "marketing.segment.member",
        compute="_compute_recent_member_ids",
        string="Latest Members",
    )
    mailing_count = fields.Integer("Mailings", compute="_compute_mailing_count")
    # refresh
    size = fields.Integer(
        "Members at Last Refresh", readonly=True, copy=False, aggregator=None
    )
    refreshed_at = fields.Datetime("Refreshed", readonly=True, copy=False)
    refresh_changes = fields.Integer(
        "Changes",
        readonly=True,
        copy=False,
        help="Members that the last full refresh found missing, or in too much.",
    )
    refresh_seconds = fields.Float(
        "Refresh Took (s)", readonly=True, copy=False, digits=(16, 3), aggregator=None
    )
    next_refresh = fields.Datetime(readonly=True, copy=False)
    is_waiting = fields.Boolean(
        compute="_compute_is_waiting", help="The members are about to be computed."
    )
    is_settled = fields.Boolean(
        readonly=True,
        copy=False,
        help="Everybody was looked at since the conditions changed.",
    )
    error = fields.Text(readonly=True, copy=False)
    # preview of what is not saved yet
    preview_count = fields.Integer("Persons", compute="_compute_preview")
    preview_person_ids = fields.Many2many(
        "marketing.person", compute="_compute_preview", string="Some of Them"
    )
    preview_message = fields.Char(compute="_compute_preview")

    @api.model
    def _selection_res_model(self):
        """Models whose records are persons."""
        return [
            ("res.partner", self.env._("Contacts")),
            ("crm.lead", self.env._("Leads")),
            ("mailing.contact", self.env._("Mailing Contacts")),
        ]

    # ------------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------------

    @api.depends(
        "res_model",
        "kind",
        "domain",
        "member_limit",
        "sort_order",
        "group_ids.rule_ids.campaign_id",
        "group_ids.rule_ids.period",
        "group_ids.rule_ids.topic",
        "rule_ids.campaign_id",
        "rule_ids.period",
        "rule_ids.topic",
    )
    def _compute_is_time_dependent(self):
        for segment in self:
            segment.is_time_dependent = segment.kind == "dynamic" and (
                segment._get_rules()._is_time_dependent()
                or segment._get_domain_facts().is_time_dependent
                or bool(segment.member_limit and segment.sort_order == "score")
            )

    @api.depends("member_ids")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_member_count(self):
        counts = self._get_counts_by_state()
        for segment in self:
            segment_id = segment._origin.id
            segment.member_count = counts.get((segment_id, "member"), 0)
            segment.excluded_count = counts.get((segment_id, "excluded"), 0)

    def _get_counts_by_state(self):
        """`{(segment id, state): number}` of the rows that the user may see."""
        if self.env["res.company"].sudo().search_count([], limit=2) > 1:
            # Persons of other companies are hidden from the list, too.
            groups = self.env["marketing.segment.member"]._read_group(
                [("segment_id", "in", self._origin.ids)],
                ["segment_id", "state"],
                ["__count"],
            )
            return {(segment.id, state): count for segment, state, count in groups}
        rows = self.env.execute_query(
            SQL(
                "SELECT segment_id, state, count(*) FROM marketing_segment_member"
                " WHERE segment_id = ANY(%s) GROUP BY segment_id, state",
                self._origin.ids,
            )
        )
        return {(segment_id, state): count for segment_id, state, count in rows}

    def _compute_mailing_count(self):
        counts = dict(
            self.env["mailing.mailing"]._read_group(
                [("marketing_segment_ids", "in", self._origin.ids)],
                ["marketing_segment_ids"],
                ["__count"],
            )
        )
        for segment in self:
            segment.mailing_count = counts.get(segment._origin, 0)

    @api.depends("next_refresh")
    def _compute_is_waiting(self):
        now = fields.Datetime.now()
        for segment in self:
            segment.is_waiting = bool(
                segment.next_refresh and segment.next_refresh <= now
            )

    @api.depends("member_ids")
    def _compute_recent_member_ids(self):
        members = self.env["marketing.segment.member"]
        for segment in self:  # one form: a list does not show them
            segment.recent_member_ids = members.search(
                [("segment_id", "in", segment._origin.ids), ("state", "=", "member")],
                limit=20,
            )

    @api.depends(lambda self: self._get_preview_fields())
    def _compute_preview(self):
        """Who would be a member: computed while a form is edited, read otherwise."""
        for segment in self:
            if segment.kind == "static" or isinstance(segment.id, int):
                count, message = segment.member_count, False
                persons = segment.recent_member_ids.person_id[:10]
            else:
                count, persons, message = segment._get_preview()
            segment.preview_count = count
            segment.preview_person_ids = persons
            segment.preview_message = message

    @api.model
    def _get_preview_fields(self):
        """What a change in the form of a segment must be seen in its preview."""
        rule_fields = [
            name
            for name, field in self.env["marketing.segment.rule"]._fields.items()
            if field.store and name not in (*models.MAGIC_COLUMNS, "segment_id")
        ]
        return [
            *sorted(CONDITION_FIELDS),
            "member_ids",
            "res_model",
            "link_ids.kind",
            "link_ids.other_id",
            "group_ids.match",
            *(f"rule_ids.{name}" for name in rule_fields),
            *(f"group_ids.rule_ids.{name}" for name in rule_fields),
        ]

    @api.onchange("res_model")
    def _onchange_res_model(self):
        """A domain drawn for one model means nothing on another one."""
        if not self._origin:
            self.domain = "[]"

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        segments = super().create(vals_list)
        for segment in segments:
            segment._check_readable()
        segments._on_conditions_changed()
        return segments

    def write(self, vals):
        if "res_model" in vals:
            for segment in self:
                if segment.res_model != vals["res_model"]:
                    raise UserError(
                        self.env._(
                            "The segment “%s” is made of other records. Create a new "
                            "segment instead.",
                            segment.name,
                        )
                    )
        frozen = self.browse()
        if vals.get("kind") == "static":
            frozen = self.filtered(lambda segment: segment.kind == "dynamic")
        result = super().write(vals)
        if vals.keys() & {"domain", "kind"}:
            for segment in self:
                segment._check_readable()
        if frozen:
            frozen._freeze_members()
        if CONDITION_FIELDS & vals.keys():
            self._on_conditions_changed()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_audience(self):
        """A mailing that lost its audience would go to other people, or to nobody."""
        mailing = (
            self.env["mailing.mailing"]
            .sudo()
            .search(
                [("marketing_segment_ids", "in", self.ids), ("state", "!=", "done")],
                limit=1,
            )
        )
        if mailing:
            raise UserError(
                self.env._(
                    "The mailing “%s” is meant for this segment. Choose another "
                    "audience for it first, or archive the segment.",
                    mailing.subject,
                )
            )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default=default)
        if default and "name" in default:
            return vals_list
        return [
            vals | {"name": self.env._("%s (copy)", segment.name)}
            for segment, vals in zip(self, vals_list, strict=True)
        ]

    def _on_conditions_changed(self):
        """Forget what was derived from the conditions and ask for a full refresh."""
        self.env.registry.clear_cache()
        segments = self.sudo()
        segments.write({"next_refresh": False, "is_settled": False})
        segments.filtered("active").next_refresh = fields.Datetime.now()
        self._request_refresh()

    def _request_refresh(self):
        """Ask the workers to look at due segments as soon as they can."""
        lanes = self.env["marketing.lane"].sudo()
        count = lanes._get_lane_count()
        numbers = {segment.id % count for segment in self}
        lanes.search(
            [("kind", "=", "segment"), ("number", "in", list(numbers))]
        ).action_run_now()

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_refresh(self):
        """Compute the members now; an error is shown and changes nothing.

        Of a segment with very many members, the first are there at once and the
        worker goes on with the others.
        """
        self.check_access("write")
        for segment in self.sudo():
            if not segment._refresh_pass():
                segment._request_refresh()
