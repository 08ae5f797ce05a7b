from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_date

from ..tools.handoff_evidence import Event, pick_reasons
from ..tools.reliability import classes_from

#: Lines of evidence, and last mails, that a salesperson gets to read.
MAX_REASONS = 5
MAX_MAILS = 3
#: Events older than this say nothing about now, and more than these nobody counts.
EVIDENCE_DAYS = 180
EVIDENCE_EVENTS = 200


class MarketingHandoff(models.Model):
    """What a salesperson has to know of a person, chosen from everything recorded."""

    _inherit = "marketing.handoff"

    @api.model
    def _get_reasons(self, person_ids):
        """What persons did that speaks loudest: `{person: [(touchpoint, count)]}`."""
        now = fields.Datetime.now()
        # Serves itself from the index (person_id, type_id, date DESC).
        rows = self.env.execute_query(
            SQL(
                """
                SELECT person.id, event.*
                  FROM unnest(%(persons)s) person (id)
                 CROSS JOIN LATERAL (
                    SELECT t.id, type.code, t.date, t.type_id, t.link_id, t.mailing_id,
                           t.data ->> 'url'
                      FROM marketing_touchpoint t
                      JOIN marketing_touchpoint_type type ON type.id = t.type_id
                     WHERE t.person_id = person.id AND t.type_id = ANY(%(types)s)
                       AND t.reliability = ANY(%(classes)s) AND t.date > %(since)s
                     ORDER BY t.date DESC
                     LIMIT %(limit)s) event
                """,
                persons=list(person_ids),
                types=list(self.env["marketing.person"]._get_intent_type_ids()),
                classes=list(classes_from("human_likely")),
                since=now - timedelta(days=EVIDENCE_DAYS),
                limit=EVIDENCE_EVENTS,
            )
        )
        events = defaultdict(list)
        for person_id, touchpoint_id, code, date, type_id, link, mailing, url in rows:
            key = (type_id, link or url or mailing)
            events[person_id].append(Event(touchpoint_id, key, code, date))
        picked = {
            person_id: pick_reasons(mine, now, MAX_REASONS)
            for person_id, mine in events.items()
        }
        touchpoints = self.env["marketing.touchpoint"].browse(
            reason.event.id for reasons in picked.values() for reason in reasons
        )
        by_id = {touchpoint.id: touchpoint for touchpoint in touchpoints}
        return {
            person_id: [(by_id[reason.event.id], reason.count) for reason in reasons]
            for person_id, reasons in picked.items()
        }

    @api.model
    def _get_last_mails(self, person_ids):
        """The last mails of persons: `{person: [(mailing, date, opened, clicked)]}`."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT person.id, mail.*
                  FROM unnest(%(persons)s) person (id)
                 CROSS JOIN LATERAL (
                    SELECT t.mailing_id,
                           max(t.date) FILTER (WHERE type.code = 'sent') AS sent_at,
                           bool_or(type.code = 'opened' AND t.reliability
                                   = ANY(%(opened)s)),
                           bool_or(type.code = 'clicked' AND t.reliability
                                   = ANY(%(clicked)s))
                      FROM marketing_touchpoint t
                      JOIN marketing_touchpoint_type type ON type.id = t.type_id
                     WHERE t.person_id = person.id AND t.mailing_id IS NOT NULL
                       AND type.code IN ('sent', 'opened', 'clicked')
                       AND t.date > %(since)s
                     GROUP BY t.mailing_id
                    HAVING max(t.date) FILTER (WHERE type.code = 'sent') IS NOT NULL
                     ORDER BY sent_at DESC
                     LIMIT %(limit)s) mail
                """,
                persons=list(person_ids),
                opened=list(classes_from("unknown")),
                clicked=list(classes_from("human_likely")),
                since=fields.Datetime.now() - timedelta(days=EVIDENCE_DAYS),
                limit=MAX_MAILS,
            )
        )
        mailings = {
            mailing.id: mailing
            for mailing in self.env["mailing.mailing"].browse({row[1] for row in rows})
        }
        answer = defaultdict(list)
        for person_id, mailing_id, date, opened, clicked in rows:
            answer[person_id].append((mailings[mailing_id], date, opened, clicked))
        return answer

    @api.model
    def _render_evidence(self, drafts):
        """`{person: HTML}`: what they did and got last, in the reader's language."""
        person_ids = [draft["person_id"].id for draft in drafts]
        reasons = self._get_reasons(person_ids)
        mails = self._get_last_mails(person_ids)
        answer = {}
        for draft in drafts:
            env = self._with_reader(draft["user_id"]).env
            person_id = draft["person_id"].id
            answer[person_id] = env["ir.qweb"]._render(
                "email_marketing_crm.handoff_evidence",
                {
                    "reasons": [
                        {
                            "date": self._format_day(env, touchpoint.date),
                            "type": touchpoint.type_id.with_env(env).name,
                            "description": touchpoint.with_env(env).description,
                            "count": count,
                        }
                        for touchpoint, count in reasons.get(person_id, [])
                    ],
                    "mails": [
                        {
                            "date": self._format_day(env, date),
                            "subject": mailing.subject,
                            "is_opened": opened,
                            "is_clicked": clicked,
                        }
                        for mailing, date, opened, clicked in mails.get(person_id, [])
                    ],
                },
                minimal_qcontext=True,
            )
        return answer

    @api.model
    def _format_day(self, env, date):
        """The day of a moment, in the zone and language of the reader."""
        reader = self.with_env(env)
        return format_date(env, fields.Datetime.context_timestamp(reader, date))
