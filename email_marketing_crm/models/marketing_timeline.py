from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_amount

from ..tools.reliability import is_at_least

#: Who sees what a person does; employees of other departments do not.
ENGAGEMENT_GROUPS = (
    "sales_team.group_sale_salesman,email_marketing_crm.group_marketing_user"
)
#: Events of a page, however many are asked for.
MAX_PAGE = 200
#: Where a type belongs among the filters; what is in none is `web`.
TYPES_BY_KIND = {
    "mails": (
        "sent",
        "delivered",
        "skipped",
        "opened",
        "opened_again",
        "replied",
        "viewed_online",
        "read_online",
        "hard_bounce",
        "soft_bounce",
        "policy_bounce",
    ),
    "clicks": ("clicked",),
    "sales": (
        "lead_created",
        "stage_moved",
        "won",
        "lost",
        "assigned",
        "activity_done",
        "score_threshold",
        "mql",
        "accepted",
        "rejected",
        "recycled",
        "order",
    ),
    "consent": (
        "unsubscribed",
        "resubscribed",
        "consent_given",
        "consent_withdrawn",
        "complaint",
        "suppression_lifted",
    ),
    "segments": ("segment_entered", "segment_left"),
}
OTHER_KIND = "web"


class MarketingTimeline(models.AbstractModel):
    """What happened with a person, for whoever may read a record of that person.

    The right to read the record decides, not a right on persons or touchpoints:
    salespeople see the history of their leads and contacts and of nobody else. What
    they may not open is told without its name. Events of companies that the user has
    not chosen are left out.
    """

    _name = "marketing.timeline"
    _description = "Timeline of a Person"

    def marketing_timeline(self, limit=40, before=None, kinds=None):
        """A page of what happened with the person of this record, newest first.

        :param limit: number of events, at most 200
        :param before: `next` of the page before; None for the newest
        :param kinds: codes of filters, see `_get_timeline_kinds`; None for all
        :returns: `{"touchpoints": [dictionary], "next": [date, id] or False}`
        """
        person = self._get_timeline_person()
        limit = min(max(int(limit), 1), MAX_PAGE)
        ids = self._search_timeline(person, limit + 1, before, kinds)
        touchpoints = self.env["marketing.touchpoint"].browse(ids[:limit])
        oldest = touchpoints[-1:].sudo()
        return {
            "touchpoints": self._format_touchpoints(touchpoints),
            "next": [oldest.date.isoformat(), oldest.id] if ids[limit:] else False,
        }

    def marketing_timeline_mail(self, touchpoint_id):
        """The mail behind an event, as the person saw it.

        For those who may not open mailings.

        :returns: `{"subject": text, "body": html}`
        """
        person = self._get_timeline_person()
        touchpoint = self.env["marketing.touchpoint"].sudo().browse(touchpoint_id)
        touchpoint = touchpoint.exists().filtered(
            lambda row: (
                row.person_id == person
                and row._has_mail()
                and row.company_id in (row.company_id.browse(), *self.env.companies)
            )
        )
        mailing = touchpoint.mailing_id
        if not touchpoint:
            raise UserError(self.env._("This mail does not exist any more."))
        # Without the record that it was made for, a mail is shown as to nobody.
        target = (touchpoint.res_model, touchpoint.res_id)
        is_readable = target in self.env["marketing.touchpoint"]._get_readable([target])
        res_id = target[1] if target[0] == mailing.mailing_model_real else 0
        res_id = res_id if is_readable else 0
        body = mailing._render_field(
            "body_html", [res_id], options={"post_process": False}
        )
        return {
            "subject": mailing._render_field("subject", [res_id])[res_id],
            "body": body[res_id],
        }

    # ------------------------------------------------------------------
    # WHOSE TIMELINE
    # ------------------------------------------------------------------

    def _get_timeline_person(self):
        """The person, as superuser, once the user turned out to be allowed to look."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.su and not self.env.user.has_groups(ENGAGEMENT_GROUPS):
            raise AccessError(
                self.env._(
                    "Only salespeople and marketers see what a person did. "
                    "Ask an administrator for one of these roles."
                )
            )
        return self._get_person().sudo()

    def _get_person(self):
        """The person this record stands for; maybe none."""
        raise NotImplementedError

    # ------------------------------------------------------------------
    # TIMELINE
    # ------------------------------------------------------------------

    @api.model
    def _get_timeline_kinds(self):
        """Filters of the timeline: `[(code, label)]`."""
        return [
            ("mails", self.env._("Mails")),
            ("clicks", self.env._("Clicks")),
            ("web", self.env._("Web and forms")),
            ("sales", self.env._("Sales")),
            ("consent", self.env._("Consent")),
            ("segments", self.env._("Segments")),
        ]

    @api.model
    def _get_types_by_kind(self):
        return TYPES_BY_KIND

    @api.model
    def _get_kind_by_type(self):
        """`{type id: code of its filter}` of all types."""
        kinds = {
            code: kind
            for kind, codes in self._get_types_by_kind().items()
            for code in codes
        }
        types = self.env["marketing.touchpoint.type"]._get_types_by_code()
        return {
            type_id: kinds.get(code, OTHER_KIND)
            for code, (type_id, _reliability) in types.items()
        }

    def _search_timeline(self, person, limit, before, kinds):
        """Ids of the newest events before a cursor.

        The newest of each type are taken by the index (person, type, date) and put
        together, so that a page costs the same however long the history is. Events of
        one moment stay together until then: the index does not know their order.
        """
        type_ids = [
            type_id
            for type_id, kind in self._get_kind_by_type().items()
            if not kinds or kind in kinds
        ]
        cursor = SQL("TRUE")
        if before:
            date, touchpoint_id = before
            cursor = SQL(
                "(t.date, t.id) < (%s, %s)",
                datetime.fromisoformat(date),
                int(touchpoint_id),
            )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT newest.id
                  FROM unnest(%(types)s) AS type (id)
                 CROSS JOIN LATERAL (
                        SELECT t.id, t.date
                          FROM marketing_touchpoint t
                         WHERE t.person_id = %(person)s
                           AND t.type_id = type.id
                           AND %(company)s
                           AND %(cursor)s
                         ORDER BY t.date DESC
                         FETCH FIRST %(limit)s ROWS WITH TIES) newest
                 ORDER BY newest.date DESC, newest.id DESC
                 LIMIT %(limit)s
                """,
                types=type_ids,
                person=person.id or None,
                company=self._get_company_condition(),
                cursor=cursor,
                limit=limit,
            )
        )
        return [touchpoint_id for (touchpoint_id,) in rows]

    def _get_company_condition(self):
        return SQL(
            "(t.company_id IS NULL OR t.company_id = ANY(%s))", self.env.companies.ids
        )

    def _format_touchpoints(self, touchpoints):
        """Events as the timeline shows them, in order; a query a kind of name."""
        readable = self._get_readable_targets(touchpoints)
        hidden = self._get_hidden_records(touchpoints, readable)
        sentences = touchpoints._get_sentences(hidden)
        kinds = self._get_kind_by_type()
        return [
            self._format_touchpoint(row, readable, hidden)
            | {"title": sentences[row.id], "kind": kinds[row.type_id.id]}
            for row in touchpoints.sudo()
        ]

    def _get_readable_targets(self, touchpoints):
        """What is behind some events, `(model, id)`, as far as the user may read it."""
        targets = set()
        for row in touchpoints.sudo():
            targets.add(row._get_target())
            if row.res_model and row.res_id:
                targets.add((row.res_model, row.res_id))
        return touchpoints._get_readable(targets - {None})

    def _get_hidden_records(self, touchpoints, readable):
        """Records whose names the user may not learn here: leads of colleagues."""
        if self.env["marketing.touchpoint"].has_access("read"):
            return frozenset()
        return frozenset(
            (row.res_model, row.res_id)
            for row in touchpoints.sudo()
            if row.res_model == "crm.lead"
            and (row.res_model, row.res_id) not in readable
        )

    def _format_touchpoint(self, touchpoint, readable, hidden):
        kind = touchpoint.type_id
        target = touchpoint._get_target()
        opens = target in readable and target != (self._name, self.id)
        certain = is_at_least(touchpoint.reliability, "human_likely")
        told = (touchpoint.res_model, touchpoint.res_id) not in hidden
        currency = (touchpoint.company_id or self.env.company).currency_id
        return {
            "id": touchpoint.id,
            "date": fields.Datetime.to_string(touchpoint.date),
            "icon": kind.icon,
            "direction": kind.direction,
            "type": kind.name,
            "reliability": touchpoint.reliability,
            "is_automatic": not is_at_least(touchpoint.reliability, "unknown"),
            "reason": False if certain else touchpoint.reliability_reason,
            "amount": format_amount(self.env, touchpoint.value, currency)
            if touchpoint.value and told
            else False,
            "res_model": target[0] if opens else False,
            "res_id": target[1] if opens else False,
            "has_preview": touchpoint._has_mail() and not opens,
        }
