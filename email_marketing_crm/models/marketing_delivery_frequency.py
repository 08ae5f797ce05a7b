from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.frequency import get_bounds
from ..tools.local_time import at_same_hour

#: The second mail of a person in one batch is looked at when the first one counts.
SECOND_LOOK = timedelta(minutes=1)
#: States in which a mail counts: it left, is about to, or may have.
COUNTED_STATES = ("composed", "sending", "sent", "unknown")


class MarketingDelivery(models.Model):
    """How many mails a person gets: one ledger for rules and for his own wish.

    The ledger of a person is computed, never stored: his deliveries in
    `COUNTED_STATES` whatever made them, mails of mailings that Odoo's own queue sent,
    and what salespeople wrote to him. Transactional mails are not in it.

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

    # The ledger of one person: what left lately, without what left long ago.
    _ledger = models.Index(
        "(person_id, (CASE WHEN state IN ('composed', 'sending')"
        " THEN 'infinity'::timestamp ELSE COALESCE(sent_date, composed_date, due) END))"
        " WHERE state IN ('composed', 'sending', 'sent', 'unknown')"
    )

    # ------------------------------------------------------------------
    # LEDGER
    # ------------------------------------------------------------------

    @api.model
    def _get_counted_moment(self, alias):
        """SQL: when a mail left; what is about to leave always counts as just now.

        It may wait for a mail server for days, and leave in the window of then.
        """
        return SQL(
            "(CASE WHEN %(alias)s.state IN ('composed', 'sending')"
            " THEN 'infinity'::timestamp ELSE COALESCE(%(alias)s.sent_date,"
            " %(alias)s.composed_date, %(alias)s.due) END)",
            alias=SQL.identifier(alias),
        )

    @api.model
    def _get_ledger(self, person, since, planned_until=None):
        """SELECT of the mails of a person.

        Columns: moment, kind, topic_id, company_id, id, state.

        `kind` is campaign, journey or sales; `id` and `state` are those of the
        delivery, where there is one.

        :param person: SQL of the person's id
        :param since: SQL; mails that left later than this
        :param planned_until: count what is planned until then too
        """
        types = self.env["marketing.touchpoint.type"]
        planned = SQL(
            """
            UNION ALL
            SELECT waiting.due, mailing.marketing_kind, mailing.marketing_topic_id,
                   waiting.company_id, waiting.id, waiting.state
              FROM marketing_delivery waiting
              JOIN mailing_mailing mailing ON mailing.id = waiting.mailing_id
             WHERE waiting.person_id = %s AND waiting.state = 'planned'
               AND waiting.due <= %s AND mailing.marketing_is_transactional IS NOT TRUE
               AND %s
            """,
            person,
            planned_until,
            self._get_active_mailings(),
        )
        return SQL(
            """
            SELECT LEAST(%(moment)s, %(now)s) AS moment,
                   mailing.marketing_kind AS kind,
                   mailing.marketing_topic_id AS topic_id, mine.company_id, mine.id,
                   mine.state
              FROM marketing_delivery mine
              JOIN mailing_mailing mailing ON mailing.id = mine.mailing_id
             WHERE mine.person_id = %(person)s
               AND mine.state IN %(counted)s
               AND %(moment)s > %(since)s
               AND mailing.marketing_is_transactional IS NOT TRUE
            UNION ALL
            SELECT event.date,
                   CASE WHEN event.type_id = %(sales)s THEN 'sales' ELSE 'campaign' END,
                   mailing.marketing_topic_id, event.company_id, NULL, 'sent'
              FROM marketing_touchpoint event
              LEFT JOIN mailing_mailing mailing ON mailing.id = event.mailing_id
             WHERE event.person_id = %(person)s
               AND event.type_id IN (%(sent)s, %(sales)s) AND event.date > %(since)s
               AND mailing.marketing_kind IS NULL
               AND mailing.marketing_is_transactional IS NOT TRUE
            %(planned)s
            """,
            person=person,
            moment=self._get_counted_moment("mine"),
            now=fields.Datetime.now(),
            since=since,
            counted=COUNTED_STATES,
            sent=types._get_id("sent"),
            sales=types._get_id("sales_mail"),
            planned=planned if planned_until else SQL(),
        )

    # ------------------------------------------------------------------
    # USE OF THE WINDOWS
    # ------------------------------------------------------------------

    @api.model
    def _get_usage(self, windows, person, zone, moment, planned_until=None):
        """SELECT of what a person got by each window that applies to him.

        `window_id`, `rule_id`, `start`, `used` (the weights of the mails), `is_full`
        (one more is too much), `is_calendar`, `free` (when one more fits, as far as is
        known).

        :param person: SQL of the person's id
        :param zone: SQL of the name of his zone, one of `_get_zones`
        :param moment: when the mail would leave
        """
        bounds = self._get_bounds(windows, moment)
        return SQL(
            """
            SELECT usage.window_id, usage.rule_id, usage.start, usage.used,
                   usage.used + 1 > usage.allowed AS is_full,
                   usage.renewal IS NOT NULL AS is_calendar,
                   CASE WHEN usage.used + 1 > usage.allowed THEN
                        COALESCE(usage.renewal, usage.blocking + usage.length)
                   END AS free
              FROM (SELECT counted.window_id, counted.rule_id, counted.start,
                           counted.allowed, counted.renewal, counted.length,
                           COALESCE(sum(counted.weight), 0) AS used,
                           max(counted.moment) FILTER (
                               WHERE counted.running + 1 > counted.allowed) AS blocking
                      FROM (SELECT bound.*, ledger.moment, ledger.weight,
                                   sum(ledger.weight) OVER (
                                       PARTITION BY bound.window_id
                                       ORDER BY ledger.moment DESC) AS running
                              FROM (%(bounds)s) bound
                              LEFT JOIN LATERAL (%(weighed)s) ledger ON TRUE
                             WHERE bound.zone = %(zone)s AND %(scope)s) counted
                     GROUP BY 1, 2, 3, 4, 5, 6) usage
            """,
            bounds=bounds,
            weighed=SQL(
                """
                SELECT mail.moment, CASE mail.kind WHEN 'sales' THEN bound.sales_weight
                           WHEN 'journey' THEN bound.journey_weight
                           ELSE bound.campaign_weight END AS weight
                  FROM (%s) mail
                 WHERE (bound.topic_id IS NULL OR mail.topic_id = bound.topic_id
                        OR mail.kind = 'sales')
                   AND (bound.company_id IS NULL OR mail.company_id IS NULL
                        OR mail.company_id = bound.company_id)
                """,
                self._get_ledger(person, SQL("bound.start"), planned_until),
            ),
            zone=zone,
            scope=self._get_scope(windows.rule_id, person),
        )

    @api.model
    def _get_bounds(self, windows, moment):
        """SELECT of the windows with what they look at, once for each zone."""
        rows = []
        for name, zone in self.env["marketing.person"]._get_zones().items():
            for window in windows:
                rule = window.rule_id
                bounds = get_bounds(moment, window.unit, window.days, zone)
                rows.append(
                    SQL(
                        "(%s, %s::int, %s::int, %s::int, %s::timestamp, %s::timestamp,"
                        " make_interval(days => %s), %s::int, %s::int, %s::numeric,"
                        " %s::int, %s::int)",
                        name,
                        window.id,
                        rule.id,
                        window.limit,
                        bounds.start,
                        bounds.free,
                        window.days,
                        rule.company_id.id or None,
                        rule.topic_id.id or None,
                        rule.sales_weight,
                        int(rule.counts_campaigns),
                        int(rule.counts_journeys),
                    )
                )
        return SQL(
            "SELECT * FROM (VALUES %s) one (zone, window_id, rule_id, allowed, start,"
            " renewal, length, company_id, topic_id, sales_weight, campaign_weight,"
            " journey_weight)",
            SQL(", ").join(rows),
        )

    @api.model
    def _get_scope(self, rules, person):
        """SQL: the rule `bound.rule_id` applies to a person."""
        cases = [
            SQL("WHEN %s THEN %s", rule.id, rule._get_scope(person))
            for rule in rules
            if rule.segment_id
            or rule.score_from
            or rule.score_below
            or rule.grade_from
            or rule.grade_to
        ]
        if not cases:
            return SQL("TRUE")
        return SQL("CASE bound.rule_id %s ELSE TRUE END", SQL(" ").join(cases))

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
                                  AND mine.state = 'composed'), 2147483647)))
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
        return SQL(
            """
            EXISTS (SELECT FROM marketing_person person
                     CROSS JOIN LATERAL (%s) usage
                     WHERE person.id = candidate.person_id AND usage.is_full
                       AND (%s))
            """,
            self._get_usage(
                windows,
                SQL("candidate.person_id"),
                self.env["marketing.person"]._get_zone_sql("person"),
                moment,
            ),
            SQL(
                "usage.rule_id <> ALL(%s)%s",
                later.ids,
                SQL(" OR %s", too_late) if later else SQL(),
            ),
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
        persons = self.env["marketing.person"]
        zones = persons._get_zones()
        now = self._get_due_moment(ids)
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
                    now,
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
                waits[delivery_id] = ("frequency", now + SECOND_LOOK)
        return waits
