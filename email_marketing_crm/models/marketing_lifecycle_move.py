from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.handoff_lifecycle import plan_moves


class MarketingLifecycleMove(models.Model):
    """One change of the life-cycle stage of a person. Append-only.

    Written only by `_move_persons`, in the statement that changes
    `marketing.person.lifecycle_stage_id`, so that the last move of a person always
    ends where he stands. `from_stage_id` is empty for the first move. Nobody edits or
    deletes a row; the merging of persons moves rows to the survivor.
    """

    _name = "marketing.lifecycle.move"
    _description = "Life-cycle Move"
    _order = "date desc, id desc"
    _rec_name = "to_stage_id"
    _log_access = False

    person_id = fields.Many2one(
        "marketing.person", required=True, readonly=True, ondelete="cascade"
    )
    from_stage_id = fields.Many2one(
        "marketing.lifecycle.stage", "From", readonly=True, ondelete="restrict"
    )
    to_stage_id = fields.Many2one(
        "marketing.lifecycle.stage",
        "To",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    is_backward = fields.Boolean("Backward", readonly=True)
    cause = fields.Char(readonly=True)
    date = fields.Datetime(required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users", "By", readonly=True, ondelete="set null", index="btree_not_null"
    )

    # History of a person, newest first.
    _person_date = models.Index("(person_id, date DESC)")
    # Who reached a stage in a period, for the funnel.
    _stage_date = models.Index("(to_stage_id, date)")

    @api.model
    def _move_persons(self, person_ids, code, cause, backward=False):
        """Move persons to a stage, and keep why; one statement for all of them.

        :param person_ids: who; those who stand there already are left alone
        :param code: code of the stage
        :param cause: why, in a few words for people
        :param backward: move back those who stand behind the stage, but not those
            who reached a lasting stage; without it nobody moves back
        :returns: ids of the persons that were moved
        :raises KeyError: for a stage that does not exist
        """
        if not person_ids:
            return []
        stage_id = self.env["marketing.lifecycle.stage"]._get_ids_by_code()[code]
        self.env["marketing.person"].flush_model(["lifecycle_stage_id"])
        self.env["marketing.lifecycle.stage"].flush_model(["sequence", "is_lasting"])
        if backward:
            condition = SQL(
                "(origin.sequence, origin.id) > (stage.sequence, stage.id)"
                " AND origin.is_lasting IS NOT TRUE"
            )
        else:
            condition = SQL(
                "(origin.id IS NULL"
                " OR (origin.sequence, origin.id) < (stage.sequence, stage.id))"
            )
        moved = self.env.execute_query(
            SQL(
                """
                WITH step AS (
                    SELECT person.id, origin.id AS origin_id, stage.id AS stage_id
                      FROM marketing_person person
                      JOIN marketing_lifecycle_stage stage ON stage.id = %(stage)s
                      LEFT JOIN marketing_lifecycle_stage origin
                             ON origin.id = person.lifecycle_stage_id
                     WHERE person.id = ANY(%(persons)s) AND %(condition)s
                     ORDER BY person.id
                ),
                moved AS (
                    UPDATE marketing_person person
                       SET lifecycle_stage_id = step.stage_id
                      FROM step
                     WHERE person.id = step.id
                )
                INSERT INTO marketing_lifecycle_move (
                    person_id, from_stage_id, to_stage_id, is_backward, cause, date,
                    user_id)
                SELECT id, origin_id, stage_id, %(backward)s, %(cause)s, %(now)s,
                       %(user)s
                  FROM step
                RETURNING person_id
                """,
                stage=stage_id,
                persons=list(person_ids),
                condition=condition,
                backward=backward,
                cause=cause,
                now=fields.Datetime.now(),
                user=self.env.uid,
            )
        )
        moved_ids = [person_id for (person_id,) in moved]
        if moved_ids:
            persons = self.env["marketing.person"].browse(moved_ids)
            persons.invalidate_recordset(["lifecycle_stage_id"])
            persons._watch_fields(["lifecycle_stage_id"])
        return moved_ids

    @api.model
    def _learn_from(self, touchpoints):
        """Move persons as their touchpoints say; see `tools/handoff_lifecycle.py`."""
        if not touchpoints:
            return
        intent = self.env["marketing.person"]._get_intent_type_ids()
        stages = self.env["marketing.lifecycle.stage"]._get_ids_by_code()
        order = {code: position for position, code in enumerate(stages)}
        type_model = self.env["marketing.touchpoint.type"]
        for move in plan_moves(touchpoints, intent, order):
            person_ids = move.person_ids
            if move.type_code == "lost":
                person_ids = self._without_open_opportunity(person_ids)
            cause = type_model.browse(type_model._get_id(move.type_code)).name
            self._move_persons(person_ids, move.code, cause, backward=move.backward)

    @api.model
    def _without_open_opportunity(self, person_ids):
        """Leave out persons whom sales still works on, whatever else was lost."""
        busy = (
            self.env["crm.lead"]
            .sudo()
            ._read_group(
                [
                    ("marketing_person_id", "in", person_ids),
                    ("won_status", "=", "pending"),
                    ("type", "=", "opportunity"),
                ],
                ["marketing_person_id"],
            )
        )
        busy_ids = {person.id for (person,) in busy}
        return [person_id for person_id in person_ids if person_id not in busy_ids]

    @api.model
    def _merge_persons(self, source_ids, target_id):
        """Give the history of merged persons to the survivor, at the later stage."""
        self.env["marketing.person"].flush_model(["lifecycle_stage_id"])
        self.env.cr.execute(
            SQL(
                "UPDATE marketing_lifecycle_move SET person_id = %s"
                " WHERE person_id = ANY(%s)",
                target_id,
                list(source_ids),
            )
        )
        self.invalidate_model(["person_id"])
        furthest = self.env.execute_query(
            SQL(
                """
                SELECT stage.code
                  FROM marketing_person person
                  JOIN marketing_lifecycle_stage stage
                    ON stage.id = person.lifecycle_stage_id
                 WHERE person.id = ANY(%s)
                 ORDER BY stage.sequence DESC, stage.id DESC
                 LIMIT 1
                """,
                [*source_ids, target_id],
            )
        )
        if furthest:
            self._move_persons(
                [target_id],
                furthest[0][0],
                self.env._("Two addresses became one person"),
            )
