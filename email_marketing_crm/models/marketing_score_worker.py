"""How the inbox lanes keep the scores: read, apply, write, each in sets.

Not the definition of the models, which is in their own files.
"""

from odoo import api, models
from odoo.tools import SQL

from ..tools import decay
from ..tools.pg_array import to_columns
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
#: PostgreSQL types of `PersonScore.columns`.
SCORE_TYPES = ("float8", "int", "varchar", "timestamp", "int", "int")
#: … and of the values of `PersonScore.lines`.
LINE_TYPES = ("float8", "int", "timestamp", "int")


def _get_columns(rows, types):
    """SQL arguments of `unnest` for rows, a column each."""
    return SQL(", ").join(
        SQL("%s::%s[]", column, SQL(type_name))
        for column, type_name in zip(to_columns(rows), types, strict=True)
    )


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
                SELECT id, model_id, kind, type_id, mailing_id, minimum_reliability,
                       points, maximum, group_id, record_model, domain
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

        `before` becomes the value they would have without the new touchpoints.
        """
        new_ids = {row.id for row in new_rows}
        has_new = {row.person_id for row in new_rows}
        for start in range(0, len(persons), REBUILD_PERSONS):
            part = persons[start : start + REBUILD_PERSONS]
            log = self._read_log(scheme, [person.person_id for person in part])
            hits_of = scheme.match(scheme.select(log))
            for person in part:
                hits = hits_of.get(person.person_id, [])
                person.state = decay.State()
                scheme.apply(person.state, hits)
                person.before = person.state.value
                if person.person_id in has_new:
                    without = decay.State()
                    scheme.apply(
                        without,
                        [hit for hit in hits if hit.touchpoint_id not in new_ids],
                    )
                    person.before = without.value

    @api.model
    def _read_log(self, scheme, person_ids):
        """The touchpoints of persons that can bring points, in order.

        By the index of person, type and date.
        """
        return [
            LogRow(*row)
            for row in self.env.execute_query(
                SQL(
                    """
                    SELECT person_id, id, type_id, date, reliability, mailing_id,
                           company_id
                      FROM marketing_touchpoint
                     WHERE person_id = ANY(%s) AND type_id = ANY(%s)
                     ORDER BY person_id, date, id
                    """,
                    person_ids,
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

    # ------------------------------------------------------------------
    # WRITE
    # ------------------------------------------------------------------

    @api.model
    def _write_persons(self, scheme, persons, now):
        """Write what differs from what is stored; a statement for each kind of change.

        No upsert of rows that exist: each would use up a number of the sequence, and
        there are more events than an integer has numbers.

        :returns: ids of persons whose score is new
        """
        new, changed = [], []
        for person in persons:
            columns = person.columns(scheme)
            if not person.id:
                if person.state.last or scheme.fit:
                    new.append((person.person_id, *columns))
            elif columns != person.stored:
                changed.append((person.id, *columns))
        inserted = self._insert_scores(scheme, new, now) if new else {}
        for person in persons:
            person.id = person.id or inserted.get(person.person_id)
        if changed:
            self._update_scores(changed, now)
        self.env["marketing.score.line"]._write_lines(
            [person for person in persons if person.id]
        )
        self.invalidate_model(flush=False)
        return list(inserted)

    @api.model
    def _update_scores(self, rows, now):
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_score score
                   SET value = new.value, fit = new.fit, grade = new.grade,
                       last_date = new.last_date,
                       last_touchpoint_id = new.last_touchpoint_id,
                       half_life_days = new.half_life_days, update_date = %(now)s
                  FROM unnest(%(columns)s)
                       new (id, value, fit, grade, last_date, last_touchpoint_id,
                            half_life_days)
                 WHERE score.id = new.id
                """,
                columns=_get_columns(rows, ("int", *SCORE_TYPES)),
                now=now,
            )
        )

    @api.model
    def _insert_scores(self, scheme, rows, now):
        """Insert scores of persons that exist and are nobody's alias.

        `ON CONFLICT`: after a change of the number of lanes, two of them may for a
        moment both have events of a person.

        :returns: `{person id: score id}`
        """
        inserted = self.env.execute_query(
            SQL(
                """
                INSERT INTO marketing_score (
                    person_id, value, fit, grade, last_date, last_touchpoint_id,
                    half_life_days, model_id, update_date)
                SELECT new.*, %(model)s, %(now)s
                  FROM unnest(%(columns)s)
                       new (person_id, value, fit, grade, last_date,
                            last_touchpoint_id, half_life_days)
                  JOIN marketing_person person ON person.id = new.person_id
                 WHERE person.merged_into_id IS NULL
                   AND person.is_erased IS NOT TRUE
                ON CONFLICT (person_id, model_id) DO UPDATE
                   SET value = EXCLUDED.value, fit = EXCLUDED.fit,
                       grade = EXCLUDED.grade, last_date = EXCLUDED.last_date,
                       last_touchpoint_id = EXCLUDED.last_touchpoint_id,
                       half_life_days = EXCLUDED.half_life_days,
                       update_date = EXCLUDED.update_date
                RETURNING person_id, id
                """,
                columns=_get_columns(rows, ("int", *SCORE_TYPES)),
                model=scheme.model_id,
                now=now,
            )
        )
        return dict(inserted)

    @api.model
    def _link_persons(self, scheme, person_ids):
        """Let persons show their score of the primary model."""
        if not person_ids:
            return
        self.env["marketing.person"].flush_model(["score_id"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_person person
                   SET score_id = score.id
                  FROM marketing_score score
                 WHERE score.person_id = ANY(%s) AND score.model_id = %s
                   AND person.id = score.person_id
                   AND person.score_id IS DISTINCT FROM score.id
                """,
                person_ids,
                scheme.model_id,
            )
        )
        self.env["marketing.person"].invalidate_model(["score_id"], flush=False)


class MarketingScoreLine(models.Model):
    _inherit = "marketing.score.line"

    @api.model
    def _write_lines(self, persons):
        """Write the lines that differ from what is stored.

        :param persons: `PersonScore` objects with the id of their score
        """
        new, changed, gone = [], [], []
        for person in persons:
            lines = person.lines()
            for rule_id, line in lines.items():
                stored = person.stored_lines.get(rule_id)
                if stored is None:
                    new.append((person.id, rule_id, *line))
                elif stored != line:
                    changed.append((person.id, rule_id, *line))
            gone += [
                (person.id, rule_id)
                for rule_id in person.stored_lines.keys() - lines.keys()
            ]
        if gone:
            self._delete_lines(gone)
        if changed:
            self._update_lines(changed)
        if new:
            self._insert_lines(new)
        self.invalidate_model(flush=False)

    @api.model
    def _delete_lines(self, rows):
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM marketing_score_line line
                 USING unnest(%s) gone (score_id, rule_id)
                 WHERE line.score_id = gone.score_id AND line.rule_id = gone.rule_id
                """,
                _get_columns(rows, ("int", "int")),
            )
        )

    @api.model
    def _update_lines(self, rows):
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_score_line line
                   SET value = new.value, hits = new.hits,
                       last_date = new.last_date, fit = new.fit
                  FROM unnest(%s) new (score_id, rule_id, value, hits, last_date, fit)
                 WHERE line.score_id = new.score_id AND line.rule_id = new.rule_id
                """,
                _get_columns(rows, ("int", "int", *LINE_TYPES)),
            )
        )

    @api.model
    def _insert_lines(self, rows):
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO marketing_score_line
                       (score_id, rule_id, value, hits, last_date, fit)
                SELECT new.*
                  FROM unnest(%s) new (score_id, rule_id, value, hits, last_date, fit)
                ON CONFLICT (score_id, rule_id) DO UPDATE
                   SET value = EXCLUDED.value, hits = EXCLUDED.hits,
                       last_date = EXCLUDED.last_date, fit = EXCLUDED.fit
                """,
                _get_columns(rows, ("int", "int", *LINE_TYPES)),
            )
        )
