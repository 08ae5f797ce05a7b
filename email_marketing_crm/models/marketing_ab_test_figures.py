"""What came of the versions of an A/B test, and of who got none of them."""

from datetime import datetime

from odoo import fields, models
from odoo.tools import SQL

from ..tools.reliability import classes_from

#: Events that count for a figure, of this very mailing.
REACTIONS = {
    "opened": ("opened", "clicked", "replied"),
    "clicked": ("clicked",),
    "replied": ("replied",),
}
#: Events that count for a figure, from the mail on, whatever brought them.
RESULTS = {"lead": "lead_created", "revenue": "won"}


class MarketingAbTest(models.Model):
    _inherit = "marketing.ab.test"

    def _get_figures(self, sent_before=None, within=None):
        """What came of each version.

        :param sent_before: count mails that left before this moment only
        :param within: count what happened so soon after each mail only, a timedelta
        :returns: `{id of the version: (persons, total, sum of squares)}`
        """
        self.ensure_one()
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT arm_id, count(*), COALESCE(sum(value), 0)::float,
                       COALESCE(sum(value * value), 0)::float
                  FROM (%s) AS mail
                 WHERE sent_date <= %s
                 GROUP BY arm_id
                """,
                self._get_mails_query(self.arm_ids, within),
                sent_before or datetime.max,
            )
        )
        found = {arm_id: tuple(figures) for arm_id, *figures in rows}
        return {arm.id: found.get(arm.id, (0, 0.0, 0.0)) for arm in self.arm_ids}

    def _get_mails_query(self, arms, within=None):
        """SELECT of id, arm_id, sent_date and value of each mail that counts.

        :param arms: the versions asked about
        :param within: as of `_get_figures`
        """
        return SQL(
            "SELECT delivery.id, delivery.arm_id, delivery.sent_date, %s AS value"
            " FROM marketing_delivery delivery"
            " WHERE delivery.arm_id = ANY(%s) AND delivery.state = 'sent' AND %s",
            self._get_value_sql(within=within),
            arms.ids,
            self._get_reader_condition(),
        )

    def _get_control_figures(self):
        """`(persons, total)` of who was held out: what came of them without the mail.

        Only leads and revenue can be told of somebody who got nothing.
        """
        if not self._has_control():
            return 0, 0.0
        self.env.flush_all()
        return self.env.execute_query(
            SQL(
                "SELECT count(*), COALESCE(sum(value), 0)::float FROM (%s) AS mail",
                self._get_control_query(),
            )
        )[0]

    def _has_control(self):
        """Whether something is known of who was held out."""
        self.ensure_one()
        return self.metric in RESULTS and bool(self.started_date)

    def _get_control_query(self):
        """SELECT of id and value of each mail that somebody was held out of."""
        return SQL(
            "SELECT delivery.id, %s AS value FROM marketing_delivery delivery"
            " WHERE delivery.mailing_id = %s AND delivery.state = 'skipped'"
            " AND delivery.reason = 'holdout'",
            self._get_value_sql(SQL("%s::timestamp", self.started_date)),
            self.mailing_id.id,
        )

    def _get_exposure(self, sent_before):
        """For how long after its mail a reaction counts; None for as long as it was.

        An earlier hour has had more time for reactions than a later one. What is
        compared is the time that every mail has had. In a journey mails of all
        versions leave day after day, so nobody is ahead.

        :param sent_before: as of `_get_figures`
        """
        self.ensure_one()
        if self.varies != "hour" or self.mailing_kind == "journey":
            return None
        [(last,)] = self.env.execute_query(
            SQL(
                "SELECT max(sent_date) FROM marketing_delivery"
                " WHERE arm_id = ANY(%s) AND state = 'sent' AND sent_date <= %s",
                self.arm_ids.ids,
                sent_before,
            )
        )
        return last and fields.Datetime.now() - last

    def _get_value_sql(self, since=None, within=None):
        """SQL: what a person is worth to the test; alias: delivery.

        :param since: SQL of the moment from which on events count; without, when the
            mail left
        :param within: how long from then on they count, a timedelta; without, for ever
        """
        since = since or SQL("delivery.sent_date")
        in_time = SQL("event.date >= %s", since)
        if within is not None:
            in_time = SQL("%s AND event.date < %s + %s", in_time, since, within)
        types = self.env["marketing.touchpoint.type"]
        if self.metric in REACTIONS:
            return SQL(
                """
                EXISTS (SELECT FROM marketing_touchpoint event
                         WHERE event.person_id = delivery.person_id
                           AND event.type_id = ANY(%s)
                           AND event.mailing_id = delivery.mailing_id
                           AND event.reliability = ANY(%s)
                           AND %s)::int
                """,
                [types._get_id(code) for code in REACTIONS[self.metric]],
                list(classes_from("human_likely")),
                in_time,
            )
        events = SQL(
            "FROM marketing_touchpoint event"
            " WHERE event.person_id = delivery.person_id AND event.type_id = %s"
            " AND %s",
            types._get_id(RESULTS[self.metric]),
            in_time,
        )
        if self.metric == "lead":
            return SQL("EXISTS (SELECT %s)::int", events)
        return SQL("(SELECT COALESCE(sum(event.value), 0) %s)", events)

    def _get_reader_condition(self):
        """SQL: who read a version; alias: delivery.

        A subject or a text is tested on those who read the mailing's own language;
        who got a translation of it has seen none of the versions.
        """
        own, others = self.mailing_id._get_text_langs()
        if self.varies not in ("subject", "content") or not others:
            return SQL("TRUE")
        return SQL(
            "(delivery.variant->>'lang' IS NULL OR delivery.variant->>'lang' = %s)", own
        )
