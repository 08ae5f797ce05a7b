from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.journey_tree import find_ancestor, find_problems, order_nodes


class MarketingJourneyVersion(models.Model):
    """The steps of a journey at one time.

    States: `draft` (in work, at most one of a journey), `published` (the one people
    enter on, at most one), `replaced` (a newer one was published; whoever entered on
    it finishes on it). From publishing on neither the version nor its steps change;
    the texts of its mails may, as a typing error must be curable.
    Written by the buttons of the journey only.
    """

    _name = "marketing.journey.version"
    _description = "Journey Version"
    _order = "journey_id, number DESC"
    _rec_name = "number"

    journey_id = fields.Many2one(
        "marketing.journey", required=True, readonly=True, ondelete="cascade"
    )
    number = fields.Integer("Version", required=True, readonly=True)
    state = fields.Selection(
        [("draft", "In work"), ("published", "Running"), ("replaced", "Replaced")],
        required=True,
        readonly=True,
        default="draft",
    )
    published_date = fields.Datetime("Published On", readonly=True)
    published_by_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    step_ids = fields.One2many("marketing.journey.step", "version_id")
    live_count = fields.Integer("Under Way", compute="_compute_live_count")

    # Also finds the versions of a journey.
    _number_unique = models.Constraint(
        "UNIQUE(journey_id, number)", "A journey has each version number once."
    )
    _draft_unique = models.UniqueIndex(
        "(journey_id) WHERE state = 'draft'", "One version is in work at a time."
    )
    _published_unique = models.UniqueIndex(
        "(journey_id) WHERE state = 'published'", "One version runs at a time."
    )

    @api.depends("number", "state")
    def _compute_display_name(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        for version in self:
            version.display_name = self.env._(
                "Version %(number)s (%(state)s)",
                number=version.number,
                state=labels.get(version.state, version.state),
            )

    def _compute_live_count(self):
        counts = dict(
            self.env["marketing.journey.participant"]._read_group(
                [("version_id", "in", self.ids), ("is_live", "=", True)],
                ["version_id"],
                ["__count"],
            )
        )
        for version in self:
            version.live_count = counts.get(version, 0)

    # ------------------------------------------------------------------
    # TREE
    # ------------------------------------------------------------------

    def _get_nodes(self):
        return [step._get_node() for step in self.step_ids]

    def _refresh_tree(self):
        """Write what follows from the shape: order, indent, mail a wait listens to."""
        for version in self:
            steps = self.env["marketing.journey.step"].search(
                [("version_id", "=", version.id)]
            )
            by_id = {step.id: step for step in steps}
            nodes = [step._get_node() for step in steps]
            for rank, place in enumerate(order_nodes(nodes), start=1):
                step = by_id[place.id]
                mail_id = find_ancestor(nodes, step.id, "mail")
                values = {
                    "position": rank,
                    "level": place.level,
                    "mail_step_id": mail_id or False,
                }
                if any(
                    step._fields[name].convert_to_write(step[name], step) != value
                    for name, value in values.items()
                ):
                    step.write(values)
            version.invalidate_recordset(["step_ids"])

    def _get_problems(self):
        """Sentences that say what must be put right before publishing."""
        if not self:
            return []
        self.ensure_one()
        by_id = {step.id: step for step in self.step_ids}
        edges = self.env["marketing.journey.step"]._get_kind_edges()
        sentences = [
            self._describe_problem(problem.code, by_id.get(problem.node_id))
            for problem in find_problems(self._get_nodes(), edges)
        ]
        for step in self.step_ids:
            sentences += step._get_problems()
        return sentences

    def _describe_problem(self, code, step):
        name = step.display_name if step else ""
        return {
            "empty": self.env._("The journey has no steps yet: add the first one."),
            "several_first": self.env._(
                "“%s” has no step before it, but another step is the first one.", name
            ),
            "unreachable": self.env._("“%s” cannot be reached from the start.", name),
            "wrong_edge": self.env._(
                "“%(step)s” cannot follow “%(parent)s” in this way.",
                step=name,
                parent=step.parent_id.display_name if step else "",
            ),
            "edge_taken": self.env._(
                "“%s” has the same place as another step: only one can follow.", name
            ),
            "no_branch": self.env._(
                "“%s” leads nowhere: add a step for “yes” or for “no”.", name
            ),
        }[code]

    # ------------------------------------------------------------------
    # LIFE
    # ------------------------------------------------------------------

    def _publish(self, user):
        """Freeze this draft and let it replace the running version."""
        self.ensure_one()
        problems = self._get_problems()
        if problems:
            raise UserError("\n".join(problems))
        self.journey_id.version_id.write({"state": "replaced"})
        self.flush_model(["state"])  # each index takes one version at a time
        self.write(
            {
                "state": "published",
                "published_date": fields.Datetime.now(),
                "published_by_id": user.id,
            }
        )
        self.flush_model(["state"])

    def _make_draft(self):
        """A new version in work with copies of these steps and their mails."""
        self.ensure_one()
        numbers = self.journey_id.version_ids.mapped("number")
        draft = self.create(
            {"journey_id": self.journey_id.id, "number": max(numbers) + 1}
        )
        self._copy_steps_to(draft)
        return draft

    def _copy_steps_to(self, version):
        """Copy the steps, parents first; a step keeps its key within the journey."""
        same_journey = version.journey_id == self.journey_id
        copies = {}
        for step in self.step_ids.sorted("position"):
            copies[step.id] = step.copy(
                {
                    "version_id": version.id,
                    "parent_id": copies[step.parent_id.id].id
                    if step.parent_id
                    else False,
                }
                | ({"key": step.key} if same_journey else {})
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        if self.filtered(lambda version: version.state != "draft"):
            raise UserError(
                self.env._("A version that was published stays: people walked it.")
            )

    def unlink(self):
        mailings = self.step_ids.mailing_id
        result = super().unlink()
        self.env["marketing.journey.step"]._discard_mailings(mailings)
        return result

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_view_steps(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_journey_step_action"
        )
        action["display_name"] = self.env._(
            "%(journey)s, version %(number)s",
            journey=self.journey_id.name,
            number=self.number,
        )
        action["domain"] = [("version_id", "=", self.id)]
        action["context"] = {"default_version_id": self.id}
        return action

    def action_view_participants(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_journey_participant_action"
        )
        action["domain"] = [("version_id", "=", self.id)]
        action["context"] = {"search_default_live": 1}
        return action
