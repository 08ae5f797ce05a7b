"""How a person stands: what is shown above the timeline, and sorted by in lists."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_date

from ..tools.engagement import ENGAGEMENT_DATES
from ..tools.reliability import is_at_least

#: Fields that are empty for most persons, and no use at the top of a list.
NULLS_LAST = frozenset(
    {
        "grade",
        "last_click_date",
        "last_engagement_date",
        "last_open_date",
        "last_reply_date",
        "last_sent_date",
        "marketing_grade",
        "marketing_last_engagement_date",
    }
)
#: Days before now that mails, opens, clicks and replies are counted in.
COUNTED_DAYS = 30


class MarketingTimeline(models.AbstractModel):
    _inherit = "marketing.timeline"

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        """Who never engaged comes last, whichever way a list is sorted."""
        if field_name in NULLS_LAST and not nulls.code:
            nulls = SQL("NULLS LAST")
        return super()._order_field_to_sql(alias, field_name, direction, nulls, query)

    def marketing_summary(self):
        """How the person of this record stands: the tiles above the timeline."""
        person = self._get_timeline_person()
        kinds = [
            {"code": code, "label": label} for code, label in self._get_timeline_kinds()
        ]
        if not person:
            return {"person_id": False, "kinds": kinds}
        return {
            "person_id": person.id,
            "may_open_person": self._name != person._name
            and person.with_env(self.env).has_access("read"),
            "kinds": kinds,
            "warnings": self._get_suppression_sentences(person),
            "engagement": self._get_engagement_tiles(person),
            "score": self._get_score_summary(person),
            "lifecycle": person.lifecycle_stage_id.display_name or False,
            "segments": person.segment_ids.mapped("display_name"),
        }

    @api.model
    def _get_suppression_sentences(self, person):
        """Why the person gets no marketing mail, in words; usually nothing."""
        sentences = []
        reason = {
            "bounce": self.env._("the address does not exist"),
            "complaint": self.env._("a mail was reported as spam"),
            "manual": self.env._("blocked by hand"),
        }.get(person.suppression)
        if reason:
            sentences.append(
                self.env._(
                    "Gets no marketing mail since %(date)s: %(reason)s.",
                    date=format_date(self.env, person.suppression_date) or "…",
                    reason=reason,
                )
            )
        if person.is_blacklisted:
            sentences.append(
                self.env._("Gets no marketing mail: unsubscribed from all mailings.")
            )
        return sentences

    def _get_engagement_tiles(self, person):
        """Last date and count of 30 days of mails, opens, clicks and replies."""
        labels = {
            "sent": self.env._("Last mail"),
            "opened": self.env._("Last open"),
            "clicked": self.env._("Last click"),
            "replied": self.env._("Last reply"),
        }
        counts = self._count_recent_touchpoints(person)
        return [
            {
                "code": code,
                "label": labels[code],
                "date": fields.Datetime.to_string(person[name]) or False,
                "count": counts[code][True],
                "automatic": counts[code][False],
            }
            for code, (name, _minimum) in ENGAGEMENT_DATES.items()
        ]

    def _count_recent_touchpoints(self, person):
        """`{code: {by a human: number}}` of the last 30 days."""
        codes = {
            self.env["marketing.touchpoint.type"]._get_id(code): code
            for code in ENGAGEMENT_DATES
        }
        counts = {code: {True: 0, False: 0} for code in ENGAGEMENT_DATES}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT t.type_id, t.reliability, count(*)
                  FROM marketing_touchpoint t
                 WHERE t.person_id = %s AND t.type_id = ANY(%s) AND t.date >= %s
                   AND %s
                 GROUP BY t.type_id, t.reliability
                """,
                person.id,
                list(codes),
                fields.Datetime.now() - timedelta(days=COUNTED_DAYS),
                self._get_company_condition(),
            )
        )
        for type_id, reliability, count in rows:
            code = codes[type_id]
            _name, minimum = ENGAGEMENT_DATES[code]
            counts[code][is_at_least(reliability, minimum)] += count
        return counts

    def _get_score_summary(self, person):
        """The primary score and what it is made of."""
        if not person.score_id:
            return False
        return {
            "score": round(person.score),
            "grade": person.grade or False,
            "lines": self.env["marketing.score"].sudo()._explain(person.id),
        }
