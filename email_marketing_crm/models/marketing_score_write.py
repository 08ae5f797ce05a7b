"""How scores and their lines are written: what differs, a statement per kind."""

from odoo import api, models
from odoo.tools import SQL

from ..tools.pg_array import to_columns

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


class MarketingScore(models.Model):
    _inherit = "marketing.score"

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
