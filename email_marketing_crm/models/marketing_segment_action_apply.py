"""How a segment sets something on records of its members, and takes it back."""

from odoo import Command, models
from odoo.fields import Domain
from odoo.tools import SQL

from .marketing_segment_action import EFFECTS


class MarketingSegmentAction(models.Model):
    _inherit = "marketing.segment.action"

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
        ours_ids = set(ours.ids)
        self._write_value(ours)
        # A worker that is at the same records at once has made these marks already.
        self.env.cr.execute(
            """
            INSERT INTO marketing_segment_action_mark (action_id, res_id, is_ours)
            SELECT %s, res_id, is_ours
              FROM unnest(%s::int[], %s::bool[]) AS looked_at (res_id, is_ours)
                ON CONFLICT (action_id, res_id) DO NOTHING
            """,
            [self.id, fresh.ids, [res_id in ours_ids for res_id in fresh.ids]],
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
            .search([("action_id", "in", others.ids), ("res_id", "in", records.ids)])
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
