"""How the inbox lanes keep the scores: read and apply, each in sets.

Not the definition of the models, which is in their own files.
"""

from odoo import api, models
from odoo.tools import SQL

from ..tools import decay
from ..tools.reliability import RANK
from ..tools.score_rules import (
    BehaviourRule,
    Bounds,
    FitRule,
    LogRow,
    PersonScore,
    Scheme,
)

#: Persons whose log is read at once: bounds the memory of a rebuild.
REBUILD_PERSONS = 500


class MarketingScoreModel(models.Model):
    _inherit = "marketing.score.model"

    @api.model
    def _consume_inbox(self, batch):
        """Score the persons of a batch by every active model."""
        primary_id = None
        for scheme in self._read_schemes():
            primary_id = primary_id or scheme.model_id
            self.env["marketing.score"].sudo()._consume(
                scheme, batch, is_primary=scheme.model_id == primary_id
            )

    @api.model
    def _read_schemes(self, model_ids=None):
        """The models as workers see them, the primary one first.

        Read from the tables: a rule that was changed a moment ago must count, and the
        caches of a worker are older than its snapshot.

        :param model_ids: these, active or not; None for all active ones
        """
        for name in ("model", "rule", "group"):
            self.env[f"marketing.score.{name}"].flush_model()
        schemes = self.env.execute_query(
            SQL(
                """
                SELECT id, half_life_days, reference_date, maximum, fit_maximum,
                       grade_a, grade_b, grade_c, grade_d, threshold, company_id,
                       minimum_reliability
                  FROM marketing_score_model
                 WHERE %s
                 ORDER BY sequence, id
                """,
                SQL("active") if model_ids is None else SQL("id = ANY(%s)", model_ids),
            )
        )
        rules = self.env.execute_query_dict(
            SQL(
                """
                SELECT id, model_id, kind, type_id, mailing_id, asset_id,
                       minimum_reliability, points, maximum, group_id, record_model,
                       domain
                  FROM marketing_score_rule
                 WHERE active AND model_id = ANY(%s)
                 ORDER BY sequence, id
                """,
                [row[0] for row in schemes],
            )
        )
        groups = dict(
            self.env.execute_query(SQL("SELECT id, maximum FROM marketing_score_group"))
        )
        return [
            self._prepare_scheme(
                row, [rule for rule in rules if rule["model_id"] == row[0]], groups
            )
            for row in schemes
        ]

    @api.model
    def _prepare_scheme(self, row, rules, groups):
        (model_id, half_life, reference, maximum, fit_maximum, *bounds) = row[:9]
        threshold, company_id, reliability = row[9:]
        points_of = {
            rule["id"]: decay.Rule(
                rule["id"], rule["points"], rule["maximum"] or 0, rule["group_id"]
            )
            for rule in rules
        }
        return Scheme(
            model_id=model_id,
            clock=decay.Clock(reference, half_life),
            limits=decay.Limits(maximum, groups),
            fit_maximum=fit_maximum,
            bounds=Bounds(*bounds),
            threshold=threshold or 0,
            company_id=company_id,
            behaviour=tuple(
                BehaviourRule(
                    points_of[rule["id"]],
                    rule["type_id"],
                    rule["mailing_id"],
                    RANK[rule["minimum_reliability"] or reliability],
                    rule["asset_id"] and ("marketing.asset", rule["asset_id"]),
                )
                for rule in rules
                if rule["kind"] == "behaviour"
            ),
            fit=tuple(
                FitRule(points_of[rule["id"]], rule["record_model"], rule["domain"])
                for rule in rules
                if rule["kind"] == "fit"
            ),
        )


class MarketingScore(models.Model):
    _inherit = "marketing.score"

    @api.model
    def _consume(self, scheme, batch, is_primary):
        """Bring the scores of one model up to date with a batch of the inbox."""
        rows = scheme.select(batch.touchpoints)
        rewritten = batch.rebuild_ids | (batch.changed_ids if scheme.fit else set())
        person_ids = sorted({row.person_id for row in rows} | rewritten)
        if not person_ids:
            return
        persons = self._read_persons(scheme, person_ids)
        late = self._apply_new_hits(scheme, batch, rows, persons)
        self._replay(scheme, [persons[key] for key in sorted(late)], rows)
        self._apply_fit(
            scheme,
            [
                person
                for person in persons.values()
                if person.person_id in rewritten or not person.id
            ],
        )
        self._capture_thresholds(scheme, batch, rows, persons)
        new_ids = self._write_persons(scheme, list(persons.values()), batch.now)
        if is_primary:
            self._link_persons(scheme, [*new_ids, *batch.rebuild_ids])

    @api.model
    def _read_persons(self, scheme, person_ids):
        """Scores with their lines as they are stored: `{person id: PersonScore}`."""
        self.flush_model()
        self.env["marketing.score.line"].flush_model()
        persons = {person_id: PersonScore(person_id) for person_id in person_ids}
        by_score = {}
        # by the unique index of person and model
        for row in self.env.execute_query(
            SQL(
                """
                SELECT id, person_id, value, fit, grade, last_date,
                       last_touchpoint_id, half_life_days
                  FROM marketing_score
                 WHERE person_id = ANY(%s) AND model_id = %s
                """,
                person_ids,
                scheme.model_id,
            )
        ):
            person = by_score[row[0]] = persons[row[1]]
            person.id, person.stored, person.grade = row[0], row[2:], row[4]
            person.state.value = person.before = row[2]
            if row[5]:
                person.state.last = (row[5], row[6])
        # by the unique index of score and rule
        for score_id, rule_id, *line in self.env.execute_query(
            SQL(
                """
                SELECT score_id, rule_id, value, hits, last_date, fit
                  FROM marketing_score_line
                 WHERE score_id = ANY(%s)
                """,
                list(by_score),
            )
        ):
            person = by_score[score_id]
            person.stored_lines[rule_id] = tuple(line)
            if line[1]:  # an event happened at least once
                person.state.parts[rule_id] = decay.Part(*line[:3])
            else:
                person.fit[rule_id] = line[3]
        return persons

    @api.model
    def _apply_new_hits(self, scheme, batch, rows, persons):
        """Add what happened in the order of the dates.

        :returns: persons whose history must be replayed instead: it was rewritten, an
            event is older than what was counted already, or the half-life changed
        """
        late = set(batch.rebuild_ids)
        for person in persons.values():
            if person.id and person.stored[-1] != scheme.clock.half_life_days:
                late.add(person.person_id)
        for row in rows:
            # Also when it brings no points: it may have brought some before.
            if decay.is_late(persons[row.person_id].state, row.date, row.id):
                late.add(row.person_id)
        for person_id, hits in scheme.match(rows).items():
            if person_id not in late:
                scheme.apply(persons[person_id].state, hits)
        return late

    @api.model
    def _replay(self, scheme, persons, new_rows=()):
        """Score the behaviour of persons from the first event of the log on.

        What was deleted for its age is in the checkpoint that the replay starts from.
        `before` becomes the value they would have without the new touchpoints.
        """
        new_ids = {row.id for row in new_rows}
        has_new = {row.person_id for row in new_rows}
        for start in range(0, len(persons), REBUILD_PERSONS):
            part = persons[start : start + REBUILD_PERSONS]
            log = self._read_log(scheme, [person.person_id for person in part])
            hits_of = scheme.match(scheme.select(log))
            starts = self.env["marketing.score.checkpoint"]._read_states(
                scheme, [person.person_id for person in part]
            )
            for person in part:
                hits = hits_of.get(person.person_id, [])
                start = starts.get(person.person_id)
                person.state = scheme.replay(start, hits)
                person.before = person.state.value
                if person.person_id in has_new:
                    known = [hit for hit in hits if hit.touchpoint_id not in new_ids]
                    person.before = scheme.replay(start, known).value

    @api.model
    def _read_log(self, scheme, person_ids):
        """The touchpoints of persons that can bring points, in order.

        By the index of person, type and date.
        """
        return self._read_log_where(scheme, SQL("person_id = ANY(%s)", person_ids))

    @api.model
    def _read_log_where(self, scheme, condition):
        """The touchpoints under an SQL condition that can bring points, in order."""
        return [
            LogRow(*row)
            for row in self.env.execute_query(
                SQL(
                    """
                    SELECT person_id, id, type_id, date, reliability, mailing_id,
                           company_id, res_model, res_id
                      FROM marketing_touchpoint
                     WHERE %s AND type_id = ANY(%s)
                     ORDER BY person_id, date, id
                    """,
                    condition,
                    scheme.type_ids,
                )
            )
        ]

    @api.model
    def _apply_fit(self, scheme, persons):
        """Ask the records of persons for what the fit rules look at."""
        fulfilled = self.env["marketing.score.rule"]._get_fulfilled(
            scheme, [person.person_id for person in persons]
        )
        for person in persons:
            person.fit = scheme.grant_fit(fulfilled[person.person_id])
            person.grade = scheme.grade(sum(person.fit.values()))

    @api.model
    def _compute_anew(self, scheme, person_ids):
        """Scores of persons as a rebuild would make them, without writing."""
        persons = [PersonScore(person_id) for person_id in person_ids]
        self._replay(scheme, persons)
        self._apply_fit(scheme, persons)
        return persons

    @api.model
    def _capture_thresholds(self, scheme, batch, rows, persons):
        """Record who reached the threshold by something new.

        The key names the newest event: the same batch taken again records nothing
        twice, a later crossing does, and a rebuild alone is no event.
        """
        limit = scheme.threshold_value(batch.now)
        if limit is None:
            return
        newest = {}
        for row in rows:
            newest[row.person_id] = max(row.id, newest.get(row.person_id, 0))
        self.env["marketing.touchpoint"]._capture(
            [
                self._prepare_threshold_values(
                    scheme, batch, persons[person_id], touchpoint_id
                )
                for person_id, touchpoint_id in newest.items()
                if persons[person_id].before < limit <= persons[person_id].state.value
            ]
        )

    @api.model
    def _prepare_threshold_values(self, scheme, batch, person, touchpoint_id):
        points = scheme.clock.points(person.state.value, batch.now)
        return {
            "type": "score_threshold",
            "person_id": person.person_id,
            "date": batch.now,
            "res_model": "marketing.score.model",
            "res_id": scheme.model_id,
            "company_id": scheme.company_id,
            "dedup_key": f"score:{scheme.model_id}:{person.person_id}:{touchpoint_id}",
            "data": {"score": decay.whole(points), "threshold": scheme.threshold},
        }
