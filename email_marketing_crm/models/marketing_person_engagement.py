from psycopg2.extras import execute_values

from odoo import api, models
from odoo.tools import SQL

from ..tools.engagement import ENGAGEMENT_DATES
from ..tools.reliability import classes_from, is_at_least

#: Touchpoints after which a person is not mailed any more, and why.
SUPPRESSING = {"hard_bounce": "bounce", "complaint": "complaint"}


class MarketingPerson(models.Model):
    """What the inbox tells about a person: engagement dates, bounces, complaints."""

    _inherit = "marketing.person"

    @api.model
    def _consume_inbox(self, batch):
        changed = sorted(batch.changed_ids | batch.rebuild_ids)
        if changed:
            self._synchronize_records(changed)
        self._update_engagement(batch.touchpoints)
        if batch.rebuild_ids:
            self._rebuild_engagement(sorted(batch.rebuild_ids))

    @api.model
    def _update_engagement(self, touchpoints):
        """Move the engagement dates forward, and suppress who bounced or complained.

        One statement for the batch; GREATEST makes the order of events irrelevant.
        """
        intent = self._get_intent_type_ids()
        columns = [name for name, _minimum in ENGAGEMENT_DATES.values()]
        news = {}
        for row in touchpoints:
            values = news.setdefault(row.person_id, {})
            name, minimum = ENGAGEMENT_DATES.get(row.type_code, (None, None))
            if name and is_at_least(row.reliability, minimum):
                values[name] = max(values.get(name, row.date), row.date)
            if row.type_id in intent and is_at_least(row.reliability, "human_likely"):
                values["engaged"] = max(values.get("engaged", row.date), row.date)
            if row.type_code in SUPPRESSING:
                values["suppression"] = SUPPRESSING[row.type_code]
                values["suppressed"] = row.date
        rows = [
            (
                person_id,
                *(values.get(name) for name in columns),
                values.get("engaged"),
                values.get("suppression"),
                values.get("suppressed"),
            )
            for person_id, values in news.items()
            if values
        ]
        if not rows:
            return
        execute_values(
            self.env.cr._obj,
            """
            UPDATE marketing_person person
               SET last_sent_date = GREATEST(person.last_sent_date, new.sent),
                   last_open_date = GREATEST(person.last_open_date, new.opened),
                   last_click_date = GREATEST(person.last_click_date, new.clicked),
                   last_reply_date = GREATEST(person.last_reply_date, new.replied),
                   last_engagement_date =
                       GREATEST(person.last_engagement_date, new.engaged),
                   suppression = CASE WHEN person.suppression = 'none'
                       THEN COALESCE(new.suppression, 'none')
                       ELSE person.suppression END,
                   suppression_date =
                       COALESCE(person.suppression_date, new.suppressed)
              FROM (VALUES %s) new (id, sent, opened, clicked, replied, engaged,
                                    suppression, suppressed)
             WHERE person.id = new.id
            """,
            rows,
            template="(%s::int, %s::timestamp, %s::timestamp, %s::timestamp,"
            " %s::timestamp, %s::timestamp, %s, %s::timestamp)",
            page_size=2000,
        )
        self.browse([row[0] for row in rows]).invalidate_recordset()

    @api.model
    def _get_intent_type_ids(self):
        return set(
            self.env["marketing.touchpoint.type"]
            .with_context(active_test=False)
            .search([("shows_intent", "=", True)])
            .ids
        )

    @api.model
    def _rebuild_engagement(self, person_ids):
        """Read the engagement dates of persons from the log, as if seen first now.

        Dates from before the log begins are kept: what they come from was deleted.
        """
        horizon = self.env["marketing.retention"]._get_horizon()
        columns = [name for name, _minimum in ENGAGEMENT_DATES.values()]
        assignments = SQL(", ").join(
            SQL(
                "%(name)s = GREATEST(log.%(name)s,"
                " CASE WHEN person.%(name)s < %(horizon)s THEN person.%(name)s END)",
                name=SQL.identifier(name),
                horizon=horizon,
            )
            for name in (*columns, "last_engagement_date")
        )
        filters = SQL(", ").join(
            SQL(
                "max(t.date) FILTER (WHERE type.code = %s AND t.reliability = ANY(%s))"
                " AS %s",
                code,
                list(classes_from(minimum)),
                SQL.identifier(name),
            )
            for code, (name, minimum) in ENGAGEMENT_DATES.items()
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE marketing_person person
                   SET %s
                  FROM (SELECT p.id, %s,
                               max(t.date) FILTER (WHERE type.shows_intent
                                   AND t.reliability = ANY(%s))
                                   AS last_engagement_date
                          FROM marketing_person p
                          LEFT JOIN marketing_touchpoint t ON t.person_id = p.id
                          LEFT JOIN marketing_touchpoint_type type
                            ON type.id = t.type_id
                         WHERE p.id = ANY(%s)
                         GROUP BY p.id) log
                 WHERE person.id = log.id
                """,
                assignments,
                filters,
                list(classes_from("human_likely")),
                person_ids,
            )
        )
        self.browse(person_ids).invalidate_recordset()
