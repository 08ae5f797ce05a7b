from odoo import api, fields, models

from .marketing_journey_participant import LIVE_STATES


class MarketingJourneyStep(models.Model):
    """The figures of a step and what its buttons open."""

    _inherit = "marketing.journey.step"

    here_count = fields.Integer("Here Now", compute="_compute_counts")
    error_count = fields.Integer("Failed Here", compute="_compute_counts")
    passed_count = fields.Integer("Passed", compute="_compute_counts")
    yes_count = fields.Integer("Went On by Yes", compute="_compute_counts")
    no_count = fields.Integer("Went On by No", compute="_compute_counts")
    yes_rate = fields.Float(
        "Yes", compute="_compute_counts", help="Part of those decided who said yes."
    )
    outline = fields.Char("Place", compute="_compute_outline")

    def _compute_counts(self):
        """Two grouped queries for all steps shown, each served by an index."""
        here = {}
        for step, state, count in self.env["marketing.journey.participant"]._read_group(
            [("step_id", "in", self.ids), ("state", "in", LIVE_STATES)],
            ["step_id", "state"],
            ["__count"],
        ):
            here[step.id, state] = count
        passed = {}
        for step, outcome, count in self.env["marketing.journey.log"]._read_group(
            [("step_id", "in", self.ids), ("event", "=", "step")],
            ["step_id", "outcome"],
            ["__count"],
        ):
            passed.setdefault(step.id, {})[outcome] = count
        for step, outcome, count in self.env[
            "marketing.journey.step.count"
        ]._read_group(
            [("step_id", "in", self.ids)], ["step_id", "outcome"], ["count:sum"]
        ):
            counts = passed.setdefault(step.id, {})
            counts[outcome] = counts.get(outcome, 0) + count
        for step in self:
            outcomes = passed.get(step.id, {})
            step.here_count = sum(here.get((step.id, s), 0) for s in LIVE_STATES)
            step.error_count = here.get((step.id, "error"), 0)
            step.passed_count = sum(outcomes.values())
            step.yes_count = outcomes.get("yes", 0)
            step.no_count = outcomes.get("no", 0)
            decided = step.yes_count + step.no_count
            step.yes_rate = step.yes_count / decided if decided else 0.0

    @api.depends("level", "edge", "parent_id", "name", "summary")
    def _compute_outline(self):
        """The step as a line of an indented list: "    If yes: Add tag: Engaged"."""
        labels = dict(self._fields["edge"]._description_selection(self.env))
        for step in self:
            branch = "" if step.edge == "next" else f"{labels.get(step.edge)}: "
            indent = "\u2003" * 2 * step.level
            step.outline = f"{indent}{branch}{step.display_name}"

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    @api.model
    def _get_dialog_view_id(self):
        return self.env.ref(
            "email_marketing_crm.marketing_journey_step_view_form_dialog"
        ).id

    @api.model
    def _get_new_action(self, version, parent=None):
        """Dialog to add a step to a version in work."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Add a Step"),
            "res_model": "marketing.journey.step",
            "views": [(self._get_dialog_view_id(), "form")],
            "target": "new",
            "context": {
                "default_version_id": version.id,
                "default_parent_id": parent.id if parent else False,
                # Steps mostly take turns: after a mail comes a wait.
                "default_kind": "wait_event"
                if parent and parent.kind == "mail"
                else "mail",
            },
        }

    def action_add_after(self):
        self.ensure_one()
        return self._get_new_action(self.version_id, self)

    def action_edit(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Step"),
            "res_model": "marketing.journey.step",
            "res_id": self.id,
            "views": [(self._get_dialog_view_id(), "form")],
            "target": "new",
        }

    def action_remove(self):
        self.unlink()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_open_mailing(self):
        """Write the mail, or look at its statistics."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "mailing.mailing",
            "res_id": self.mailing_id.id,
            "view_mode": "form",
        }

    def _get_participants_action(self, title, domain):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "email_marketing_crm.marketing_journey_participant_action"
        )
        action["display_name"] = f"{self.display_name}: {title}"
        action["domain"] = domain
        action["context"] = {}
        return action

    def action_view_here(self):
        return self._get_participants_action(
            self.env._("here now"),
            [("step_id", "=", self.id), ("is_live", "=", True)],
        )

    def action_view_errors(self):
        return self._get_participants_action(
            self.env._("failed"), [("step_id", "=", self.id), ("state", "=", "error")]
        )

    def action_view_passed(self):
        return self._get_participants_action(
            self.env._("passed"), self._get_passed_domain()
        )

    def action_view_yes(self):
        return self._get_participants_action(
            self.env._("yes"), self._get_passed_domain("yes")
        )

    def action_view_no(self):
        return self._get_participants_action(
            self.env._("no"), self._get_passed_domain("no")
        )

    def _get_passed_domain(self, outcome=None):
        """Participants who passed this step; one `any`, so that it is one line."""
        line = [("step_id", "=", self.id), ("event", "=", "step")]
        if outcome:
            line.append(("outcome", "=", outcome))
        return [("log_ids", "any", line)]
