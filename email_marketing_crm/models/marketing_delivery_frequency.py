from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.local_time import at_same_hour

#: The second mail of a person in one batch is looked at when the first one counts.
SECOND_LOOK = timedelta(minutes=1)


class MarketingDelivery(models.Model):
    """Who gets no more mail for now by a frequency rule, or by his own wish.

    A mail is counted as soon as it is composed, and a lane composes the due mails of a
    person one after the other, so two mailings that are due in one minute do not both
    find the last place free: the one of higher priority, then the one that was due
    first, takes it. Everything is asked again whenever a mail is due.
    """

    _inherit = "marketing.delivery"

    reason = fields.Selection(
        selection_add=[("frequency_cap", "Too many mails by a frequency rule")]
    )
    wait_reason = fields.Selection(selection_add=[("frequency", "Frequency rule")])
    frequency_since = fields.Datetime(
        "Held Back Since",
        readonly=True,
        help="When a frequency rule held the mail back for the first time.",
    )

    # ------------------------------------------------------------------
    # GATES
    # ------------------------------------------------------------------

    @api.model
    def _gate_frequency(self, mailing):
        """The person's own wish: one mail a week, or a month; what is ready counts.

        At the last look before sending, mails that were planned after this one do not.
        """
        if not self._respects_wishes(mailing):
            return SQL("FALSE")
        since = SQL(
            "%s::timestamp - CASE person.preferred_frequency WHEN 'week'"
            " THEN interval '7 days' ELSE interval '1 month' END",
            self._get_sending_moment(mailing),
        )
        return self._has_person(
            SQL(
                """
                person.preferred_frequency IS NOT NULL
                AND EXISTS (
                    SELECT FROM (%(ledger)s) other
                     WHERE other.kind IS DISTINCT FROM 'sales'
                       AND (other.state NOT IN ('composed', 'sending')
                            OR other.id < COALESCE((
                               SELECT min(mine.id) FROM marketing_delivery mine
                                WHERE mine.person_id = person.id
                                  AND mine.mailing_id = %(mailing)s
                                  AND mine.state IN ('composed', 'sending')),
                               2147483647)))
                """,
                ledger=self._get_ledger(SQL("person.id"), since),
                mailing=mailing._origin.id or None,
            )
        )

    @api.model
    def _gate_frequency_cap(self, mailing):
        """Too many mails by a rule that does not let this one wait, or no longer."""
        windows = self._get_frequency_windows(mailing)
        if not windows:
            return SQL("FALSE")
        moment = self._get_sending_moment(mailing)
        later = windows.rule_id.filtered(lambda rule: rule.outcome == "later")
        patience = SQL(" ").join(
            SQL("WHEN %s THEN make_interval(days => %s)", rule.id, rule.delay_days)
            for rule in later
        )
        too_late = SQL(
            "usage.free > COALESCE((SELECT held.frequency_since"
            " FROM marketing_delivery held WHERE held.id = candidate.id), %s)"
            " + CASE usage.rule_id %s END",
            moment,
            patience,
        )
        return self._is_capped(
            mailing,
            windows,
            moment,
            SQL(
                "usage.rule_id <> ALL(%s)%s",
                later.ids,
                SQL(" OR %s", too_late) if later else SQL(),
            ),
        )

    @api.model
    def _get_wait_reason(self, mailing):
        """Whoever has used up a limit, and is not left out for it, waits."""
        reason = super()._get_wait_reason(mailing)
        windows = self._get_frequency_windows(mailing)
        if not windows:
            return reason
        moment = self._get_sending_moment(mailing)
        return SQL(
            "CASE WHEN %s THEN 'frequency' ELSE %s END",
            self._is_capped(mailing, windows, moment, SQL("TRUE")),
            reason,
        )

    @api.model
    def _is_capped(self, mailing, windows, moment, condition):
        """SQL: a limit of the candidate's person is used up.

        :param condition: SQL on `usage`: which limits are meant
        """
        likely = SQL("TRUE")
        if mailing.marketing_kind != "journey":
            # A plan looks at everybody; a batch of a lane, which has ids, at some.
            likely = SQL(
                "(candidate.id IS NOT NULL OR candidate.person_id IN (%s))",
                self._get_nearly_full(windows, moment),
            )
        return SQL(
            """
            %s AND EXISTS (
                SELECT FROM marketing_person person
                 CROSS JOIN LATERAL (%s) usage
                 WHERE person.id = candidate.person_id AND usage.is_full AND (%s))
            """,
            likely,
            self._get_usage(
                windows,
                SQL("candidate.person_id"),
                self.env["marketing.person"]._get_zone_sql("person"),
                moment,
            ),
            condition,
        )

    @api.model
    def _get_frequency_windows(self, mailing):
        return self.env["marketing.frequency.rule"]._get_windows(
            mailing.sudo(), self.env.company
        )

    # ------------------------------------------------------------------
    # WAITS
    # ------------------------------------------------------------------

    @api.model
    def _hold(self, waits):
        """Note since when a rule keeps a mail back: the patience of rules counts."""
        result = super()._hold(waits)
        held = [
            delivery_id
            for delivery_id, (reason, _until) in waits.items()
            if reason == "frequency"
        ]
        if held:
            self.env.cr.execute(
                "UPDATE marketing_delivery"
                " SET frequency_since = COALESCE(frequency_since, %s)"
                " WHERE id = ANY(%s) AND state = 'planned'",
                [fields.Datetime.now(), held],
            )
        return result

    @api.model
    def _get_frequency_waits(self, mailing, ids):
        """What does not fit now, and when it does: `{id: (reason, moment)}`.

        A calendar window begins anew at midnight; the mail leaves at the hour of the
        day it was meant for. Of two mails of one mailing to one person, as a journey
        may have, the second one is looked at when the first one is counted.
        """
        windows = self._get_frequency_windows(mailing)
        if not windows or not ids:
            return {}
        waits = {}
        for moment, group in self._split_by_moment(ids).items():
            waits |= self._get_waits_at(windows, moment, group)
        return waits

    @api.model
    def _get_waits_at(self, windows, moment, ids):
        """What does not fit at a moment, and when it does: `{id: (reason, moment)}`."""
        persons = self.env["marketing.person"]
        zones = persons._get_zones()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT delivery.id, delivery.due, %(zone)s,
                       max(usage.free) FILTER (WHERE usage.is_calendar),
                       max(usage.free) FILTER (WHERE NOT usage.is_calendar),
                       row_number() OVER (PARTITION BY delivery.person_id
                                          ORDER BY delivery.due, delivery.id)
                  FROM marketing_delivery delivery
                  JOIN marketing_person person ON person.id = delivery.person_id
                  LEFT JOIN LATERAL (%(usage)s) usage ON usage.is_full
                 WHERE delivery.id = ANY(%(ids)s)
                 GROUP BY delivery.id, person.id
                """,
                zone=persons._get_zone_sql("person"),
                usage=self._get_usage(
                    windows,
                    SQL("delivery.person_id"),
                    persons._get_zone_sql("person"),
                    moment,
                ),
                ids=list(ids),
            )
        )
        waits = {}
        for delivery_id, due, zone, renewal, free, place in rows:
            if renewal:
                renewal = at_same_hour(renewal, due, zones[zone])
            if until := max(filter(None, (renewal, free)), default=None):
                waits[delivery_id] = ("frequency", until)
            elif place > 1:
                waits[delivery_id] = ("frequency", moment + SECOND_LOOK)
        return waits
