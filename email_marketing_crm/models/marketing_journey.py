from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.client_action import notify

#: What only a marketing manager changes once people are under way.
_RULES = frozenset(
    {
        "company_id",
        "segment_id",
        "reentry",
        "reentry_days",
        "exit_on_leave",
        "goal_type_id",
        "goal_reliability",
        "active",
    }
)
#: Written by the buttons only.
_PROTECTED = frozenset({"state", "version_id", "draft_version_id"})


class MarketingJourney(models.Model):
    """A path that people of a segment walk by themselves: mails, waits, decisions.

    The steps belong to versions: they are edited in the draft version, publishing
    freezes it, and whoever entered on a version finishes on it. Marketing users
    build journeys, marketing managers publish, pause and end them.

    States: `draft` (nobody enters), `running`, `paused` (people still enter and
    leave, no step runs; due times are kept), `ended` (final; everybody left).

    May never happen: one person under way twice in one journey, however many records
    he has; a published step that changes.
    """

    _name = "marketing.journey"
    _description = "Journey"
    _inherit = ["mail.thread"]
    _order = "active DESC, id DESC"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", default=lambda self: self.env.company, index="btree_not_null"
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        required=True,
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        tracking=True,
        help="Steps act in this user's name: sender of the mails, author of changes.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("running", "Running"),
            ("paused", "Paused"),
            ("ended", "Ended"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    # entry
    segment_id = fields.Many2one(
        "marketing.segment",
        required=True,
        ondelete="restrict",
        check_company=True,
        index=True,
        help="Whoever is or comes into this segment enters the journey.",
    )
    res_model = fields.Selection(
        string="Records", related="segment_id.res_model", store=True
    )
    reentry = fields.Selection(
        [
            ("once", "Once ever"),
            ("again", "Again each time they come into the segment"),
        ],
        "Enter",
        required=True,
        default="once",
        help="Nobody enters while still under way.",
    )
    reentry_days = fields.Integer(
        "At the Earliest After (days)",
        default=30,
        help="Days between two entries of the same person.",
    )
    # exit
    exit_on_leave = fields.Boolean(
        "Leave with the Segment",
        help="Off: who no longer matches the segment still finishes the journey.",
    )
    goal_type_id = fields.Many2one(
        "marketing.touchpoint.type",
        string="Goal",
        ondelete="restrict",
        help="Whoever does this leaves the journey with the goal reached.",
    )
    goal_reliability = fields.Selection(
        selection="_selection_reliability",
        string="Goal at Least",
        required=True,
        default="human_likely",
        help="How sure we must be that a human did it.",
    )
    # steps
    version_ids = fields.One2many(
        "marketing.journey.version", "journey_id", string="Versions"
    )
    version_id = fields.Many2one(
        "marketing.journey.version",
        string="Running Version",
        readonly=True,
        copy=False,
        ondelete="set null",
    )
    draft_version_id = fields.Many2one(
        "marketing.journey.version",
        string="Version in Work",
        readonly=True,
        copy=False,
        ondelete="set null",
    )
    shown_version_id = fields.Many2one(
        "marketing.journey.version",
        string="Version",
        compute="_compute_shown_version_id",
    )
    step_ids = fields.One2many(
        "marketing.journey.step", compute="_compute_step_ids", string="Steps"
    )
    problems = fields.Text(
        compute="_compute_problems", help="What must be put right before publishing."
    )
    entering_since = fields.Datetime(
        "Members Enter Since",
        readonly=True,
        copy=False,
        help="Set while members of a large segment still enter, batch by batch.",
    )
    # counts
    entry_count = fields.Integer(
        "Would Enter Now",
        compute="_compute_entry_count",
        help="Members of the segment who enter with the start.",
    )
    participant_count = fields.Integer(compute="_compute_participant_counts")
    live_count = fields.Integer("Under Way", compute="_compute_participant_counts")
    done_count = fields.Integer("Finished", compute="_compute_participant_counts")
    goal_count = fields.Integer("Goal Reached", compute="_compute_participant_counts")
    exited_count = fields.Integer("Left Early", compute="_compute_participant_counts")
    error_count = fields.Integer("Failed", compute="_compute_participant_counts")

    _reentry_days_positive = models.Constraint(
        "CHECK(reentry_days >= 0)", "The days between two entries cannot be negative."
    )

    @api.model
    def _selection_reliability(self):
        return self.env["marketing.touchpoint.type"]._selection_reliability()

    @api.depends("draft_version_id", "version_id")
    def _compute_shown_version_id(self):
        for journey in self:
            journey.shown_version_id = journey.draft_version_id or journey.version_id

    @api.depends("draft_version_id.step_ids", "version_id.step_ids")
    def _compute_step_ids(self):
        for journey in self:
            journey.step_ids = journey.shown_version_id.step_ids

    @api.depends("draft_version_id", "segment_id", "res_model")
    def _compute_problems(self):
        for journey in self:
            journey.problems = "\n".join(journey.draft_version_id._get_problems())

    @api.depends("state", "segment_id", "reentry", "reentry_days")
    def _compute_entry_count(self):
        for journey in self:  # shown on the form of a journey that is not started
            journey.entry_count = (
                journey._count_entries() if journey.state == "draft" else 0
            )

    def _compute_participant_counts(self):
        counts = self.env["marketing.journey.participant"]._get_counts(self.ids)
        for journey in self:
            figures = counts.get(journey.id, {})
            journey.participant_count = sum(figures.values())
            journey.error_count = figures.get("error", 0)
            journey.live_count = sum(
                figures.get(state, 0) for state in ("running", "waiting", "error")
            )
            journey.done_count = figures.get("done", 0)
            journey.goal_count = figures.get("goal", 0)
            journey.exited_count = figures.get("exited", 0)

    # ------------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            for vals in vals_list:
                for name in _PROTECTED & vals.keys():
                    del vals[name]
        journeys = super().create(vals_list)
        for journey in journeys.filtered(lambda record: not record.draft_version_id):
            journey.sudo().draft_version_id = (
                self.env["marketing.journey.version"]
                .sudo()
                .create({"journey_id": journey.id, "number": 1})
            )
        return journeys

    def write(self, vals):
        self._check_write(vals)
        return super().write(vals)

    def _check_write(self, vals):
        started = self.filtered(lambda journey: journey.state != "draft")
        if "segment_id" in vals and started.filtered(
            lambda journey: journey.segment_id.id != vals["segment_id"]
        ):
            raise UserError(
                self.env._(
                    "The segment of a journey cannot change once it was started. "
                    "Duplicate the journey and choose the segment there."
                )
            )
        if self.env.su:
            return
        if vals.keys() & _PROTECTED:
            raise AccessError(
                self.env._("Use the buttons to start, pause or end a journey.")
            )
        if started and vals.keys() & _RULES:
            self._check_manager()

    def copy(self, default=None):
        copies = super().copy(default)
        for journey, copied in zip(self, copies, strict=True):
            journey.shown_version_id._copy_steps_to(copied.draft_version_id)
        return copies

    def copy_data(self, default=None):
        values_list = super().copy_data(default)
        for journey, values in zip(self, values_list, strict=True):
            if "name" not in (default or {}):
                values["name"] = self.env._("%s (copy)", journey.name)
        return values_list

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        started = self.filtered(
            lambda journey: (
                journey.state in ("running", "paused") or journey.participant_count
            )
        )
        if started:
            raise UserError(
                self.env._(
                    "People walked or walk through: %s. End these journeys and "
                    "archive them, so that their history stays.",
                    ", ".join(started.mapped("name")),
                )
            )

    def unlink(self):
        mailings = self.sudo().version_ids.step_ids.mailing_id
        result = super().unlink()
        self.env["marketing.journey.step"]._discard_mailings(mailings)
        return result

    # ------------------------------------------------------------------
    # LIFE
    # ------------------------------------------------------------------

    def _check_manager(self):
        if not self.env.su and not self.env.user.has_group(
            "email_marketing_crm.group_marketing_manager"
        ):
            raise AccessError(
                self.env._(
                    "Only a marketing manager starts, changes or stops a journey that "
                    "reaches people. Ask one of them."
                )
            )

    def action_check(self):
        """Say whether the version in work could be published."""
        self.ensure_one()
        if self.problems:
            raise UserError(self.problems)
        return notify(self.env._("Nothing is missing: it can be published."))

    def action_publish(self):
        """Freeze the version in work; whoever enters from now on walks it.

        The first publishing starts the journey: the members of the segment enter.
        """
        self._check_manager()
        for journey in self.sudo():
            draft = journey.draft_version_id
            if journey.state == "ended":
                raise UserError(
                    self.env._("“%s” has ended. Duplicate it.", journey.name)
                )
            if not draft:
                raise UserError(
                    self.env._("There is nothing new to publish: press “Edit” first.")
                )
            draft._publish(self.env.user)
            journey.write({"version_id": draft.id, "draft_version_id": False})
            journey.message_post(
                body=self.env._("Version %s was published.", draft.number)
            )
            if journey.state == "draft":
                journey.state = "running"
                journey._start_entry()
        self.env["marketing.lane"]._wake("journey")

    def action_edit(self):
        """Open a new version in work, a copy of the running one."""
        for journey in self.filtered(lambda record: not record.draft_version_id):
            journey.check_access("write")
            journey.sudo().draft_version_id = journey.version_id.sudo()._make_draft()

    def action_discard_draft(self):
        """Throw the version in work away; the running one stays."""
        for journey in self:
            journey.check_access("write")
            if not journey.version_id:
                raise UserError(
                    self.env._("This is the only version; delete the journey instead.")
                )
            journey.draft_version_id.sudo().unlink()

    def action_pause(self):
        self._check_manager()
        self.sudo().filtered(lambda j: j.state == "running").state = "paused"

    def action_resume(self):
        self._check_manager()
        self.sudo().filtered(lambda j: j.state == "paused").state = "running"
        self.env["marketing.lane"]._wake("journey")

    def action_end(self):
        """Stop for good: whoever is still under way leaves."""
        self._check_manager()
        self.sudo().filtered(lambda j: j.state in ("running", "paused")).write(
            {"state": "ended", "entering_since": False}
        )
        self.env["marketing.journey.participant"].sudo()._leave_ended()
        self.env["marketing.lane"]._wake("journey")
