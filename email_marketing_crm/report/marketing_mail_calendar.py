from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..models.number_format import format_number
from ..tools.local_time import at_hour, find_zone, get_midnight
from ..tools.search_range import Range, Term, get_range

#: Colours of the calendar, as Odoo numbers them.
COLORS = {
    "draft": 0,
    "approval": 3,
    "check": 2,
    "scheduled": 4,
    "paused": 6,
    "sending": 7,
    "sent": 10,
    "stopped": 1,
    "automated": 11,
}
#: Context: the moments between which mails of journeys are asked for.
RANGE = "marketing_calendar_range"
#: Companies that an entry of a day can be told apart by.
COMPANIES = 10_000
#: Hour of who had none and is moved to a day.
MORNING = 9

# Columns of the entry of a mailing, as SQL. `gone` is what left of it: mails, and the
# first and the last hour, which begin with their mails and end up to an hour later.
_DATE = """
    CASE WHEN mailing.state IN ('sending', 'done') THEN COALESCE(
              CASE WHEN mailing.schedule_date >= gone.first
                    AND mailing.schedule_date < gone.first + interval '1 hour'
                   THEN mailing.schedule_date
                   WHEN mailing.sent_date < gone.first + interval '1 hour'
                   THEN mailing.sent_date
                   ELSE gone.first END,
              mailing.sent_date, mailing.schedule_date, %(now)s)
         WHEN mailing.schedule_date IS NOT NULL THEN mailing.schedule_date
         WHEN mailing.state = 'in_queue' THEN %(now)s
         WHEN mailing.marketing_approval_state = 'requested' THEN %(today)s
         END
"""
_LAST_DATE = """
    CASE WHEN mailing.state = 'done'
         THEN LEAST(gone.last + interval '59 minutes 59 seconds', mailing.sent_date)
         WHEN mailing.state = 'sending'
         THEN gone.last + interval '59 minutes 59 seconds'
         END
"""
_STATE = """
    CASE WHEN mailing.marketing_hold = 'stopped' THEN 'stopped'
         WHEN mailing.state = 'done' THEN 'sent'
         WHEN mailing.marketing_hold IS NOT NULL THEN mailing.marketing_hold
         WHEN mailing.state = 'sending' THEN 'sending'
         WHEN mailing.state = 'in_queue' THEN 'scheduled'
         WHEN mailing.marketing_approval_state = 'requested' THEN 'approval'
         WHEN EXISTS (SELECT FROM marketing_mailing_check AS look
                       WHERE look.mailing_id = mailing.id AND look.state = 'running')
         THEN 'check'
         ELSE 'draft' END
"""
_PLANNED_COUNT = """
    CASE mailing.state
         WHEN 'draft' THEN COALESCE((
              SELECT sum(past.size)::int
                FROM mailing_mailing_marketing_segment_rel AS rel
               CROSS JOIN LATERAL (
                     SELECT size FROM marketing_segment_history
                      WHERE segment_id = rel.segment_id
                      ORDER BY date DESC LIMIT 1) AS past
               WHERE rel.mailing_id = mailing.id), 0)
         ELSE COALESCE(mailing.marketing_planned_count, 0) END
"""


class MarketingMailCalendar(models.Model):
    """What is planned and what was sent: an entry a mailing, and one a day of journeys.

    A view that has no row of its own. A mailing stands where it leaves: at its first
    hour once mails left, at the hour it is scheduled for before, today where it waits
    for nothing but somebody's approval. A draft without a date is not in here. Its size
    is kept (`marketing.mail.hour`, `marketing_planned_count`, the size of segments of
    drafts): opening a month reads as many rows as there are mailings, not mails. Mails
    of journeys are an entry a day and company, what waits included.

    Writing the date of an entry moves its mailing, which says where it may go.
    """

    _name = "marketing.mail.calendar"
    _description = "Calendar of Mails"
    _auto = False
    _log_access = False
    _rec_name = "mailing_id"
    _order = "date, id"
    _depends = {
        "mailing.mailing": [
            "active",
            "mailing_type",
            "state",
            "subject",
            "schedule_date",
            "sent_date",
            "marketing_kind",
            "marketing_hold",
            "marketing_approval_state",
            "marketing_planned_count",
            "marketing_segment_ids",
            "marketing_topic_id",
            "campaign_id",
            "user_id",
        ],
        "marketing.topic": ["company_id"],
        "res.users": ["company_id"],
        "marketing.mailing.check": ["mailing_id", "state"],
        "marketing.segment.history": ["segment_id", "date", "size"],
        "marketing.delivery": ["mailing_id", "state", "due"],
        "mailing.trace": ["mass_mailing_id", "sent_datetime", "is_test_trace"],
    }

    mailing_id = fields.Many2one("mailing.mailing", readonly=True)
    date = fields.Datetime("Leaves", help="Drag an entry to move its mailing.")
    date_stop = fields.Datetime("Last Mail", readonly=True)
    is_all_day = fields.Boolean("All Day", readonly=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("approval", "Waits for its approval"),
            ("check", "In the check"),
            ("scheduled", "Scheduled"),
            ("paused", "Paused"),
            ("sending", "Sending"),
            ("sent", "Sent"),
            ("stopped", "Stopped"),
            ("automated", "Automated"),
        ],
        string="Status",
        readonly=True,
        help="Automated: the mails of all journeys on that day.",
    )
    color = fields.Integer(compute="_compute_color")
    sent_count = fields.Integer("Sent", readonly=True)
    planned_count = fields.Integer(
        "Planned",
        readonly=True,
        help="Mails it was planned to be; of drafts, how many are in their segments, "
        "with those who will be left out.",
    )
    mail_count = fields.Integer(
        "Mails", readonly=True, help="Sent, or planned as long as it has not left."
    )
    topic_id = fields.Many2one("marketing.topic", readonly=True)
    campaign_id = fields.Many2one("utm.campaign", readonly=True)
    user_id = fields.Many2one("res.users", "Responsible", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)

    # ------------------------------------------------------------------
    # QUERY
    # ------------------------------------------------------------------

    @property
    def _table_query(self):
        now, zone = fields.Datetime.now(), self._get_zone()
        return SQL(
            "%s UNION ALL %s",
            self._get_mailings_query(now, zone),
            self._get_automated_query(now, zone),
        )

    @api.model
    def _get_mailings_query(self, now, zone):
        """An entry for each mailing that has a place; served by indexes by mailing."""
        return SQL(
            """
            SELECT entry.id * 2 AS id, entry.id AS mailing_id, entry.date,
                   GREATEST(entry.last_date, LEAST(
                       entry.date + interval '59 minutes 59 seconds',
                       %(day_end)s)) AS date_stop,
                   entry.is_all_day, entry.state, entry.sent_count,
                   entry.planned_count,
                   CASE WHEN entry.state IN ('sent', 'stopped') THEN entry.sent_count
                        ELSE GREATEST(entry.sent_count, entry.planned_count)
                        END AS mail_count,
                   entry.topic_id, entry.campaign_id, entry.user_id, entry.company_id
              FROM (SELECT mailing.id,
                           %(date)s AS date, %(last_date)s AS last_date,
                           mailing.state = 'draft' AND mailing.schedule_date IS NULL
                               AS is_all_day,
                           %(state)s AS state, COALESCE(gone.mails, 0) AS sent_count,
                           %(planned_count)s AS planned_count,
                           mailing.marketing_topic_id AS topic_id,
                           mailing.campaign_id, mailing.user_id,
                           COALESCE(topic.company_id, responsible.company_id)
                               AS company_id
                      FROM mailing_mailing AS mailing
                      LEFT JOIN marketing_topic AS topic
                        ON topic.id = mailing.marketing_topic_id
                      LEFT JOIN res_users AS responsible
                        ON responsible.id = mailing.user_id
                      LEFT JOIN LATERAL (
                            SELECT sum(mails)::int AS mails, min(hour) AS first,
                                   max(hour) AS last
                              FROM marketing_mail_hour
                             WHERE mailing_id = mailing.id
                               AND mailing.state IN ('sending', 'done')) AS gone ON TRUE
                     WHERE mailing.mailing_type = 'mail'
                       AND mailing.marketing_kind IS DISTINCT FROM 'journey'
                       AND (mailing.active OR mailing.state <> 'draft')
                   ) AS entry
             WHERE entry.date IS NOT NULL
            """,
            # What has no hour stands on the day itself, whatever the zone.
            date=SQL(_DATE, now=now, today=get_midnight(now, zone)),
            last_date=SQL(_LAST_DATE),
            state=SQL(_STATE),
            planned_count=SQL(_PLANNED_COUNT),
            day_end=SQL(
                "(date_trunc('day', entry.date AT TIME ZONE 'UTC'"
                " AT TIME ZONE %(zone)s) + interval '1 day' - interval '1 second')"
                " AT TIME ZONE %(zone)s AT TIME ZONE 'UTC'",
                zone=zone.key,
            ),
        )

    @api.model
    def _get_automated_query(self, now, zone):
        """An entry for each day and company with mails of journeys.

        What left is served by the index of hours by mailing, what waits by the partial
        indexes of deliveries, which hold nothing else.
        """
        first, last = self.env.context.get(RANGE, Range())
        day = SQL("(mail.date AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", zone.key)
        return SQL(
            """
            SELECT ((day.date - DATE '1970-01-01') * %(companies)s
                       + COALESCE(day.company_id, 0)) * 2 + 1 AS id,
                   NULL::int AS mailing_id, day.date::timestamp AS date,
                   day.date + interval '1 day' - interval '1 second' AS date_stop,
                   TRUE AS is_all_day, 'automated' AS state, day.sent AS sent_count,
                   day.sent + day.waiting AS planned_count,
                   day.sent + day.waiting AS mail_count, NULL::int AS topic_id,
                   NULL::int AS campaign_id, NULL::int AS user_id, day.company_id
              FROM (SELECT %(day)s AS date,
                           COALESCE(topic.company_id, responsible.company_id)
                               AS company_id,
                           sum(mail.sent)::int AS sent,
                           sum(mail.waiting)::int AS waiting
                      FROM mailing_mailing AS mailing
                     CROSS JOIN LATERAL (
                           SELECT hour AS date, mails AS sent, 0 AS waiting
                             FROM marketing_mail_hour
                            WHERE mailing_id = mailing.id
                              AND hour BETWEEN %(first)s AND %(last)s
                            UNION ALL
                           SELECT GREATEST(due, %(now)s), 0, 1
                             FROM marketing_delivery
                            WHERE mailing_id = mailing.id AND state = 'planned'
                              AND due <= %(last)s
                            UNION ALL
                           SELECT GREATEST(due, %(now)s), 0, 1
                             FROM marketing_delivery
                            WHERE mailing_id = mailing.id
                              AND state IN ('composed', 'sending')) AS mail
                      LEFT JOIN marketing_topic AS topic
                        ON topic.id = mailing.marketing_topic_id
                      LEFT JOIN res_users AS responsible
                        ON responsible.id = mailing.user_id
                     WHERE mailing.mailing_type = 'mail'
                       AND mailing.marketing_kind = 'journey'
                     GROUP BY 1, 2) AS day
             WHERE day.sent > 0 OR day.waiting > 0
            """,
            companies=COMPANIES,
            day=day,
            first=first,
            last=last,
            now=now,
        )

    @api.model
    def _get_zone(self):
        """Where the user is."""
        return find_zone(self.env.tz.zone) or find_zone("UTC")

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Count mails of journeys only on the days that are asked for."""
        asked_for = self._get_range(Domain(domain))
        calendar = self.with_context(**{RANGE: asked_for})
        return super(MarketingMailCalendar, calendar)._search(domain, *args, **kwargs)

    @api.model
    def _get_range(self, domain):
        """Moments between which the mails of all entries of a domain leave."""
        items = list(domain)
        if "|" in items or "!" in items:
            return Range()
        terms = []
        for name, operator, value in (item for item in items if item != "&"):
            if name not in ("date", "date_stop") or not value:
                continue
            try:
                moment = fields.Datetime.to_datetime(value)
            except (TypeError, ValueError):
                continue  # "today", or another word that only the search knows
            terms.append(Term(name, operator, moment))
        return get_range(terms)

    # ------------------------------------------------------------------
    # HOW IT LOOKS
    # ------------------------------------------------------------------

    @api.depends("state")
    def _compute_color(self):
        for entry in self:
            entry.color = COLORS.get(entry.state, 0)

    @api.depends("mailing_id.subject", "sent_count", "planned_count", "state")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for entry in self:
            name = entry.mailing_id.subject or self.env._("Automated mail")
            size = entry._get_size()
            entry.display_name = (
                self.env._("%(name)s (%(size)s)", name=name, size=size)
                if size
                else name
            )

    def _get_size(self):
        """How many mails it is, in words."""
        self.ensure_one()
        sent = format_number(self.env, self.sent_count, 0)
        if self.state in ("sent", "stopped"):
            return sent
        if self.sent_count and self.planned_count > self.sent_count:
            planned = format_number(self.env, self.planned_count, 0)
            return self.env._("%(sent)s of %(planned)s", sent=sent, planned=planned)
        if self.mail_count:
            return format_number(self.env, self.mail_count, 0)
        return ""

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    # There is no row to be written.
    # pylint: disable-next=method-required-super
    def write(self, vals):
        """Move mailings to another day; nothing else of an entry can be changed."""
        self.check_access("write")
        for entry in self:
            if not entry.mailing_id:
                raise UserError(
                    self.env._(
                        "Mails of journeys leave when it is each person's turn, so"
                        " they cannot be moved to another day. What you can change is"
                        " the journey."
                    )
                )
            date = fields.Datetime.to_datetime(vals.get("date"))
            if not date:
                raise UserError(
                    self.env._("Of an entry of the calendar only its day can change.")
                )
            if vals.get("is_all_day"):
                date = at_hour(date, MORNING, self._get_zone())
            entry.mailing_id._move_to(date)
        self.invalidate_model()
        return True

    def action_open(self):
        """The mailing, or what journeys sent on that day, mailing by mailing."""
        self.ensure_one()
        if self.mailing_id:
            return {
                "type": "ir.actions.act_window",
                "res_model": "mailing.mailing",
                "res_id": self.mailing_id.id,
                "views": [(False, "form")],
            }
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_mail_volume_action"
        )
        zone, tomorrow = self._get_zone(), self.date + timedelta(days=1)
        return action | {
            "display_name": self.env._(
                "Automated mail of %s", format_date(self.env, self.date.date())
            ),
            "views": [(False, "list"), (False, "graph")],
            "view_mode": "list,graph",
            "domain": [
                ("volume", "=", "automated"),
                ("company_id", "=", self.company_id.id),
                ("date", ">=", at_hour(self.date, 0, zone)),
                ("date", "<", at_hour(tomorrow, 0, zone)),
            ],
            "context": {},
        }
