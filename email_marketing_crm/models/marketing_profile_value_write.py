from psycopg2.extras import execute_values

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..tools.profile import kind_of
from .marketing_profile_value import PERSON_COLUMNS

#: Columns of an answer that say what it is.
ANSWER_COLUMNS = ("value", "number", "persona_id", "buyer_stage_id")
#: Fields by which segments look at answers.
WATCHED_FIELDS = frozenset({"persona_id", "buyer_stage_id", "profile_value_ids"})


class MarketingProfileValue(models.Model):
    """How answers are kept, and which of them count.

    Rows are added and flags follow from all rows of a person and attribute; the persona
    and the buyer stage of a person follow from the flags. Everything in sets.
    """

    _inherit = "marketing.profile.value"

    # ------------------------------------------------------------------
    # WRITING
    # ------------------------------------------------------------------

    @api.model
    def _set_values(self, rows):
        """Keep answers about persons; the only writer.

        An implicit answer that says what is known implicitly already is left out, and
        one of an attribute with several answers adds to those there are. An explicit
        one is always kept: it confirms.

        :param rows: dictionaries with `person_id`, `attribute` (a code), `value` (a
            text, number, list of texts or records; None takes back), `origin`;
            optional `date` (default: now), `source` and `rule_id`
        :returns: ids of the persons for whom something was kept
        :raises ValidationError: when an answer cannot be used, saying which and why
        """
        if not rows:
            return []
        parsed = self.env["marketing.profile.attribute"]._parse_values(
            [(row["attribute"], row["value"]) for row in rows]
        )
        for columns in parsed:
            if isinstance(columns, str):
                raise ValidationError(columns)
        now = fields.Datetime.now()
        answers = [
            {
                "date": row.get("date") or now,
                "kind": kind_of(row["origin"]),
                "origin": row["origin"],
                "person_id": row["person_id"],
                "rule_id": row.get("rule_id"),
                "source": row.get("source"),
                "user_id": self.env.uid if row["origin"] == "hand" else None,
            }
            | columns
            for row, columns in zip(rows, parsed, strict=True)
        ]
        answers.sort(key=lambda answer: answer["date"])
        return self.sudo()._keep_answers(answers)

    def _keep_answers(self, answers):
        """Insert answers, oldest first, and let the flags and persons follow."""
        self.flush_model()
        self.env["marketing.person"].flush_model()
        fresh = self._leave_out_known(answers)
        if not fresh:
            return []
        ids = [
            row[0]
            for row in self.env.execute_query(
                SQL(
                    "SELECT nextval('marketing_profile_value_id_seq')"
                    " FROM generate_series(1, %s)",
                    len(fresh),
                )
            )
        ]
        names = (
            "person_id",
            "attribute_id",
            *ANSWER_COLUMNS,
            "kind",
            "origin",
            "date",
            "source",
            "user_id",
            "rule_id",
        )
        execute_values(
            self.env.cr._obj,
            f"INSERT INTO marketing_profile_value (id, {', '.join(names)},"
            " is_current, is_in_effect) VALUES %s",
            [
                (value_id, *(answer[name] for name in names), False, False)
                for value_id, answer in zip(ids, fresh, strict=True)
            ],
            page_size=1000,
        )
        chosen = [
            (value_id, option_id)
            for value_id, answer in zip(ids, fresh, strict=True)
            for option_id in answer["option_ids"]
        ]
        if chosen:
            execute_values(
                self.env.cr._obj,
                "INSERT INTO marketing_profile_value_option_rel (value_id, option_id)"
                " VALUES %s",
                chosen,
                page_size=1000,
            )
        person_ids = sorted({answer["person_id"] for answer in fresh})
        self._refresh_flags(person_ids, {answer["attribute_id"] for answer in fresh})
        return person_ids

    def _leave_out_known(self, answers):
        """Leave out guesses that say nothing new; several answers add up.

        :param answers: oldest first
        """
        guesses = [answer for answer in answers if answer["kind"] == "implicit"]
        known = self._read_guesses(guesses) if guesses else {}
        tags = {
            attribute.id
            for attribute in self.env["marketing.profile.attribute"]
            ._get_by_code()
            .values()
            if attribute.type == "tags"
        }
        fresh = []
        for answer in answers:
            if answer["kind"] == "explicit":
                fresh.append(answer)
                continue
            key = answer["person_id"], answer["attribute_id"]
            former = known.get(key)
            if former and answer["attribute_id"] in tags and answer["option_ids"]:
                joined = former["option_ids"] | answer["option_ids"]
                answer = answer | {
                    "option_ids": joined,
                    "value": self._get_option_names(joined),
                }
            same = former and all(
                former[name] == answer[name]
                for name in ("value", "persona_id", "buyer_stage_id", "option_ids")
            )
            if same or (not former and answer["value"] is None):
                continue
            known[key] = answer
            fresh.append(answer)
        return fresh

    def _get_option_names(self, option_ids):
        options = self.env["marketing.profile.option"].browse(option_ids)
        return ", ".join(options.sorted().mapped("name"))

    def _read_guesses(self, guesses):
        """`{(person, attribute): columns}` of the newest implicit answers."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT answer.person_id, answer.attribute_id, answer.value,
                       answer.persona_id, answer.buyer_stage_id,
                       ARRAY(SELECT option_id FROM marketing_profile_value_option_rel
                              WHERE value_id = answer.id)
                  FROM marketing_profile_value answer
                 WHERE answer.person_id = ANY(%s) AND answer.attribute_id = ANY(%s)
                   AND answer.kind = 'implicit' AND answer.is_current
                """,
                sorted({answer["person_id"] for answer in guesses}),
                sorted({answer["attribute_id"] for answer in guesses}),
            )
        )
        return {
            (person_id, attribute_id): {
                "value": value,
                "persona_id": persona_id,
                "buyer_stage_id": stage_id,
                "option_ids": frozenset(option_ids),
            }
            for person_id, attribute_id, value, persona_id, stage_id, option_ids in rows
        }

    def _refresh_flags(self, person_ids, attribute_ids):
        """Say anew which answers of persons are the newest and which count.

        Depends on the rows alone: answers that come in late, and those of merged
        persons, take the place that their date gives them.
        """
        ranked = SQL(
            """
            SELECT id, is_newest AS is_current,
                   is_newest AND has_value AND (
                       kind = 'explicit' OR type = 'tags' OR NOT bool_or(
                           is_newest AND has_value AND kind = 'explicit')
                       OVER (PARTITION BY person_id, attribute_id)) AS is_in_effect
              FROM (SELECT answer.id, answer.person_id, answer.attribute_id,
                           answer.kind, answer.value IS NOT NULL AS has_value,
                           attribute.type,
                           row_number() OVER (
                               PARTITION BY answer.person_id, answer.attribute_id,
                                            answer.kind
                               ORDER BY answer.date DESC, answer.id DESC
                           ) = 1 AS is_newest
                      FROM marketing_profile_value answer
                      JOIN marketing_profile_attribute attribute
                        ON attribute.id = answer.attribute_id
                     WHERE answer.person_id = ANY(%s)
                       AND answer.attribute_id = ANY(%s)) answer
            """,
            list(person_ids),
            list(attribute_ids),
        )
        # First the old ones: no two rows may be the newest, not for a moment.
        for condition in (
            SQL("answer.is_current AND NOT ranked.is_current"),
            SQL("TRUE"),
        ):
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE marketing_profile_value answer
                       SET is_current = ranked.is_current,
                           is_in_effect = ranked.is_in_effect
                      FROM (%s) ranked
                     WHERE answer.id = ranked.id AND %s
                       AND (answer.is_current, answer.is_in_effect)
                           IS DISTINCT FROM (ranked.is_current, ranked.is_in_effect)
                    """,
                    ranked,
                    condition,
                )
            )
        self.invalidate_model()
        self._refresh_persons(person_ids, attribute_ids)

    def _refresh_persons(self, person_ids, attribute_ids):
        """Let the persona and the buyer stage of persons follow their answers.

        One look at the index for each person: a join is planned badly while the
        database does not know yet how many answers came in.
        """
        attributes = self.env["marketing.profile.attribute"].browse(attribute_ids)
        for attribute in attributes:
            column = PERSON_COLUMNS.get(attribute.type)
            if not column:
                continue
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE marketing_person person
                       SET %(column)s = found.%(column)s
                      FROM (SELECT given.id,
                                   (SELECT answer.%(column)s
                                      FROM marketing_profile_value answer
                                     WHERE answer.person_id = given.id
                                       AND answer.attribute_id = %(attribute)s
                                       AND answer.is_in_effect)
                              FROM unnest(%(persons)s::int[]) given (id)
                           ) found (id, %(column)s)
                     WHERE person.id = found.id
                       AND person.%(column)s IS DISTINCT FROM found.%(column)s
                    """,
                    column=SQL.identifier(column),
                    attribute=attribute.id,
                    persons=list(person_ids),
                )
            )
        self.env["marketing.person"].browse(person_ids).invalidate_recordset()
        watched = self.env["marketing.segment"]._get_watched_fields("marketing.person")
        if watched & WATCHED_FIELDS:
            self.env["marketing.inbox"]._push(person_ids, "changed")

    # ------------------------------------------------------------------
    # MERGE
    # ------------------------------------------------------------------

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """Give the answers of merged persons to the survivor: the newest ones count."""
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT attribute_id FROM marketing_profile_value"
                " WHERE person_id = ANY(%s)",
                list(source_ids),
            )
        )
        if not rows:
            return
        self.env.cr.execute(
            """
            UPDATE marketing_profile_value
               SET person_id = %s, is_current = FALSE, is_in_effect = FALSE
             WHERE person_id = ANY(%s)
            """,
            [target_id, list(source_ids)],
        )
        self.env.cr.execute(
            "UPDATE marketing_person SET persona_id = NULL, buyer_stage_id = NULL"
            " WHERE id = ANY(%s)",
            [list(source_ids)],
        )
        self.sudo()._refresh_flags([target_id], [row[0] for row in rows])
