"""What is opened from a segment: its members, their records, and mailings to them."""

from odoo import Command, api, fields, models


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

    is_scope_shown = fields.Boolean(compute="_compute_is_scope_shown")

    @api.depends("rule_ids.is_scope_shown")
    def _compute_is_scope_shown(self):
        for segment in self:
            segment.is_scope_shown = any(segment.rule_ids.mapped("is_scope_shown"))

    def action_view_members(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Members of %s", self.name),
            "res_model": "marketing.segment.member",
            "view_mode": "list,kanban",
            "domain": [("segment_id", "=", self.id), ("state", "=", "member")],
            "context": {"default_segment_id": self.id, "hide_segment": True},
        }

    def action_view_excluded(self):
        self.ensure_one()
        action = self.action_view_members()
        return action | {
            "name": self.env._("Excluded from %s", self.name),
            "domain": [("segment_id", "=", self.id), ("state", "=", "excluded")],
        }

    def action_view_records(self):
        """The members' records in their own list, with all its filters and actions.

        Who may not read such records sees the members.
        """
        self.ensure_one()
        if not self.env[self.res_model].has_access("read"):
            return self.action_view_members()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self.res_model,
            "view_mode": "list,kanban,form",
            "domain": self._get_records_domain(),
        }

    def action_view_mailings(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Mailings to %s", self.name),
            "res_model": "mailing.mailing",
            "view_mode": "list,kanban,form",
            "domain": self._get_records_domain(),
        }

    def action_send_mailing(self):
        """Start a mailing to the members."""
        self.ensure_one()
        mailing = self.env["mailing.mailing"]._begin(self._prepare_mailing_values())
        return {
            "type": "ir.actions.act_window",
            "res_model": "mailing.mailing",
            "res_id": mailing.id,
            "view_mode": "form",
            "context": dict(self.env.context, form_view_initial_mode="edit"),
        }

    def _prepare_mailing_values(self):
        self.ensure_one()
        return {
            "subject": self.name,
            "mailing_type": "mail",
            "mailing_model_id": self.env["ir.model"]._get_id(self.res_model),
            "mailing_domain": repr(self._get_records_domain()),
            "marketing_segment_ids": [Command.set(self.ids)],
        }

    def _get_records_domain(self):
        """Domain of what belongs to the segment: records of persons, or mailings."""
        return [("marketing_segment_ids", "in", self.ids)]
