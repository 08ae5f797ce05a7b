"""Who comes and who goes is an event: logged always, queued where somebody listens."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .marketing_segment_rule_query import SEGMENT_TYPES


class MarketingTouchpoint(models.Model):
    _inherit = "marketing.touchpoint"

    # Moves of one segment by day, among the moves of all.
    _segment_moves = models.Index(
        "(res_id, date) INCLUDE (type_id) WHERE res_model = 'marketing.segment'"
    )


class MarketingSegment(models.Model):
    _inherit = "marketing.segment"

    def _get_event_ctes(self, is_queued=True):
        """The end of a WITH list: log and queue who came and who went.

        It reads the lists `fresh` and `gone`, with the columns id and person_id. A row
        of a member is a stay in the segment: its id makes the events unique for ever.

        :param is_queued: whether the inbox lanes hear of it
        """
        self.ensure_one()
        types = self.env["marketing.touchpoint.type"]._get_types_by_code()
        entered, left = (types[code] for code in SEGMENT_TYPES)
        now = fields.Datetime.now()
        queued = SQL(
            """
            , queued AS (
                INSERT INTO marketing_inbox
                       (person_id, touchpoint_id, kind, due, attempts)
                SELECT person_id, id, 'touchpoint', %s, 0 FROM event
            )
            """,
            now,
        )
        return SQL(
            """
            event AS (
                INSERT INTO marketing_touchpoint (
                       person_id, type_id, date, res_model, res_id, company_id, value,
                       reliability, dedup_key)
                SELECT stay.person_id, stay.type_id, %(now)s, 'marketing.segment',
                       %(segment)s, %(company)s::int, 0, stay.reliability,
                       concat_ws(':', 'segment', %(segment)s::int, stay.person_id,
                                 stay.change, stay.id)
                  FROM (SELECT id, person_id, 'entered' AS change,
                               %(entered_type)s AS type_id,
                               %(entered_reliability)s AS reliability
                          FROM fresh
                         UNION ALL
                        SELECT id, person_id, 'left', %(left_type)s,
                               %(left_reliability)s
                          FROM gone) AS stay
                    ON CONFLICT (dedup_key) DO NOTHING
             RETURNING id, person_id
            ) %(queued)s
            """,
            now=now,
            queued=queued if is_queued else SQL(),
            segment=self.id,
            company=self.company_id.id or None,
            entered_type=entered[0],
            entered_reliability=entered[1],
            left_type=left[0],
            left_reliability=left[1],
        )

    def _is_followed(self):
        """Whether anything happens when somebody enters or leaves the segment.

        A new segment of a million persons where nothing does would only fill the
        queue of the lanes, and delay the events of everybody.
        """
        self.ensure_one()
        if any(
            self.env[model].sudo().search_count(domain, limit=1)
            for model, domain in self._get_follower_domains()
        ):
            return True
        segments = self.sudo().search([("kind", "=", "dynamic")])
        return any(
            self.id in facts.segment_ids or facts.has_named_segments
            for facts in (segment._get_domain_facts() for segment in segments)
        )

    @api.model
    def _get_event_type_domain(self, name):
        types = self.env["marketing.touchpoint.type"]
        return Domain(name, "in", [types._get_id(code) for code in SEGMENT_TYPES])

    def _get_follower_domains(self):
        """What listens to the moves of the segment: models, and which records of them.

        A model that consumes `segment_entered` or `segment_left` of the inbox belongs
        in here.
        """
        self.ensure_one()
        own = Domain("segment_id", "=", self.id)
        is_event = self._get_event_type_domain("type_id")
        return [
            ("marketing.journey", own),
            ("marketing.journey.step", self._get_event_type_domain("event_type_id")),
            ("marketing.score.rule", is_event),
            ("marketing.segment.action", own),
            ("marketing.segment.link", Domain("other_id", "=", self.id)),
            ("marketing.segment.rule", is_event),
            (
                "marketing.touchpoint.type",
                Domain("shows_intent", "=", True) & self._get_event_type_domain("id"),
            ),
        ]
