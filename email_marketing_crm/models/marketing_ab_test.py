import secrets

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError

#: What a test may change; each is a field of its versions.
VARIED_FIELDS = {
    "subject": ("subject", "preview"),
    "sender": ("email_from",),
    "content": ("body_arch", "body_html"),
    "hour": ("hour",),
}
#: Fields that stay as they are once mails left.
FIXED_FIELDS = frozenset(
    {
        "mailing_id",
        "varies",
        "arm_ids",
        "test_percent",
        "metric",
        "alpha",
        "early_hours",
        "late_hours",
        "latest_days",
        "minimum",
    }
)


class MarketingAbTest(models.Model):
    """Several versions of one mailing, of which the better one goes to the rest.

    A part of the audience gets the versions in equal numbers; who gets which follows
    from the key of the test and the address (`tools/ab_test.py`). The rest waits. The
    numbers are looked at twice, and never in between: a test that is looked at all the
    time finds a winner among equals sooner or later.

    ``draft``    being written; starts when the mailing is launched
    ``running``  mails of the versions leave, or are being reacted to
    ``decided``  a winner is chosen, by the numbers or by a user
    ``open``     the numbers showed no winner, and what `inconclusive` says was done
    ``stopped``  a user ended it without a winner; the rest gets nothing

    One test a mailing. The decision is written once, with the numbers it was made
    from; later reactions never change it.
    """

    _name = "marketing.ab.test"
    _description = "A/B Test"
    _order = "id desc"
    _rec_name = "mailing_id"

    mailing_id = fields.Many2one(
        "mailing.mailing", required=True, readonly=True, ondelete="cascade"
    )
    mailing_kind = fields.Selection(related="mailing_id.marketing_kind")
    user_id = fields.Many2one(related="mailing_id.user_id", store=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("running", "Running"),
            ("decided", "Winner chosen"),
            ("open", "No winner"),
            ("stopped", "Stopped"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
    )
    key = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: secrets.token_hex(16),
        groups="base.group_system",
        help="What assigns persons to versions, with their addresses.",
    )
    # what is tested
    varies = fields.Selection(
        [
            ("subject", "Subject and preview"),
            ("sender", "Sender"),
            ("content", "Content"),
            ("hour", "Hour of sending"),
        ],
        "What Differs",
        default="subject",
        required=True,
        help="One thing at a time, so that you know what made the difference.",
    )
    arm_ids = fields.One2many(
        "marketing.ab.arm", "test_id", "Versions", copy=True, bypass_search_access=True
    )
    test_percent = fields.Integer(
        "Share of the Audience",
        default=20,
        required=True,
        help="Percent of the audience who get the versions, in equal numbers. The rest "
        "waits for the winner; with 100 everybody is part of the test. In a journey "
        "everybody takes part until it is decided.",
    )
    metric = fields.Selection(
        [
            ("opened", "Opened by a human"),
            ("clicked", "Clicked by a human"),
            ("replied", "Replied"),
            ("lead", "Became a lead"),
            ("revenue", "Won revenue per person"),
        ],
        "Better Is",
        default="clicked",
        required=True,
        help="Opens, clicks and replies to this mail; leads and won leads of those who "
        "got it, since they got it. Hits of machines never count; mail programs that "
        "load pictures by themselves make opens the least certain measure.",
    )
    # how it is decided
    early_hours = fields.Integer(
        "First Look After",
        default=4,
        required=True,
        help="Hours after the last mail of the test left. Only mails that old count.",
    )
    late_hours = fields.Integer(
        "Decided After",
        default=24,
        required=True,
        help="Hours after the last mail of the test left. The same as the first look: "
        "there is one look only, which needs less of a difference.",
    )
    latest_days = fields.Integer(
        "At the Latest After",
        default=7,
        required=True,
        help="Days after the first mail of the test left. Then it is decided with the "
        "mails that have left, even where some wait for a limit or a mail server.",
    )
    alpha = fields.Selection(
        [("0.1", "10 %"), ("0.05", "5 %"), ("0.01", "1 %")],
        "Risk of Error",
        default="0.05",
        required=True,
        help="How often a winner is found among versions that are equally good.",
    )
    minimum = fields.Integer(
        "Least per Version",
        default=100,
        required=True,
        help="With fewer persons who got it, a version is not judged.",
    )
    inconclusive = fields.Selection(
        [
            ("best", "Send the one with the best figure"),
            ("first", "Send the first version"),
            ("split", "Send all versions in equal numbers"),
            ("stop", "Send nothing to the rest"),
        ],
        "Without a Winner",
        default="best",
        required=True,
    )
    # who got no mail at all
    control_size = fields.Integer(
        "Got No Mail",
        compute="_compute_control",
        help="Persons of the audience who were held out of the campaign: what happens "
        "without a mail.",
    )
    control_total = fields.Float(
        "Did It Without",
        compute="_compute_control",
        digits=(16, 0),
        help="How many of them became a lead since the test began, or the sum of what "
        "they brought.",
    )
    control_rate = fields.Float(
        "Rate Without",
        compute="_compute_control",
        digits=(16, 4),
        help="Per person who was held out: what to compare the versions with.",
    )
    # how it stands
    started_date = fields.Datetime("Started", readonly=True, copy=False)
    looked_date = fields.Datetime(
        "First Look",
        readonly=True,
        copy=False,
        help="When the numbers were looked at for the first time.",
    )
    decided_date = fields.Datetime("Decided", readonly=True, copy=False)
    decided_by_id = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="set null"
    )
    winner_id = fields.Many2one(
        "marketing.ab.arm", readonly=True, copy=False, ondelete="set null"
    )
    decision = fields.Json(readonly=True, copy=False)

    _mailing_unique = models.Constraint(
        "UNIQUE(mailing_id)", "This mailing has an A/B test already."
    )
    _percent = models.Constraint(
        "CHECK(test_percent BETWEEN 1 AND 100)",
        "The share of the audience is between 1 and 100 percent.",
    )
    _hours = models.Constraint(
        "CHECK(early_hours > 0 AND late_hours >= early_hours)",
        "The first look is at least an hour after the last mail, and the decision not "
        "before it.",
    )
    _latest = models.Constraint(
        "CHECK(latest_days > 0 AND latest_days * 24 >= late_hours)",
        "The latest moment of the decision cannot come before the decision itself.",
    )
    _least = models.Constraint(
        "CHECK(minimum > 0)", "At least one person has to get each version."
    )
    # What the cron looks at.
    _running = models.Index("(id) WHERE state = 'running'")

    @api.depends("state", "metric")
    def _compute_control(self):
        for test in self:
            size, total = test._get_control_figures()
            test.control_size = size
            test.control_total = total
            test.control_rate = total / size if size else 0.0

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.constrains("arm_ids", "varies")
    def _check_arms(self):
        for test in self:
            if test.state == "draft" and len(test.arm_ids) > 8:
                raise ValidationError(
                    self.env._(
                        "More than eight versions would need an audience that hardly "
                        "anybody has. Take some out."
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        """A test starts with two versions; the first one is the mailing as it is."""
        for vals in vals_list:
            if not vals.get("arm_ids"):
                vals["arm_ids"] = [Command.create({}), Command.create({})]
        return super().create(vals_list)

    def write(self, vals):
        fixed = FIXED_FIELDS & vals.keys()
        if fixed and self.filtered(lambda test: test.state != "draft"):
            names = [self._fields[name]._description_string(self.env) for name in fixed]
            raise UserError(
                self.env._(
                    "The test has begun. What it compares stays as it is: %s.",
                    ", ".join(sorted(names)),
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_begun(self):
        for test in self:
            if test.state != "draft" and test.mailing_id:
                raise UserError(
                    self.env._(
                        "The A/B test of “%s” has begun and belongs to its history. "
                        "Stop it, or choose a winner.",
                        test.mailing_id.subject,
                    )
                )

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_stop(self):
        """End it without a winner; who waits for one gets no mail."""
        self._check_running()
        for test in self:
            test._finish("stopped", "stop", None, {"by": "user"})

    def _check_running(self):
        self.check_access("write")
        for test in self:
            if test.state != "running":
                raise UserError(
                    self.env._(
                        "The A/B test of “%s” is not running.", test.mailing_id.subject
                    )
                )

    def action_view_waiting(self):
        """Who waits for the winner."""
        self.ensure_one()
        action = self.mailing_id.action_view_deliveries()
        action["domain"] = [*action["domain"], ("wait_reason", "=", "ab_test")]
        return action

    def action_view_control(self):
        """Who was held out of the campaign, and got no mail."""
        self.ensure_one()
        action = self.mailing_id.action_view_deliveries()
        action["domain"] = [*action["domain"], ("reason", "=", "holdout")]
        action["display_name"] = self.env._("Held out of %s", self.mailing_id.subject)
        return action

    def action_view_control_successes(self):
        """Who did what the test counts without a mail."""
        self.ensure_one()
        action = self.action_view_control()
        action["domain"] = [*action["domain"], ("ab_control_success_of", "=", self.id)]
        action["display_name"] = self.env._("%s: did it", action["display_name"])
        return action

    # ------------------------------------------------------------------
    # START
    # ------------------------------------------------------------------

    def _check_ready(self):
        """Refuse to send a test that cannot tell anything.

        :raises UserError: with what is missing
        """
        for test in self.filtered(lambda test: test.state == "draft"):
            problem = test._get_problem()
            if problem:
                raise UserError(problem)

    def _get_problem(self):
        """What a test lacks to begin, as a sentence; False where it is ready."""
        self.ensure_one()
        if len(self.arm_ids) < 2:
            return self.env._(
                "The A/B test of “%s” has only one version. Add another one, or delete "
                "the test.",
                self.mailing_id.subject,
            )
        foreign = self.arm_ids._get_foreign_senders()
        if foreign:
            return self.env._(
                "The A/B test of “%(mailing)s” has senders of other domains: "
                "%(names)s. Its mails may come from %(domains)s: use such an address, "
                "or let the mail server send for their domain.",
                mailing=self.mailing_id.subject,
                names=", ".join(foreign),
                domains=", ".join(sorted(self.mailing_id._get_sender_domains())) or "…",
            )
        texts = [arm._get_difference() for arm in self.arm_ids]
        if len(set(texts)) < len(texts):
            return self.env._(
                "Two versions of the A/B test of “%(mailing)s” are the same. Change "
                "what differs (%(what)s), or delete the test.",
                mailing=self.mailing_id.subject,
                what=dict(self._fields["varies"]._description_selection(self.env))[
                    self.varies
                ],
            )
        return False

    def _start(self):
        """Let drafts that are ready run, once their mailing has a plan.

        A journey goes on with its own text while its test is not ready.
        """
        self.filtered(
            lambda test: test.state == "draft" and not test._get_problem()
        ).write({"state": "running", "started_date": fields.Datetime.now()})
