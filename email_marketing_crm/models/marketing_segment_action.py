"""What a segment sets on its members by itself, and takes back when they leave."""

from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..tools.conflict import CONFLICTS
from .marketing_segment_rule_query import SEGMENT_TYPES

#: Members of a segment that a new setting is applied to at once.
MEMBERS_PER_BATCH = 1000


class Effect(NamedTuple):
    """What a kind of setting writes.

    :param model: model of the records written
    :param field: name of the field on it
    :param value: name of the field of the setting that holds the value
    """

    model: str
    field: str
    value: str


#: The kinds of settings, and what each of them writes.
EFFECTS = {
    "partner_tag": Effect("res.partner", "category_id", "partner_tag_id"),
    "lead_tag": Effect("crm.lead", "tag_ids", "lead_tag_id"),
    "persona": Effect("marketing.person", "persona_id", "persona_id"),
    "relationship": Effect("res.partner", "marketing_relationship", "relationship"),
}


class MarketingSegmentAction(models.Model):
    """One thing a segment sets on the records of its members: a tag, for example.

    Written by marketers. The inbox lane applies it to who enters and takes it back
    from who leaves (`_consume_inbox`); members there are already follow in batches
    (`_cron_apply_waiting`, from `waiting_from` on). What a record had before is kept:
    each record that was looked at has a mark that says whether the value came from
    here, and only then it is taken back. A value that somebody else takes away stays
    away while the person is a member.
    """

    _name = "marketing.segment.action"
    _description = "Setting on the Members of a Segment"
    _order = "sequence, id"
    _rec_name = "explanation"

    segment_id = fields.Many2one(
        "marketing.segment", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [
            ("partner_tag", "Tag on contacts"),
            ("lead_tag", "Tag on leads"),
            ("persona", "Persona"),
            ("relationship", "Relationship of contacts"),
        ],
        string="Set",
        required=True,
        default="partner_tag",
    )
    partner_tag_id = fields.Many2one(
        "res.partner.category", string="Contact Tag", ondelete="cascade"
    )
    lead_tag_id = fields.Many2one("crm.tag", ondelete="cascade")
    persona_id = fields.Many2one("marketing.persona", ondelete="cascade")
    relationship = fields.Selection(selection="_selection_relationship")
    remove_on_leave = fields.Boolean(
        "Take Back on Leaving",
        default=True,
        help="When a person leaves the segment, what it set is taken back. What was "
        "there before, or was set by somebody else, stays.",
    )
    explanation = fields.Char("What Happens", compute="_compute_explanation")
    waiting_from = fields.Integer(
        readonly=True,
        copy=False,
        default=1,
        help="Members from this person's number on have not been looked at yet; 0 when "
        "all were.",
    )
    mark_ids = fields.One2many(
        "marketing.segment.action.mark", "action_id", readonly=True, copy=False
    )

    _waiting = models.Index("(id) WHERE waiting_from > 0")

    @api.model
    def _selection_relationship(self):
        relationship = self.env["res.partner"]._fields["marketing_relationship"]
        return relationship._description_selection(self.env)

    @api.depends(lambda self: self._get_value_names())
    def _compute_explanation(self):
        for action in self:
            value = action._get_value_name()
            if not value:
                action.explanation = False
            elif action.remove_on_leave:
                action.explanation = self.env._(
                    "Who enters gets %s; who leaves loses it again, unless it was "
                    "there before or was set by somebody else.",
                    value,
                )
            else:
                action.explanation = self.env._(
                    "Who enters gets %s and keeps it.", value
                )

    @api.model
    def _get_value_names(self):
        """Fields that decide what a setting does."""
        return (
            "kind",
            "remove_on_leave",
            *sorted({effect.value for effect in EFFECTS.values()}),
        )

    def _get_value_name(self):
        """What is set, in words; empty while it is not chosen."""
        self.ensure_one()
        value = self._get_value()
        if not value:
            return ""
        if isinstance(value, models.BaseModel):
            name = value.display_name
        else:
            name = dict(self._selection_relationship())[value]
        return {
            "partner_tag": self.env._("the tag “%s” on contacts", name),
            "lead_tag": self.env._("the tag “%s” on leads", name),
            "persona": self.env._("the persona “%s”", name),
            "relationship": self.env._("the relationship “%s”", name),
        }[self.kind]

    def _get_value(self):
        self.ensure_one()
        return self[EFFECTS[self.kind].value]

    @api.constrains(lambda self: self._get_value_names())
    def _check_value(self):
        for action in self:
            if not action._get_value():
                raise ValidationError(
                    self.env._(
                        "Choose what the segment “%s” shall set on its members.",
                        action.segment_id.name,
                    )
                )
        self.segment_id._check_action_loops()

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        actions = super().create(vals_list)
        actions._wake_up()
        return actions

    def write(self, vals):
        """Another value starts anew; what was set before stays where it is."""
        if vals.keys() & (set(self._get_value_names()) - {"remove_on_leave"}):
            self.sudo().mark_ids.unlink()
            vals = vals | {"waiting_from": 1}
        result = super().write(vals)
        if vals.get("waiting_from"):
            self._wake_up()
        return result

    @api.model
    def _wake_up(self):
        self.env.ref("email_marketing_crm.ir_cron_segment_actions").sudo()._trigger()

    # ------------------------------------------------------------------
    # WORKERS
    # ------------------------------------------------------------------

    @api.model
    def _consume_inbox(self, batch):
        """Who entered or left, and members with new records, get what is theirs."""
        actions = self.sudo().search([])
        if not actions:
            return
        persons_by_segment = {}
        for row in batch.of_types(*SEGMENT_TYPES):
            if row.res_model == "marketing.segment":
                persons_by_segment.setdefault(row.res_id, set()).add(row.person_id)
        changed = batch.changed_ids | batch.rebuild_ids
        if changed:
            for segment_id, person_id in self.env.execute_query(
                SQL(
                    "SELECT segment_id, person_id FROM marketing_segment_member"
                    " WHERE person_id = ANY(%s) AND segment_id = ANY(%s)",
                    sorted(changed),
                    actions.segment_id.ids,
                )
            ):
                persons_by_segment.setdefault(segment_id, set()).add(person_id)
        for action in actions:
            person_ids = persons_by_segment.get(action.segment_id.id)
            if person_ids:
                action._apply(sorted(person_ids))

    @api.model
    def _cron_apply_waiting(self):
        """Apply new settings to the members there are, batch by batch.

        Where a lane writes the same records at once, the batch is tried again.
        """
        crons = self.env["ir.cron"]
        for action in self.sudo().search([("waiting_from", ">", 0)]):
            while action.exists() and action.waiting_from:
                try:
                    processed = action._apply_waiting()
                except CONFLICTS:
                    self.env.cr.rollback()
                    self._wake_up()
                    crons._commit_progress()
                    return
                if not crons._commit_progress(processed):
                    self._wake_up()
                    return

    def _apply_waiting(self):
        """Apply a new setting to the next members; returns how many those were."""
        self.ensure_one()
        person_ids = self._get_waiting_ids()
        self._apply(person_ids)
        self.waiting_from = person_ids[-1] + 1 if person_ids else 0
        self.env.flush_all()
        return len(person_ids)

    def _get_waiting_ids(self):
        """The next members that a new setting is applied to."""
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                "SELECT person_id FROM marketing_segment_member"
                " WHERE segment_id = %s AND person_id >= %s AND %s"
                " ORDER BY person_id LIMIT %s",
                self.segment_id.id,
                self.waiting_from,
                self.env["marketing.segment.member"]._get_member_condition(),
                MEMBERS_PER_BATCH,
            )
        )
        return [person_id for (person_id,) in rows]
