"""What success of a mailing or a campaign is, and who made it one."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_amount
from odoo.tools.misc import formatLang

from ..tools.goal import GOAL_FIGURES, Goal, get_deadline
from ..tools.reliability import classes_from
from .mailing_mailing_results import FIGURES

#: What a user writes of a goal.
GOAL_FIELDS = (
    "marketing_goal",
    "marketing_goal_type_id",
    "marketing_goal_asset_id",
    "marketing_goal_unit",
    "marketing_goal_target",
)


class MarketingGoalMixin(models.AbstractModel):
    """A goal, and how far it is reached, for what has mailings.

    What can be a goal is known already: a figure of the results of mailings (`FIGURES`,
    the metrics of A/B tests among them) or an event, as the goals of journeys are.
    Persons count once. An event counts for who got a mail, within the days of the
    conversion window after it left, done by a human.

    What was reached is read from what the worker counted (`marketing.mailing.result`,
    `marketing.goal.result`): one query for a list, however many persons there are. The
    persons behind it are found by the query that counted them.
    """

    _name = "marketing.goal.mixin"
    _description = "Goal"

    marketing_goal = fields.Selection(
        selection="_selection_marketing_goal",
        string="Goal",
        help="What success is. Machines are left out of all figures.",
    )
    marketing_goal_type_id = fields.Many2one(
        "marketing.touchpoint.type",
        string="Event of the Goal",
        ondelete="restrict",
        domain=[("direction", "=", "theirs")],
        help="What those who got a mail are to do, for example ask for a meeting.",
    )
    marketing_goal_type_code = fields.Char(related="marketing_goal_type_id.code")
    marketing_goal_asset_id = fields.Many2one(
        "marketing.asset",
        string="Asset of the Goal",
        ondelete="restrict",
        help="Which content asset they are to take; empty: any.",
    )
    marketing_goal_unit = fields.Selection(
        [("count", "persons"), ("percent", "% of who got it")],
        "Goal Counted In",
        required=True,
        default="count",
    )
    marketing_goal_target = fields.Float(
        "Target", digits=(16, 2), help="How many of them make it a success."
    )
    marketing_goal_reached = fields.Float(
        "Reached",
        compute="_compute_marketing_goal_reached",
        compute_sudo=True,
        help="Persons, percent or money, as the target is; as of the last count, which "
        "is done every half hour.",
    )
    marketing_goal_percent = fields.Float(
        "Reached (%)", compute="_compute_marketing_goal_reached", compute_sudo=True
    )
    marketing_goal_summary = fields.Char(
        "Reached of the Goal",
        compute="_compute_marketing_goal_reached",
        compute_sudo=True,
    )
    marketing_goal_deadline = fields.Datetime(
        "Goal Until",
        compute="_compute_marketing_goal_reached",
        compute_sudo=True,
        help="The conversion window of the settings, after the last mail left.",
    )
    marketing_goal_state = fields.Selection(
        [
            ("waiting", "Not begun"),
            ("running", "On the way"),
            ("reached", "Reached"),
            ("missed", "Not reached in time"),
        ],
        "Goal Is",
        compute="_compute_marketing_goal_reached",
        compute_sudo=True,
    )

    @api.model
    def _selection_marketing_goal(self):
        """The words of the results, so that a figure has one name."""
        wording = self.env["mailing.mailing"]._get_figure_wording()
        return [(figure, wording[figure][0]) for figure in GOAL_FIGURES] + [
            ("event", self.env._("Something else they do"))
        ]

    @api.constrains(*GOAL_FIELDS)
    def _check_marketing_goal(self):
        for record in self:
            if record.marketing_goal == "event" and not record.marketing_goal_type_id:
                raise ValidationError(
                    self.env._(
                        "Choose what those who get the mail are to do, or another goal."
                    )
                )
            if record.marketing_goal_target < 0:
                raise ValidationError(
                    self.env._("The target of a goal cannot be below zero.")
                )
            goal = record._get_own_goal()
            if goal and goal.unit == "percent" and goal.target > 100:
                raise ValidationError(
                    self.env._("No more than 100 % of the persons can reach the goal.")
                )

    # ------------------------------------------------------------------
    # GOAL
    # ------------------------------------------------------------------

    def _get_own_goal(self):
        """The `Goal` that is set here, or None."""
        self.ensure_one()
        figure = self.marketing_goal
        if not figure:
            return None
        is_event = figure == "event"
        is_download = is_event and self.marketing_goal_type_code == "download"
        return Goal(
            figure,
            is_event and self.marketing_goal_type_id.id or 0,
            is_download and self.marketing_goal_asset_id.id or 0,
            "count" if figure == "won_revenue" else self.marketing_goal_unit,
            self.marketing_goal_target,
        )

    def _get_goal(self):
        """The `Goal` that holds, or None."""
        return self._get_own_goal()

    def _get_goal_mailings(self):
        """`{record id: ids of the mailings that its goal is about}`."""
        raise NotImplementedError

    def _get_goal_results(self):
        """`{record id: (reached, persons who got a mail)}`, as last counted."""
        raise NotImplementedError

    def _get_goal_ends(self):
        """`{record id: when its last mail left}`; missing while some are to come."""
        raise NotImplementedError

    @api.model
    def _get_goal_people(self, goal, mailing_ids):
        """SELECT of `mailing_id`, `person_id`: who counts for a goal."""
        mailings = self.env["mailing.mailing"]
        if goal.figure != "event":
            figure = "won" if goal.figure == "won_revenue" else goal.figure
            return SQL(
                "SELECT mailing_id, person_id FROM (%s) AS fact WHERE %s",
                mailings._get_facts_query(mailing_ids),
                SQL(FIGURES[figure]),
            )
        asset = SQL(
            "AND event.res_model = 'marketing.asset' AND event.res_id = %s",
            goal.asset_id,
        )
        return SQL(
            """
            SELECT sent.mailing_id, sent.person_id
              FROM marketing_touchpoint AS sent
              JOIN marketing_touchpoint AS event
                ON event.person_id = sent.person_id
               AND event.type_id = %(type)s
               AND event.date >= sent.date
               AND event.date < sent.date + %(days)s * interval '1 day'
               AND event.reliability = ANY(%(human)s) %(asset)s
             WHERE sent.mailing_id = ANY(%(mailings)s) AND sent.type_id = %(sent)s
            """,
            type=goal.type_id,
            days=mailings._get_conversion_days(),
            human=list(classes_from("human_likely")),
            asset=asset if goal.asset_id else SQL(),
            mailings=list(mailing_ids),
            sent=self.env["marketing.touchpoint.type"]._get_id("sent"),
        )

    # ------------------------------------------------------------------
    # FIGURES
    # ------------------------------------------------------------------

    @api.depends(*GOAL_FIELDS)
    @api.depends_context("lang", "company")
    def _compute_marketing_goal_reached(self):
        results = self._get_goal_results()
        ends = self._get_goal_ends()
        days = self.env["mailing.mailing"]._get_conversion_days()
        now = fields.Datetime.now()
        for record in self:
            goal = record._get_goal()
            if not goal:
                record.marketing_goal_reached = record.marketing_goal_percent = 0.0
                record.marketing_goal_summary = record.marketing_goal_deadline = False
                record.marketing_goal_state = False
                continue
            counted, base = results.get(record._origin.id, (0.0, 0))
            reached = goal.measure(counted, base)
            end = ends.get(record._origin.id)
            deadline = end and get_deadline(end, days)
            record.marketing_goal_reached = reached
            record.marketing_goal_percent = goal.get_percent(reached)
            record.marketing_goal_summary = self._describe_goal(goal, reached)
            record.marketing_goal_deadline = deadline
            record.marketing_goal_state = goal.judge(reached, base, deadline, now)

    @api.model
    def _describe_goal(self, goal, reached):
        """“12 of 50: Clicked”, in the words of the results."""
        values = {
            "reached": self._format_goal(goal, reached),
            "target": self._format_goal(goal, goal.target),
            "figure": self._name_goal(goal),
        }
        if not goal.target:
            return self.env._("%(reached)s: %(figure)s", **values)
        return self.env._("%(reached)s of %(target)s: %(figure)s", **values)

    @api.model
    def _name_goal(self, goal):
        """What a goal is about, in words."""
        if goal.figure == "event":
            name = self.env["marketing.touchpoint.type"].browse(goal.type_id).name
            if goal.asset_id:
                name += f" “{self.env['marketing.asset'].browse(goal.asset_id).name}”"
            return name
        return dict(self._selection_marketing_goal())[goal.figure]

    @api.model
    def _format_goal(self, goal, number):
        if goal.figure == "won_revenue":
            return format_amount(self.env, number, self.env.company.currency_id)
        digits = 0 if float(number).is_integer() else 1
        text = formatLang(self.env, number, digits=digits)
        return f"{text} %" if goal.unit == "percent" else text

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_view_goal(self):
        """The persons who count for the goal."""
        self.ensure_one()
        self.check_access("read")
        goal = self.sudo()._get_goal()
        return {
            "type": "ir.actions.act_window",
            "name": f"{self.display_name}: {self.sudo()._name_goal(goal)}"
            if goal
            else self.display_name,
            "res_model": "marketing.person",
            "views": [[False, "list"], [False, "kanban"], [False, "form"]],
            "mobile_view_mode": "kanban",
            "domain": [("marketing_goal_of", "=", f"{self._name}:{self.id}")],
            "context": {"create": False},
        }

    def _count_goals_anew(self):
        """Let the worker count what is to be counted now."""
        cron = self.env.ref("email_marketing_crm.ir_cron_marketing_mailing_result")
        cron.sudo()._trigger()

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if any(record.marketing_goal for record in records):
            records._count_goals_anew()
        return records

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {*GOAL_FIELDS, "campaign_id"}:
            self._count_goals_anew()
        return result


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    marketing_goal_of = fields.Char(
        "Reached the Goal of",
        store=False,
        search="_search_marketing_goal_of",
        help="Finds the persons who count for the goal of a mailing or a campaign.",
    )

    @api.model
    def _search_marketing_goal_of(self, operator, value):
        """Persons of "<model>:<id>", by the query that counts them."""
        if operator != "in":
            return NotImplemented
        wanted = defaultdict(list)
        for item in value:
            model, _separator, number = str(item or "").partition(":")
            if model in ("mailing.mailing", "utm.campaign") and number.isdecimal():
                wanted[model].append(int(number))
        self.env.flush_all()
        found = Domain.FALSE
        for model, ids in wanted.items():
            records = self.env[model].browse(ids).exists()
            records.check_access("read")
            mailings = records.sudo()._get_goal_mailings()
            for record in records.sudo():
                goal = record._get_goal()
                if goal and mailings.get(record.id):
                    people = record._get_goal_people(goal, mailings[record.id])
                    found |= Domain(
                        "id", "in", SQL("(SELECT person_id FROM (%s) AS goal)", people)
                    )
        return found
