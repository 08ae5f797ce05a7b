from odoo import api, models
from odoo.http import request
from odoo.tools import SQL

from odoo.addons.email_marketing_crm.tools.reliability import classify_hit

from ..tools.visit import describe_visit


class WebsiteTrack(models.Model):
    """Pages that known visitors looked at become events of their persons.

    A visitor is known by his login or by a form he sent. What he saw before is added
    when he becomes known. Each page load is an event once (its id is the key), for
    whoever was the visitor first; one that follows the same page within half an hour
    is none, and neither is what colleagues look at.
    """

    _inherit = "website.track"

    # What a known visitor saw within the last half hour.
    _visitor_date = models.Index("(visitor_id, visit_datetime)")

    @api.model
    def _capture_last(self, visitor_id):
        """Record the page that this request has just added, if the visitor is known."""
        is_public = self.env.user._is_public()
        if is_public and not self.env.execute_query(
            SQL(
                "SELECT FROM website_visitor"
                " WHERE id = %(id)s AND partner_id IS NOT NULL"
                " UNION ALL SELECT FROM crm_lead_website_visitor_rel"
                " WHERE website_visitor_id = %(id)s LIMIT 1",
                id=visitor_id,
            )
        ):
            return
        agent = request.httprequest.user_agent.string
        found = classify_hit("click", agent)
        self._capture_views(
            SQL("track.id = currval(pg_get_serial_sequence('website_track', 'id'))"),
            referrer=request.httprequest.referrer,
            reliability=found.reliability,
            reliability_reasons=found.reasons,
        )

    @api.model
    def _capture_views(self, condition, referrer=None, **values):
        """Record page loads of visitors who are known.

        :param condition: SQL that chooses them; the alias of the table is `track`
        :param values: further values of the events
        """
        rows = self._find_known_views(condition)
        self.env["marketing.touchpoint"].sudo()._capture(
            [
                {
                    "type": "page_view",
                    "person_id": person_id,
                    "date": date,
                    "company_id": company_id,
                    "data": {
                        **({"title": title} if title else {}),
                        **describe_visit(url, referrer),
                    },
                    "dedup_key": f"page:{track_id}",
                    **values,
                }
                for track_id, url, date, title, company_id, person_id in rows
            ]
        )

    @api.model
    def _find_known_views(self, condition):
        """Page loads of known visitors that are no events yet, colleagues left out.

        :returns: `[(id, url, moment, title, company id, person id)]`
        """
        self._flush_visits()
        cutoff = self.env["marketing.retention"]._get_cutoff("touchpoints")
        return self.env.execute_query(
            SQL(
                """
                SELECT track.id, track.url, track.visit_datetime, view.name,
                       website.company_id,
                       COALESCE(partner.marketing_person_id, lead.person_id)
                  FROM website_track track
                  JOIN website_visitor visitor ON visitor.id = track.visitor_id
                  LEFT JOIN res_partner partner ON partner.id = visitor.partner_id
                  LEFT JOIN LATERAL (
                       SELECT lead.marketing_person_id AS person_id
                         FROM crm_lead_website_visitor_rel rel
                         JOIN crm_lead lead ON lead.id = rel.crm_lead_id
                        WHERE rel.website_visitor_id = visitor.id
                          AND lead.marketing_person_id IS NOT NULL
                        ORDER BY lead.id DESC LIMIT 1) lead ON TRUE
                  LEFT JOIN website_page page ON page.id = track.page_id
                  LEFT JOIN ir_ui_view view ON view.id = page.view_id
                  LEFT JOIN website ON website.id = visitor.website_id
                 WHERE %(condition)s
                   AND track.url IS NOT NULL AND %(young)s
                   AND COALESCE(partner.marketing_person_id, lead.person_id) IS NOT NULL
                   AND NOT EXISTS (
                       SELECT FROM res_users colleague
                        WHERE colleague.partner_id = visitor.partner_id
                          AND colleague.share IS NOT TRUE)
                   AND NOT EXISTS (
                       SELECT FROM website_track earlier
                        WHERE earlier.visitor_id = track.visitor_id
                          AND earlier.visit_datetime BETWEEN
                              track.visit_datetime - interval '30 minutes'
                              AND track.visit_datetime
                          AND earlier.url = track.url AND earlier.id < track.id)
                   AND NOT EXISTS (
                       SELECT FROM marketing_touchpoint known
                        WHERE known.dedup_key = 'page:' || track.id)
                """,
                condition=condition,
                young=SQL("track.visit_datetime >= %s", cutoff)
                if cutoff
                else SQL("TRUE"),
            )
        )

    @api.model
    def _flush_visits(self):
        """Write what the statement reads; where nothing waits, it costs nothing."""
        for model, names in (
            ("crm.lead", ["marketing_person_id", "visitor_ids"]),
            ("res.partner", ["marketing_person_id"]),
            ("res.users", ["partner_id", "share"]),
            ("website.track", ["visitor_id", "url", "visit_datetime", "page_id"]),
            ("website.visitor", ["partner_id", "lead_ids", "website_id"]),
        ):
            self.env[model].flush_model(names)
