import json
from collections import defaultdict
from datetime import datetime

from psycopg2.extras import execute_values

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import decay


class MarketingScoreCheckpoint(models.Model):
    """What the touchpoints that were deleted for their age had brought to a score.

    A rebuild starts here instead of at nothing, so the retention takes no point from
    anybody. The points are those of the rules of that time; rules that no longer exist
    count no more, and a new half-life goes on from the points there were. Written by
    the retention, and by the merging of persons.
    """

    _name = "marketing.score.checkpoint"
    _description = "Points of Deleted Events"
    _log_access = False

    person_id = fields.Many2one(
        "marketing.person", required=True, readonly=True, ondelete="cascade"
    )
    model_id = fields.Many2one(
        "marketing.score.model",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    half_life_days = fields.Integer(required=True, readonly=True)
    last_date = fields.Datetime(required=True, readonly=True)
    last_touchpoint_id = fields.Integer(required=True, readonly=True)
    # {rule: [value at the reference time, times, last time]}; text keeps every digit
    parts = fields.Text(required=True, readonly=True)

    _person_model_unique = models.Constraint(
        "UNIQUE(person_id, model_id)", "A person has one checkpoint by each model."
    )

    @api.model
    def _read_states(self, scheme, person_ids):
        """`{person id: decay.State}` that a rebuild by a scheme starts from."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT person_id, half_life_days, last_date, last_touchpoint_id, parts
                  FROM marketing_score_checkpoint
                 WHERE person_id = ANY(%s) AND model_id = %s
                """,
                list(person_ids),
                scheme.model_id,
            )
        )
        return {
            person_id: self._prepare_state(scheme, half_life, (date, last_id), parts)
            for person_id, half_life, date, last_id, parts in rows
        }

    @api.model
    def _prepare_state(self, scheme, half_life_days, last, parts):
        """The state of a row, in the clock and with the rules of today."""
        factor = 1.0
        if half_life_days != scheme.clock.half_life_days:
            former = decay.Clock(scheme.clock.reference, half_life_days)
            factor = scheme.clock.weight(last[0]) / former.weight(last[0])
        known = {item.rule.id for item in scheme.behaviour}
        state = decay.State(last=last)
        for rule_id, (value, hits, date) in json.loads(parts).items():
            if int(rule_id) in known:
                state.parts[int(rule_id)] = decay.Part(
                    value * factor, hits, datetime.fromisoformat(date)
                )
        state.value = sum(part.value for part in state.parts.values())
        return state

    @api.model
    def _add(self, touchpoint_ids):
        """Add touchpoints that are about to go, by every active model."""
        for scheme in self.env["marketing.score.model"]._read_schemes():
            rows = self.env["marketing.score"]._read_log_where(
                scheme, SQL("id = ANY(%s)", list(touchpoint_ids))
            )
            hits_of = scheme.match(scheme.select(rows))
            states = self._read_states(scheme, hits_of)
            for person_id, hits in hits_of.items():
                state = states.setdefault(person_id, decay.State())
                former = state.last
                scheme.apply(state, hits)
                state.last = max(filter(None, (former, state.last)))
            self._write_states(scheme, states)

    @api.model
    def _write_states(self, scheme, states):
        if not states:
            return
        execute_values(
            self.env.cr._obj,
            """
            INSERT INTO marketing_score_checkpoint (
                person_id, model_id, half_life_days, last_date, last_touchpoint_id,
                parts)
            VALUES %s
            ON CONFLICT (person_id, model_id) DO UPDATE
               SET half_life_days = EXCLUDED.half_life_days,
                   last_date = EXCLUDED.last_date,
                   last_touchpoint_id = EXCLUDED.last_touchpoint_id,
                   parts = EXCLUDED.parts
            """,
            [
                (
                    person_id,
                    scheme.model_id,
                    scheme.clock.half_life_days,
                    *state.last,
                    json.dumps(
                        {
                            rule_id: [part.value, part.hits, part.last_date.isoformat()]
                            for rule_id, part in state.parts.items()
                        }
                    ),
                )
                for person_id, state in states.items()
            ],
        )
        self.invalidate_model(flush=False)

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """What was deleted of several persons counts for the one who stays."""
        persons = [*source_ids, target_id]
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT model_id FROM marketing_score_checkpoint"
                " WHERE person_id = ANY(%s)",
                persons,
            )
        )
        model_ids = [model_id for (model_id,) in rows]
        for scheme in self.env["marketing.score.model"]._read_schemes(model_ids):
            parts = defaultdict(decay.Part)
            states = self._read_states(scheme, persons).values()
            for state in states:
                for rule_id, part in state.parts.items():
                    one = parts[rule_id]
                    one.value += part.value
                    one.hits += part.hits
                    one.last_date = max(filter(None, (one.last_date, part.last_date)))
            last = max(state.last for state in states)
            self._write_states(
                scheme, {target_id: decay.State(parts=dict(parts), last=last)}
            )
        self.env.cr.execute(
            "DELETE FROM marketing_score_checkpoint WHERE person_id = ANY(%s)",
            [list(source_ids)],
        )
        self.invalidate_model(flush=False)


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    @api.model
    def _get_person_models(self):
        return [*super()._get_person_models(), "marketing.score.checkpoint"]
