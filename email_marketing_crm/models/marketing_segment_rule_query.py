"""Who fulfils a rule about what persons did: as SQL for all, in words for some."""

from odoo import models
from odoo.tools import SQL, format_datetime

from ..tools.reliability import CLASSES, classes_from
from ..tools.segment_rules import escape_like, get_like_pattern, get_window
from ..tools.segment_sets import PersonSet
from .number_format import format_short

#: Types of touchpoints that segments themselves cause.
SEGMENT_TYPES = ("segment_entered", "segment_left")


class MarketingSegmentRule(models.Model):
    _inherit = "marketing.segment.rule"

    # ------------------------------------------------------------------
    # QUERY
    # ------------------------------------------------------------------

    def _is_time_dependent(self):
        """Whether who fulfils the rule changes without an event of the person."""
        return any(
            rule.period == "last" or rule.campaign_id or rule.topic for rule in self
        )

    def _get_person_set(self, now, person_ids=None):
        """Who fulfils the rule.

        :param now: the moment that days are counted back from
        :param person_ids: look at these persons only
        :returns: a `PersonSet`
        """
        self.ensure_one()
        is_value = self.measure == "value"
        measure = SQL("sum(value)") if is_value else SQL("count(*)")
        threshold = self.amount if is_value else self.times
        # Who did nothing is in no row: what is true for him is said of the others.
        is_complement = self.operator == "at_most" or not threshold
        if self.operator == "at_least":
            having = SQL("%s >= %s", measure, threshold)
        elif self.operator == "at_most":
            having = SQL("%s > %s", measure, threshold)
        else:
            operator = SQL("<>") if is_complement else SQL("=")
            having = SQL("%s %s %s", measure, operator, threshold)
        persons = SQL("SELECT person_id %s", self._get_events(now, person_ids))
        is_any_event_enough = not is_value and (
            (self.operator == "at_least" and threshold <= 1)
            or (self.operator != "at_least" and not threshold)
        )
        if not is_any_event_enough:
            persons = SQL("%s GROUP BY person_id HAVING %s", persons, having)
        return PersonSet(persons, is_complement)

    def _get_events(self, now, person_ids=None):
        """The touchpoints that the rule counts: FROM and WHERE of a SELECT.

        Everybody is read through the index (type_id, date) that includes person and
        reliability; some persons through (person_id, type_id, date).
        """
        self.ensure_one()
        conditions = [
            SQL("type_id = %s", self.type_id.id),
            *self._get_window_conditions(now),
            *self._get_scope_conditions(),
        ]
        if self.reliability != CLASSES[0]:
            conditions.append(
                SQL("reliability = ANY(%s)", list(classes_from(self.reliability)))
            )
        if person_ids is not None:
            conditions.append(SQL("person_id = ANY(%s)", list(person_ids)))
        if self.type_id.code in SEGMENT_TYPES:
            # A segment that counted its own entries would chase itself for ever.
            conditions.append(
                SQL(
                    "(res_model, res_id) IS DISTINCT FROM ('marketing.segment', %s)",
                    self.segment_id._origin.id or 0,
                )
            )
        return SQL("FROM marketing_touchpoint WHERE %s", SQL(" AND ").join(conditions))

    def _get_window_conditions(self, now):
        start, end = get_window(
            self.period or "ever",
            now,
            self.days,
            self.date_from,
            self.date_to,
            self.segment_id._get_timezone(),
        )
        if start:
            yield SQL("date >= %s", start)
        if end:
            yield SQL("date < %s", end)

    def _get_scope_conditions(self):
        if self.mailing_id:
            yield SQL("mailing_id = %s", self.mailing_id._origin.id)
        if self.campaign_id:
            mailings = self.env["mailing.mailing"]
            mailings.flush_model(["campaign_id"])
            yield SQL(
                "mailing_id IN (SELECT id FROM mailing_mailing WHERE campaign_id = %s)",
                self.campaign_id._origin.id,
            )
        if self.link_id:
            links = self.link_id._origin._get_same_links()
            yield SQL("link_id = ANY(%s)", links.ids)
        if self.page:
            self.env["link.tracker"].flush_model(["url"])
            pattern = get_like_pattern(self.page)
            yield SQL(
                "(data->>'url' ILIKE %s OR link_id IN"
                " (SELECT id FROM link_tracker WHERE url ILIKE %s))",
                pattern,
                pattern,
            )
        if self.topic:
            yield self._get_topic_condition()

    def _get_topic_condition(self):
        """SQL: the event is about the topic.

        Web sites report `topic`, or lists `topics` and `tags`, with an event; a
        mailing has the topic whose consent it needs.
        """
        topic = self.topic.strip()
        conditions = [
            SQL("lower(data->>'topic') = lower(%s)", topic),
            SQL("data->>'title' ILIKE %s", get_like_pattern(topic)),
        ]
        conditions += [
            SQL(
                """
                EXISTS (SELECT FROM jsonb_array_elements_text(
                                    CASE jsonb_typeof(data->%(key)s) WHEN 'array'
                                         THEN data->%(key)s ELSE '[]' END) AS tag
                         WHERE lower(tag) = lower(%(topic)s))
                """,
                key=key,
                topic=topic,
            )
            for key in ("topics", "tags")
        ]
        mailings = self.segment_id._get_record_model().env["mailing.mailing"]
        query = mailings.with_context(active_test=False)._search(
            [("marketing_topic_id.name", "=ilike", escape_like(topic))]
        )
        conditions.append(SQL("mailing_id IN %s", query.subselect()))
        return SQL("(%s)", SQL(" OR ").join(conditions))

    # ------------------------------------------------------------------
    # VERDICT
    # ------------------------------------------------------------------

    def _get_verdicts(self, now, person_ids):
        """`{person id: (whether he fulfils the rule, what was counted)}`."""
        self.ensure_one()
        found = {
            person_id: facts
            for person_id, *facts in self.env.execute_query(
                SQL(
                    "SELECT person_id, count(*), sum(value), max(date) %s"
                    " GROUP BY person_id",
                    self._get_events(now, person_ids),
                )
            )
        }
        verdicts = {}
        for person_id in person_ids:
            times, value, last = found.get(person_id, (0, 0.0, None))
            measured = float(value) if self.measure == "value" else times
            threshold = self.amount if self.measure == "value" else self.times
            is_met = {
                "at_least": measured >= threshold,
                "at_most": measured <= threshold,
                "exactly": measured == threshold,
            }[self.operator]
            if not times:
                detail = self.env._("never")
            elif self.measure == "value":
                detail = self.env._(
                    "%(value)s in total, last on %(date)s",
                    value=format_short(self.env, measured),
                    date=format_datetime(self.env, last),
                )
            else:
                detail = self.env._(
                    "%(times)s times, last on %(date)s",
                    times=times,
                    date=format_datetime(self.env, last),
                )
            verdicts[person_id] = is_met, detail
        return verdicts
