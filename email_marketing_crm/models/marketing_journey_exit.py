from odoo import api, models
from odoo.tools import SQL

from ..tools.reliability import CLASSES

#: Which reason counts when several apply; the first one wins.
REASONS = (
    "goal",
    "deleted",
    "archived",
    "address_changed",
    "complaint",
    "hard_bounce",
    "unsubscribed",
    "suppressed",
    "segment_left",
)


class MarketingJourneyParticipant(models.Model):
    """Why people leave a journey before its end.

    Asked by the lane in the transaction that carries out the step, right before it,
    and by the inbox as soon as something happened. Every reason is read from the
    state of the database then, one statement for a batch. Nobody can switch off the
    exits of people who must not be mailed, or whose record is gone.
    """

    _inherit = "marketing.journey.participant"

    @api.model
    def _leave_due_exits(self, participant_ids, judged_ids=()):
        """Let those who have a reason leave; returns the ids of the others."""
        if not participant_ids:
            return []
        self.env["marketing.journey"].flush_model()
        record_models = self._get_record_models(participant_ids)
        self._adopt_records(participant_ids, record_models)
        reasons = self._find_exits(participant_ids, record_models, judged_ids)
        if reasons:
            self._leave(reasons)
        return [i for i in participant_ids if i not in reasons]

    @api.model
    def _find_exits(self, participant_ids, record_models, judged_ids=()):
        """`{participant id: reason}` of those who must leave now.

        :param judged_ids: touchpoints that the inbox is handing out right now; other
            touchpoints that still wait there may turn out to be a scanner's
        """
        parts = [
            self._get_goal_exits(participant_ids, judged_ids),
            self._get_person_exits(participant_ids),
            self._get_event_exits(participant_ids),
            self._get_segment_exits(participant_ids),
            *(self._get_record_exits(participant_ids, name) for name in record_models),
        ]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (id) id, reason
                  FROM (%s) found
                 ORDER BY id, array_position(%s, reason)
                """,
                SQL(" UNION ALL ").join(parts),
                list(REASONS),
            )
        )
        return dict(rows)

    @api.model
    def _get_record_models(self, participant_ids):
        return [
            model
            for (model,) in self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT journey.res_model
                      FROM marketing_journey_participant p
                      JOIN marketing_journey journey ON journey.id = p.journey_id
                     WHERE p.id = ANY(%s)
                    """,
                    list(participant_ids),
                )
            )
        ]

    @api.model
    def _get_goal_exits(self, participant_ids, judged_ids):
        """Did what the journey is for since entering; index (person, type, date)."""
        return SQL(
            """
            SELECT p.id, 'goal' AS reason
              FROM marketing_journey_participant p
              JOIN marketing_journey journey ON journey.id = p.journey_id
             WHERE p.id = ANY(%(ids)s) AND journey.goal_type_id IS NOT NULL
               AND EXISTS (
                   SELECT FROM marketing_touchpoint t
                    WHERE t.person_id = p.person_id
                      AND t.type_id = journey.goal_type_id AND t.date >= p.entered
                      AND array_position(%(classes)s, t.reliability)
                          >= array_position(%(classes)s, journey.goal_reliability)
                      AND (t.id = ANY(%(judged)s)
                           OR NOT EXISTS (SELECT FROM marketing_inbox i
                                           WHERE i.touchpoint_id = t.id)))
            """,
            ids=list(participant_ids),
            judged=list(judged_ids),
            classes=list(CLASSES),
        )

    @api.model
    def _get_person_exits(self, participant_ids):
        """Must not be mailed at all."""
        self.env["marketing.person"].flush_model(["suppression", "is_suppressed"])
        self.env["mail.blacklist"].flush_model(["email", "active"])
        return SQL(
            """
            SELECT p.id,
                   CASE WHEN person.suppression = 'bounce' THEN 'hard_bounce'
                        WHEN person.suppression = 'complaint' THEN 'complaint'
                        WHEN person.suppression <> 'none' OR person.is_suppressed
                        THEN 'suppressed'
                        ELSE 'unsubscribed' END AS reason
              FROM marketing_journey_participant p
              JOIN marketing_person person ON person.id = p.person_id
              LEFT JOIN mail_blacklist blocked
                     ON blocked.email = person.email_normalized AND blocked.active
             WHERE p.id = ANY(%s)
               AND (person.suppression <> 'none' OR person.is_suppressed
                    OR blocked.id IS NOT NULL)
            """,
            list(participant_ids),
        )

    @api.model
    def _get_event_exits(self, participant_ids):
        """Something happened since entering that forbids to go on.

        Known here before the inbox has drawn its conclusions. Leaving a mailing list
        ends the journeys of mailing contacts: for contacts and leads it says nothing
        about other mail, while blocking an address is found with the person.
        """
        types = self.env["marketing.touchpoint.type"]
        return SQL(
            """
            SELECT p.id, type.code AS reason
              FROM marketing_journey_participant p
              JOIN marketing_journey journey ON journey.id = p.journey_id
             CROSS JOIN LATERAL (
                   SELECT t.type_id FROM marketing_touchpoint t
                    WHERE t.person_id = p.person_id AND t.date >= p.entered
                      AND t.type_id = ANY(%(types)s)
                      AND (t.type_id <> %(unsubscribed)s
                           OR (t.res_model = 'mailing.contact'
                               AND journey.res_model = 'mailing.contact'))
                    ORDER BY t.date LIMIT 1) event
              JOIN marketing_touchpoint_type type ON type.id = event.type_id
             WHERE p.id = ANY(%(ids)s)
            """,
            ids=list(participant_ids),
            unsubscribed=types._get_id("unsubscribed"),
            types=[
                types._get_id(code)
                for code in ("unsubscribed", "hard_bounce", "complaint")
            ],
        )

    @api.model
    def _get_segment_exits(self, participant_ids):
        """No longer in the segment, where the journey says that this matters."""
        member_model = self.env["marketing.segment.member"]
        return SQL(
            """
            SELECT p.id, 'segment_left' AS reason
              FROM marketing_journey_participant p
              JOIN marketing_journey journey ON journey.id = p.journey_id
             WHERE p.id = ANY(%s) AND journey.exit_on_leave
               AND NOT EXISTS (
                   SELECT FROM marketing_segment_member
                    WHERE marketing_segment_member.segment_id = journey.segment_id
                      AND marketing_segment_member.person_id = p.person_id
                      AND %s)
            """,
            list(participant_ids),
            member_model._get_member_condition(),
        )

    @api.model
    def _get_record_exits(self, participant_ids, model):
        """The record is gone, or stands for another person now."""
        records = self.env[model]
        names = [n for n in ("active", "marketing_person_id") if n in records._fields]
        records.flush_model(names)
        active = SQL("record.active") if "active" in names else SQL("TRUE")
        return SQL(
            """
            SELECT p.id,
                   CASE WHEN record.id IS NULL THEN 'deleted'
                        WHEN NOT %(active)s THEN 'archived'
                        ELSE 'address_changed' END AS reason
              FROM marketing_journey_participant p
              JOIN marketing_journey journey ON journey.id = p.journey_id
              LEFT JOIN %(table)s record ON record.id = p.res_id
             WHERE p.id = ANY(%(ids)s) AND journey.res_model = %(model)s
               AND (record.id IS NULL OR NOT %(active)s
                    OR record.marketing_person_id IS DISTINCT FROM p.person_id)
            """,
            active=active,
            table=SQL.identifier(records._table),
            ids=list(participant_ids),
            model=model,
        )

    @api.model
    def _adopt_records(self, participant_ids, record_models):
        """Go on with another record of the same person where one was merged away.

        The journey walks with the person; after a merge of two contacts or leads the
        one that stays takes the place of the one that is gone.
        """
        for model in record_models:
            records = self.env[model]
            records.flush_model(["marketing_person_id"])
            active = SQL("other.active") if "active" in records._fields else SQL("TRUE")
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE marketing_journey_participant p
                       SET res_id = other.id
                      FROM (SELECT orphan.id AS participant_id, min(other.id) AS id
                              FROM marketing_journey_participant orphan
                              JOIN marketing_journey journey
                                ON journey.id = orphan.journey_id
                              JOIN %(table)s other
                                ON other.marketing_person_id = orphan.person_id
                             WHERE orphan.id = ANY(%(ids)s)
                               AND journey.res_model = %(model)s AND %(active)s
                               AND NOT EXISTS (SELECT FROM %(table)s record
                                                WHERE record.id = orphan.res_id)
                             GROUP BY orphan.id) other
                     WHERE p.id = other.participant_id
                    """,
                    table=SQL.identifier(records._table),
                    ids=list(participant_ids),
                    model=model,
                    active=active,
                )
            )
            if self.env.cr.rowcount:
                self.invalidate_model(["res_id"])

    @api.model
    def _get_live_ids(self, person_ids):
        """Passes of some persons that are under way."""
        if not person_ids:
            return []
        return [
            participant_id
            for (participant_id,) in self.env.execute_query(
                SQL(
                    """
                    SELECT id FROM marketing_journey_participant
                     WHERE person_id = ANY(%s)
                       AND state IN ('running', 'waiting', 'error')
                     ORDER BY id
                    """,
                    sorted(person_ids),
                )
            )
        ]

    @api.model
    def _get_exit_types(self):
        """Codes of touchpoints after which somebody may have to leave."""
        goals = self.env["marketing.journey"].search(
            [("state", "in", ("running", "paused")), ("goal_type_id", "!=", False)]
        )
        return {
            "unsubscribed",
            "hard_bounce",
            "complaint",
            "segment_left",
            *goals.goal_type_id.mapped("code"),
        }
