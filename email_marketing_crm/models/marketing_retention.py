from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: Settings: how long each kind of row is kept, and the default. 0 keeps it for ever.
#: 25 months: two whole years can be compared, and no more is needed for marketing.
KEEP_MONTHS = {
    "touchpoints": ("email_marketing_crm.keep_touchpoint_months", 25),
    "journeys": ("email_marketing_crm.keep_journey_months", 25),
    "deliveries": ("email_marketing_crm.keep_delivery_months", 25),
    "errors": ("email_marketing_crm.keep_error_months", 3),
}
#: Touchpoints before this moment may be gone.
HORIZON_PARAMETER = "email_marketing_crm.touchpoint_horizon"
#: Persons whose old touchpoints go in one transaction.
PERSON_BATCH = 500
#: Rows of another table that are looked at in one transaction.
ROW_BATCH = 20000


class MarketingRetention(models.AbstractModel):
    """Deletes what is older than the settings say, and keeps the figures made of it.

    In bounded batches, each committed, oldest first. Before rows go, what is counted
    from them is added to a table that stays: `marketing.touchpoint.daily`,
    `marketing.delivery.count`, `marketing.journey.step.count`; and what scores are
    made of to `marketing.score.checkpoint`, from which a rebuild starts. Events of a
    type that is kept for ever, such as orders and withdrawals, stay as they are.
    """

    _name = "marketing.retention"
    _description = "Retention of Personal Data"

    @api.model
    def _get_months(self, kind):
        """How many months rows of a kind are kept; 0 for ever."""
        parameter, default = KEEP_MONTHS[kind]
        value = self.env["ir.config_parameter"].sudo().get_param(parameter)
        return default if value in (False, None, "") else int(value)

    @api.model
    def _get_cutoff(self, kind):
        """Rows before this moment go, None where they are kept for ever.

        A day is over at midnight: no day is counted half before it is deleted.
        """
        months = self._get_months(kind)
        if not months:
            return None
        today = fields.Datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
        return today - relativedelta(months=months)

    @api.model
    def _get_horizon(self):
        """The moment before which touchpoints may be gone, or None."""
        value = self.env["ir.config_parameter"].sudo().get_param(HORIZON_PARAMETER)
        return fields.Datetime.to_datetime(value) if value else None

    @api.model
    def _cron_delete_old(self):
        """Delete what is too old, until all is gone or the time is up."""
        for kind in KEEP_MONTHS:
            cutoff = self._get_cutoff(kind)
            if not cutoff:
                continue
            position = 0
            while position is not None:
                count, position = getattr(self, f"_delete_old_{kind}")(cutoff, position)
                time_left = self.env["ir.cron"]._commit_progress(
                    count, remaining=0 if position is None else 1
                )
                if not time_left:
                    return

    # ------------------------------------------------------------------
    # TOUCHPOINTS
    # ------------------------------------------------------------------

    @api.model
    def _delete_old_touchpoints(self, cutoff, position=0):
        """Delete the old touchpoints of some persons.

        Persons of whom something waits in the inbox are left for the next night. One
        person after another, by the index of persons and types: a night in which there
        is nothing to delete costs some microseconds a person.

        :param position: the last person that was looked at
        :returns: how many rows went, and the position to go on from; None at the end
        """
        self._raise_horizon(cutoff)
        kept = (
            self.env["marketing.touchpoint.type"]
            .with_context(active_test=False)
            .search([("is_kept", "=", True)])
            .ids
        )
        old = SQL("date < %s AND type_id <> ALL(%s)", cutoff, kept)
        person_ids = [
            person_id
            for (person_id,) in self.env.execute_query(
                SQL(
                    """
                    SELECT person.id
                      FROM marketing_person person
                     CROSS JOIN LATERAL (
                           SELECT FROM marketing_touchpoint
                            WHERE person_id = person.id AND %s LIMIT 1) old
                     WHERE person.id > %s
                     ORDER BY person.id LIMIT %s
                    """,
                    old,
                    position,
                    PERSON_BATCH,
                )
            )
        ]
        if not person_ids:
            return 0, None
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM marketing_touchpoint t
                 WHERE person_id = ANY(%s) AND %s
                   AND NOT EXISTS (SELECT FROM marketing_inbox inbox
                                    WHERE inbox.person_id = t.person_id)
                 ORDER BY person_id, id
                """,
                person_ids,
                old,
            )
        )
        ids = [touchpoint_id for (touchpoint_id,) in rows]
        self.env["marketing.touchpoint.daily"]._add(ids)
        self.env["marketing.score.checkpoint"]._add(ids)
        self.env.cr.execute(
            "DELETE FROM marketing_touchpoint WHERE id = ANY(%s)", [ids]
        )
        self.env["marketing.touchpoint"].invalidate_model(flush=False)
        return len(ids), person_ids[-1]

    @api.model
    def _raise_horizon(self, cutoff):
        """Remember how far back the log is complete; it never goes back."""
        horizon = self._get_horizon()
        if not horizon or horizon < cutoff:
            self.env["ir.config_parameter"].sudo().set_param(
                HORIZON_PARAMETER, fields.Datetime.to_string(cutoff)
            )

    # ------------------------------------------------------------------
    # THE OTHERS
    # ------------------------------------------------------------------

    @api.model
    def _get_window(self, table, column, cutoff, position):
        """The next rows of a table that grows with time, by its primary key.

        :returns: (first id, last id), or None when they are young or there are none
        """
        [(first_id, last_id, oldest)] = self.env.execute_query(
            SQL(
                """
                SELECT min(id), max(id), min(date)
                  FROM (SELECT id, %s AS date FROM %s WHERE id > %s
                         ORDER BY id LIMIT %s) oldest
                """,
                SQL.identifier(column),
                SQL.identifier(table),
                position,
                ROW_BATCH,
            )
        )
        return (first_id, last_id) if oldest and oldest < cutoff else None

    @api.model
    def _delete_old_deliveries(self, cutoff, position=0):
        """Delete mails of mailings that are over; their figures stay."""
        window = self._get_window(
            "marketing_delivery", "planned_date", cutoff, position
        )
        if not window:
            return 0, None
        rows = self.env.execute_query(
            SQL(
                """
                WITH gone AS (
                    DELETE FROM marketing_delivery delivery
                     USING mailing_mailing mailing
                     WHERE delivery.id BETWEEN %s AND %s
                       AND delivery.planned_date < %s
                       AND mailing.id = delivery.mailing_id
                       AND (mailing.state = 'done'
                            OR mailing.marketing_kind = 'journey')
                       AND delivery.state IN ('sent', 'failed', 'unknown', 'skipped')
                    RETURNING delivery.mailing_id, delivery.state, delivery.reason
                )
                SELECT mailing_id, state, reason, count(*) FROM gone GROUP BY 1, 2, 3
                """,
                *window,
                cutoff,
            )
        )
        self.env["marketing.delivery.count"]._add(rows)
        self.env["marketing.delivery"]._invalidate_deliveries()
        return sum(row[-1] for row in rows), window[1]

    @api.model
    def _delete_old_journeys(self, cutoff, position=0):
        """Delete the stories of those who left their journey long ago."""
        window = self._get_window("marketing_journey_log", "date", cutoff, position)
        if not window:
            return 0, None
        rows = self.env.execute_query(
            SQL(
                """
                WITH gone AS (
                    DELETE FROM marketing_journey_log line
                     USING marketing_journey_participant participant
                     WHERE line.id BETWEEN %s AND %s AND line.date < %s
                       AND participant.id = line.participant_id
                       AND participant.state IN ('done', 'exited')
                       AND participant.finished < %s
                    RETURNING line.event, line.step_id, line.outcome
                )
                SELECT event, step_id, outcome, count(*) FROM gone GROUP BY 1, 2, 3
                """,
                *window,
                cutoff,
                cutoff,
            )
        )
        self.env["marketing.journey.step.count"]._add(
            [row[1:] for row in rows if row[0] == "step" and row[1]]
        )
        self.env["marketing.journey.log"].invalidate_model(flush=False)
        return sum(row[-1] for row in rows), window[1]

    @api.model
    def _delete_old_errors(self, cutoff, position=0):
        """Give up events that failed for so long; the rest of the person goes on."""
        self.env.cr.execute(
            """
            DELETE FROM marketing_inbox
             WHERE id IN (SELECT id FROM marketing_inbox
                           WHERE attempts > 0 AND error IS NOT NULL
                             AND due < %s ORDER BY id LIMIT %s)
            """,
            [cutoff + timedelta(days=1), ROW_BATCH],
        )
        count = self.env.cr.rowcount
        self.env["marketing.inbox"].invalidate_model(flush=False)
        return count, (0 if count == ROW_BATCH else None)


class MarketingTouchpointType(models.Model):
    _inherit = "marketing.touchpoint.type"

    is_kept = fields.Boolean(
        "Keep for Ever",
        help="Events of this type are not deleted when they become old: what must be"
        " provable, or what segments ask for without a limit of time.",
    )
