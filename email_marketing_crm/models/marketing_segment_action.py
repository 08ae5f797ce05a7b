"""What a segment sets on its members by itself, and takes back when they leave."""

from typing import NamedTuple

from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
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

    # ------------------------------------------------------------------
    # SETTING AND TAKING BACK
    # ------------------------------------------------------------------

    def _apply(self, person_ids):
        """Bring the records of some persons in line with their membership now."""
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                "SELECT person_id FROM marketing_segment_member"
                " WHERE segment_id = %s AND person_id = ANY(%s) AND %s",
                self.segment_id.id,
                list(person_ids),
                self.env["marketing.segment.member"]._get_member_condition(),
            )
        )
        members = {person_id for (person_id,) in rows}
        self._set_value(sorted(members))
        self._take_back(sorted(set(person_ids) - members))

    def _get_records(self, person_ids):
        """Records of persons that the segment reaches."""
        self.ensure_one()
        effect = EFFECTS[self.kind]
        records = self.env[effect.model].sudo().with_context(marketing_automated=True)
        if effect.model == "marketing.person":
            return records.browse(person_ids)
        domain = Domain("marketing_person_id", "in", list(person_ids))
        company = self.segment_id.company_id
        if company and "company_id" in records._fields:
            domain &= Domain("company_id", "in", [company.id, False])
        return records.search(domain)

    def _set_value(self, person_ids):
        """Set the value on records that were not looked at during this stay."""
        self.ensure_one()
        if not person_ids:
            return
        records = self._get_records(person_ids)
        fresh = records - records.browse(self._get_marks(records).mapped("res_id"))
        ours = fresh.filtered(self._is_open_for_value)
        self._write_value(ours)
        # A worker that is at the same records at once has made these marks already.
        self.env.cr.execute(
            """
            INSERT INTO marketing_segment_action_mark (action_id, res_id, is_ours)
            SELECT %s, res_id, is_ours
              FROM unnest(%s::int[], %s::bool[]) AS looked_at (res_id, is_ours)
                ON CONFLICT (action_id, res_id) DO NOTHING
            """,
            [self.id, fresh.ids, [record in ours for record in fresh]],
        )
        self.env["marketing.segment.action.mark"].invalidate_model()
        self.invalidate_recordset(["mark_ids"])

    def _take_back(self, person_ids):
        """Take the value back from records that have it from here."""
        self.ensure_one()
        if not person_ids:
            return
        records = self._get_records(person_ids)
        marks = self._get_marks(records)
        ours = records.browse(marks.filtered("is_ours").mapped("res_id"))
        marks.unlink()
        if self.remove_on_leave and ours:
            wanted = self._hand_on_marks(ours)
            self._remove_value((ours - wanted).filtered(self._has_value))

    def _get_marks(self, records):
        return (
            self.env["marketing.segment.action.mark"]
            .sudo()
            .search([("action_id", "=", self.id), ("res_id", "in", records.ids)])
        )

    def _hand_on_marks(self, records):
        """Let another segment that wants the same value answer for it from now on.

        :returns: the records that keep the value therefore
        """
        value = EFFECTS[self.kind].value
        others = self.sudo().search(
            [
                ("id", "!=", self.id),
                ("kind", "=", self.kind),
                (value, "=", self._get_value_key()),
            ]
        )
        marks = (
            self.env["marketing.segment.action.mark"]
            .sudo()
            .search(
                [("action_id", "in", others.ids), ("res_id", "in", records.ids)],
            )
        )
        marks.is_ours = True
        return records.browse(marks.mapped("res_id"))

    def _get_value_key(self):
        value = self._get_value()
        return value.id if isinstance(value, models.BaseModel) else value

    def _is_open_for_value(self, record):
        """Whether the value may be set: a field that says one thing must be empty."""
        current = record[EFFECTS[self.kind].field]
        if record._fields[EFFECTS[self.kind].field].type == "many2many":
            return self._get_value() not in current
        return not current

    def _has_value(self, record):
        current = record[EFFECTS[self.kind].field]
        if record._fields[EFFECTS[self.kind].field].type == "many2many":
            return self._get_value() in current
        return current == self._get_value()

    def _write_value(self, records):
        if not records:
            return
        effect = EFFECTS[self.kind]
        if self.kind == "persona":
            self._answer_persona(records, self.persona_id)
        elif records._fields[effect.field].type == "many2many":
            records.write({effect.field: [Command.link(self._get_value().id)]})
        else:
            records.write({effect.field: self._get_value_key()})

    def _remove_value(self, records):
        if not records:
            return
        effect = EFFECTS[self.kind]
        if self.kind == "persona":
            self._answer_persona(self._filter_concluded(records), None)
        elif records._fields[effect.field].type == "many2many":
            records.write({effect.field: [Command.unlink(self._get_value().id)]})
        else:
            records.write({effect.field: False})

    # ------------------------------------------------------------------
    # PERSONA
    # ------------------------------------------------------------------

    def _get_source(self):
        """What the answers of this setting give as their source."""
        self.ensure_one()
        return self.env._("Segment “%s”", self.segment_id.name)

    def _answer_persona(self, persons, persona):
        """Conclude a persona; what a human said is never hidden by it."""
        self.env["marketing.profile.value"].sudo()._set_values(
            [
                {
                    "person_id": person.id,
                    "attribute": "persona",
                    "value": persona,
                    "origin": "rule",
                    "source": self._get_source(),
                }
                for person in persons
            ]
        )

    def _filter_concluded(self, persons):
        """Those whose persona was concluded here, and by nobody else since."""
        answers = (
            self.env["marketing.profile.value"]
            .sudo()
            .search(
                [
                    ("person_id", "in", persons.ids),
                    ("persona_id", "=", self.persona_id.id),
                    ("kind", "=", "implicit"),
                    ("is_current", "=", True),
                    ("rule_id", "=", False),
                ]
            )
        )
        return answers.person_id
