from collections import Counter

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.frequency import get_bounds

#: States in which a mail counts: it left, is about to, or may have.
COUNTED_STATES = ("composed", "sending", "sent", "unknown")


class MarketingDelivery(models.Model):
    """How many mails a person gets: one ledger for rules and for his own wish.

    The ledger of a person is computed, never stored: his deliveries in
    `COUNTED_STATES` whatever made them, mails of mailings that Odoo's own queue sent,
    and what salespeople wrote to him. Transactional mails are not in it.
    """

    _inherit = "marketing.delivery"

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
    def _get_ledger(self, person, since, planned_until=None, part=None):
        """SELECT of the mails of a person, or of everybody.

        Columns: person_id, moment, kind (campaign, journey or sales), topic_id,
        company_id, and id and state of the delivery, where there is one.

        :param person: SQL of the person's id; None for everybody, read in one go
        :param since: SQL or moment; mails that left later than this
        :param planned_until: count what is planned until then too
        :param part: of everybody, as `marketing.job` takes the persons
        """
        types = self.env["marketing.touchpoint.type"]

        def is_his(alias):
            column = SQL.identifier(alias, "person_id")
            if person is None:
                return self.env["marketing.job"]._get_part(part, column)
            return SQL("%s = %s", column, person)

        planned = SQL(
            """
            UNION ALL
            SELECT waiting.person_id, waiting.due, mailing.marketing_kind,
                   mailing.marketing_topic_id, waiting.company_id, waiting.id,
                   waiting.state
              FROM marketing_delivery waiting
              JOIN mailing_mailing mailing ON mailing.id = waiting.mailing_id
             WHERE %s AND waiting.state = 'planned' AND waiting.due <= %s
               AND mailing.marketing_is_transactional IS NOT TRUE AND %s
            """,
            is_his("waiting"),
            planned_until,
            self._get_active_mailings(),
        )
        # Without the fence a planner looks a person up in each of some mailings.
        return SQL(
            """
            SELECT mine.person_id, LEAST(mine.moment, %(now)s) AS moment,
                   mailing.marketing_kind AS kind,
                   mailing.marketing_topic_id AS topic_id, mine.company_id, mine.id,
                   mine.state
              FROM (SELECT mine.*, %(moment)s AS moment
                      FROM marketing_delivery mine
                     WHERE %(mine)s AND mine.state IN %(counted)s
                       AND %(moment)s > %(since)s %(fence)s) mine
              JOIN mailing_mailing mailing ON mailing.id = mine.mailing_id
             WHERE mailing.marketing_is_transactional IS NOT TRUE
            UNION ALL
            SELECT event.person_id, event.date,
                   CASE WHEN event.type_id = %(sales)s THEN 'sales' ELSE 'campaign' END,
                   mailing.marketing_topic_id, event.company_id, NULL, 'sent'
              FROM marketing_touchpoint event
              LEFT JOIN mailing_mailing mailing ON mailing.id = event.mailing_id
             WHERE %(event)s
               AND event.type_id IN (%(sent)s, %(sales)s) AND event.date > %(since)s
               AND mailing.marketing_kind IS NULL
               AND mailing.marketing_is_transactional IS NOT TRUE
            %(planned)s
            """,
            mine=is_his("mine"),
            event=is_his("event"),
            fence=SQL("OFFSET 0") if person is not None else SQL(),
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
        since = min(bound.start for _zone, _window, bound in bounds)
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
                      FROM (WITH mail AS MATERIALIZED (%(ledger)s),
                                 weighed AS (
                                SELECT bound.*, mail.moment, %(weight)s AS weight
                                  FROM (%(bounds)s) bound
                                  LEFT JOIN mail ON mail.moment > bound.start
                                                AND %(concerns)s
                                 WHERE (bound.zones IS NULL
                                        OR (SELECT %(zone)s) = ANY(bound.zones))
                                   AND %(scope)s)
                            SELECT weighed.*, sum(weight) OVER (
                                       PARTITION BY window_id
                                       ORDER BY moment DESC) AS running
                              FROM weighed) counted
                     GROUP BY 1, 2, 3, 4, 5, 6) usage
            """,
            ledger=self._get_ledger(person, since, planned_until),
            weight=self._get_weight(),
            bounds=self._get_bounds_values(bounds),
            concerns=self._get_concern(),
            # found once for a person: in parentheses, it does not hang on the bound
            zone=zone,
            scope=self._get_scope(windows.rule_id, person),
        )

    @api.model
    def _get_weight(self):
        """SQL: what `mail` weighs in the window `bound`; nothing where it is none."""
        return SQL(
            "CASE WHEN mail.moment IS NULL THEN 0 ELSE CASE mail.kind"
            " WHEN 'sales' THEN bound.sales_weight"
            " WHEN 'journey' THEN bound.journey_weight"
            " ELSE bound.campaign_weight END END"
        )

    @api.model
    def _get_concern(self):
        """SQL: the window `bound` looks at mails of the topic and company of `mail`."""
        return SQL(
            "(bound.topic_id IS NULL OR mail.topic_id = bound.topic_id"
            " OR mail.kind = 'sales')"
            " AND (bound.company_id IS NULL OR mail.company_id IS NULL"
            " OR mail.company_id = bound.company_id)"
        )

    @api.model
    def _get_nearly_full(self, windows, moment, planned_until=None, part=None):
        """SELECT of the ids of everybody who may have used up one of these windows.

        Reads the ledger of all persons once, as if everybody lived in the zone in which
        the window began first, so nobody is missing. It spares a million persons the
        exact look at each of them.

        :param part: of the persons, as `marketing.job` takes them; all without one
        """
        first = {}
        for _zone, window, bound in self._get_bounds(windows, moment):
            known = first.get(window.id)
            if not known or bound.start < known[1].start:
                first[window.id] = (window, bound)
        used_up = [
            SQL(
                "COALESCE(sum(%s) FILTER (WHERE bound.window_id = %s), 0) + 1 > %s",
                self._get_weight(),
                window.id,
                window.limit,
            )
            for window, _bound in first.values()
        ]
        return SQL(
            """
            SELECT mail.person_id
              FROM (%(ledger)s) mail
              JOIN (%(bounds)s) bound ON mail.moment > bound.start AND %(concerns)s
             GROUP BY mail.person_id
            HAVING %(used_up)s
            """,
            ledger=self._get_ledger(
                None,
                min(bound.start for _window, bound in first.values()),
                planned_until,
                part,
            ),
            bounds=self._get_bounds_values(
                [(None, window, bound) for window, bound in first.values()]
            ),
            concerns=self._get_concern(),
            used_up=SQL(" OR ").join(used_up),
        )

    @api.model
    def _get_bounds(self, windows, moment):
        """What the windows look at, once for each zone: `[(zone, window, bounds)]`."""
        return [
            (name, window, get_bounds(moment, window.unit, window.days, zone))
            for name, zone in self.env["marketing.person"]._get_zones().items()
            for window in windows
        ]

    @api.model
    def _get_bounds_values(self, bounds):
        """SELECT of these bounds, with what their rules count; alias: bound.

        `zones` have this bound in common; none are named where it is that of all.
        """
        zones = {}
        for zone, window, bound in bounds:
            zones.setdefault((window, bound), []).append(zone)
        counts = Counter(window for window, _bound in zones)
        rows = []
        for (window, bound), names in zones.items():
            rule = window.rule_id
            rows.append(
                SQL(
                    "(%s::varchar[], %s::int, %s::int, %s::int, %s::timestamp,"
                    " %s::timestamp, make_interval(days => %s), %s::int, %s::int,"
                    " %s::numeric, %s::int, %s::int)",
                    names if counts[window] > 1 else None,
                    window.id,
                    rule.id,
                    window.limit,
                    bound.start,
                    bound.free,
                    window.days,
                    rule.company_id.id or None,
                    rule.topic_id.id or None,
                    rule.sales_weight,
                    int(rule.counts_campaigns),
                    int(rule.counts_journeys),
                )
            )
        return SQL(
            "SELECT * FROM (VALUES %s) one (zones, window_id, rule_id, allowed, start,"
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
