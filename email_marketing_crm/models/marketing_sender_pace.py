from collections import defaultdict
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.mail_provider import PROVIDERS
from ..tools.sender_pace import (
    HOUR,
    Quota,
    Used,
    hour_limit,
    room_now,
)

#: Mails that are let go in one run of the lane: where nothing holds a sender any more.
RELEASE_BATCH = 20000
#: Hours that a day's mails are spread over, unless the manager says otherwise.
SPREAD_HOURS = 8


class Pace(NamedTuple):
    """What holds a sender at this moment.

    :param is_braked: nothing may leave
    :param quota: of the whole sender
    :param providers: `{provider: mails an hour}` of those with a limit
    :param braked: providers that get nothing, and until when if that is known
    :param until: when the first brake ends by itself, None when none does
    """

    is_braked: bool
    quota: Quota
    providers: dict[str, int]
    braked: dict[str, datetime | None]
    until: datetime | None = None

    @property
    def is_free(self):
        """Whether mails need not wait for anything."""
        return not (self.is_braked or self.holds_all or self.providers or self.braked)

    @property
    def holds_all(self):
        """Whether the sender as a whole has a limit."""
        return hour_limit(self.quota) is not None

    def get_reason(self, provider, is_warming):
        """What a mail to a provider waits for: (reason, limit of the provider)."""
        if self.is_braked or provider in self.braked:
            return "brake", None
        limit, whole = self.providers.get(provider), hour_limit(self.quota)
        if limit is not None and (whole is None or limit < whole):
            return "provider_pace", limit
        return "warm_up" if is_warming else "sender_quota", None


class MarketingSender(models.Model):
    """How many mails of a sender leave when: the pace lane, one worker for all.

    Mails of a sender with a limit wait in a queue (`marketing.delivery.pace_order`).
    Each minute the lane lets as many go as have room; what it let go, what was
    composed and what is being sent counts as sent until it is, so a quota is never
    passed. The lane is the only one that lets go: it stamps the senders it works for,
    and a second one that ran at the same time would fail on that.
    """

    _inherit = "marketing.sender"

    spread_hours = fields.Integer(
        "Spread a Day Over (hours)",
        required=True,
        default=SPREAD_HOURS,
        aggregator=None,
        help="The mails of a day leave over at least so many hours, not at once.",
    )
    provider_ids = fields.One2many(
        "marketing.sender.provider", "sender_id", "Providers"
    )
    paced_date = fields.Datetime(readonly=True, copy=False)
    # today
    day_quota = fields.Integer(
        "Quota Today", compute="_compute_today", compute_sudo=True, help="0: no limit."
    )
    day_used = fields.Integer(
        "Used Today",
        compute="_compute_today",
        compute_sudo=True,
        help="Mails that left today, and those that are on their way.",
    )
    waiting_count = fields.Integer(
        "Waiting",
        compute="_compute_today",
        compute_sudo=True,
        help="Mails that wait for their turn.",
    )

    _spread_hours_range = models.Constraint(
        "CHECK(spread_hours BETWEEN 1 AND 24)",
        "The mails of a day are spread over 1 to 24 hours.",
    )

    def _compute_today(self):
        for sender in self:  # configuration: some rows
            known = sender._origin  # one that is being typed has sent nothing
            used = known._count_used() if known else {}
            sender.day_quota = (known._get_quota().daily or 0) if known else 0
            sender.day_used = sum(mails.day for mails in used.values())
            sender.waiting_count = known._count_waiting() if known else 0

    def write(self, vals):
        """Other limits let other mails go: the lane looks at once."""
        result = super().write(vals)
        if {"hourly_quota", "daily_quota", "spread_hours", "provider_ids"} & set(vals):
            self.env["marketing.delivery"]._wake_lanes("pace")
        return result

    def action_view_waiting(self):
        """The mails that wait for their turn."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_delivery_action"
        )
        return action | {
            "display_name": self.env._("Waiting at %s", self.display_name),
            "domain": [
                ("mailing_id.marketing_sender_id", "=", self.id),
                ("state", "=", "planned"),
                ("pace_order", "!=", False),
            ],
            "context": {},
        }

    # ------------------------------------------------------------------
    # LIMITS
    # ------------------------------------------------------------------

    def _get_zone(self):
        return ZoneInfo(self.tz or "UTC")

    def _get_quota(self, later=0):
        """The limits of today, or of a later day if everything goes well."""
        self.ensure_one()
        shares = [self.daily_quota or None, self._get_warm_up_quota(later)]
        return Quota(
            self.hourly_quota or None,
            min((share for share in shares if share is not None), default=None),
            self.spread_hours,
        )

    def _get_pace(self):
        """What holds this sender now, read anew."""
        self.ensure_one()
        brakes = self.env.execute_query(
            SQL(
                "SELECT provider, until FROM marketing_sender_brake"
                " WHERE sender_id = %s AND state = 'active'",
                self.id,
            )
        )
        stopped = {}
        for provider, until in brakes:  # of two brakes the one that lasts longer
            known = stopped.get(provider, until)
            stopped[provider] = max(known, until) if known and until else None
        limits = {line.provider: line._get_limit() for line in self.provider_ids}
        return Pace(
            None in stopped,
            self._get_quota(),
            {name: limit for name, limit in limits.items() if limit is not None},
            {name: until for name, until in stopped.items() if name},
            min((until for _provider, until in brakes if until), default=None),
        )

    def _get_used_since(self):
        """The moments at which this hour of the clock and the sender's day began."""
        self.ensure_one()
        now = fields.Datetime.now()
        return now.replace(minute=0, second=0, microsecond=0), self._get_day_start()

    def _count_used(self):
        """`{provider: Used}`: what left in this hour and day, or may yet."""
        self.ensure_one()
        hour, day = self._get_used_since()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT provider, count(*) FILTER (WHERE sent_date >= %(hour)s),
                       count(*) FILTER (WHERE sent_date >= %(day)s)
                  FROM marketing_delivery
                 WHERE sender_id = %(sender)s AND sent_date IS NOT NULL
                   AND sent_date >= LEAST(%(hour)s, %(day)s)
                 GROUP BY provider
                UNION ALL
                SELECT provider, count(*) FILTER (WHERE due < %(hour_end)s),
                       count(*) FILTER (WHERE due < %(day_end)s)
                  FROM marketing_delivery
                 WHERE sender_id = %(sender)s
                   AND (state IN ('composed', 'sending')
                        OR (state = 'planned' AND released_date IS NOT NULL))
                 GROUP BY provider
                UNION ALL
                -- they may have left at the moment at which nobody knew any more
                SELECT provider, count(*) FILTER (WHERE due >= %(hour)s),
                       count(*) FILTER (WHERE due >= %(day)s)
                  FROM marketing_delivery
                 WHERE sender_id = %(sender)s AND state = 'unknown'
                   AND due >= LEAST(%(hour)s, %(day)s)
                 GROUP BY provider
                """,
                sender=self.id,
                hour=hour,
                day=day,
                hour_end=hour + HOUR,
                day_end=self._get_day_start(self._get_today() + timedelta(days=1)),
            )
        )
        used = defaultdict(Used)
        for provider, in_hour, in_day in rows:
            before = used[provider]
            used[provider] = Used(before.hour + in_hour, before.day + in_day)
        return used

    # ------------------------------------------------------------------
    # LANE
    # ------------------------------------------------------------------

    @api.model
    def _get_lane_backlog(self, _number, _count):
        """What waits for its turn is not late, so it has no age."""
        [(waiting,)] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM marketing_delivery"
                " WHERE state = 'planned' AND pace_order IS NOT NULL"
            )
        )
        return waiting, None

    @api.model
    def _run_lane(self, _number, _count):
        """Begin days, end brakes, let go what has room, and tell the owners."""
        self.env.flush_all()
        senders = self._get_changed_senders()
        if not senders:
            return 0, 0
        self._stamp(senders.ids)
        self.env["marketing.sender.result"]._compact(senders.ids)
        released = remaining = 0
        for sender in senders:  # configuration: some rows, a few statements each
            sender._begin_day()
            sender._end_brakes()
            sender._quicken_providers()
            count, more = sender._release_waiting()
            released += count
            remaining = max(remaining, more)
            sender._write_days()
        senders._tell_owners()
        if released:
            self.env["marketing.delivery"]._wake_lanes("compose")
        return released, remaining

    @api.model
    def _stamp(self, ids):
        """Be the only one: another lane at the same time fails here and comes again."""
        self.env.cr.execute(
            "UPDATE marketing_sender SET paced_date = %s WHERE id = ANY(%s)",
            [fields.Datetime.now(), list(ids)],
        )
        self.invalidate_model(["paced_date"])

    def _release_waiting(self):
        """Let as many mails of a sender go as have room.

        :returns: (number of mails, whether there may be more at once)
        """
        self.ensure_one()
        pace = self._get_pace()
        if pace.is_braked:
            return 0, 0
        used = self._count_used()
        if pace.holds_all:
            self._recall_surplus(pace)
        minute = fields.Datetime.now().minute
        total = Used(
            sum(mails.hour for mails in used.values()),
            sum(mails.day for mails in used.values()),
        )
        room = room_now(pace.quota, total, minute)
        room = RELEASE_BATCH if room is None else min(room, RELEASE_BATCH)
        if room <= 0:
            return 0, 0
        standard = self._pick_standard()
        picked = []
        for provider in PROVIDERS:
            if provider in pace.braked:
                continue
            limit = Quota(pace.providers.get(provider))
            own = room_now(limit, used[provider], minute)
            own = room if own is None else min(own, room)
            waiting = self._pick_waiting(provider, own) + standard[provider]
            picked += sorted(waiting)[:own]
        chosen = sorted(picked)[:room]
        self.env["mail.mail"]._release_standard(
            [row_id for _rank, _order, row_id, is_standard in chosen if is_standard]
        )
        self.env["marketing.delivery"]._release_paced(
            self,
            [
                row_id
                for _rank, _order, row_id, is_standard in chosen
                if not is_standard
            ],
        )
        return len(chosen), int(len(chosen) == RELEASE_BATCH)

    @api.model
    def _get_rank(self):
        """SQL: whose mails go first; alias: mailing."""
        return SQL(
            "CASE WHEN mailing.marketing_is_transactional THEN 0"
            " ELSE 9 - COALESCE(mailing.marketing_priority, '1')::int END"
        )

    def _pick_waiting(self, provider, limit):
        """The next mails to a provider: `[(rank of the mailing, order, id, False)]`.

        Asked mailing by mailing, by the index `_pace_queue`, so that what a paused
        mailing has waiting is never read.
        """
        if limit <= 0:
            return []
        return self.env.execute_query(
            SQL(
                """
                SELECT %(rank)s AS rank, waiting.pace_order, waiting.id, FALSE
                  FROM mailing_mailing mailing
                 CROSS JOIN LATERAL (
                       SELECT id, pace_order FROM marketing_delivery
                        WHERE mailing_id = mailing.id AND state = 'planned'
                          AND pace_order IS NOT NULL AND provider = %(provider)s
                        ORDER BY pace_order, id
                        LIMIT %(limit)s) waiting
                 WHERE mailing.marketing_sender_id = %(sender)s AND %(active)s
                   AND (mailing.schedule_date IS NULL
                        OR mailing.schedule_date <= %(now)s)
                 ORDER BY rank, waiting.pace_order, waiting.id
                 LIMIT %(limit)s
                """,
                rank=self._get_rank(),
                provider=provider,
                limit=limit,
                sender=self.id,
                now=fields.Datetime.now(),
                active=self.env["marketing.delivery"]._get_active_mailings(),
            )
        )

    def _recall_surplus(self, pace):
        """Take back what was let go before a limit was set."""
        [(released,)] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM marketing_delivery WHERE sender_id = %s"
                " AND state = 'planned' AND released_date IS NOT NULL",
                self.id,
            )
        )
        if released > hour_limit(pace.quota):
            self.env["marketing.delivery"]._recall_paced(self)
