from collections import Counter, defaultdict
from functools import cache
from zoneinfo import ZoneInfo

from odoo import fields, models
from odoo.tools import SQL

from ..tools.sender_pace import Used, plan_hours, plan_queues

#: Days a forecast looks ahead.
FORECAST_DAYS = 400


class MarketingSender(models.Model):
    """When what waits at a sender will leave, if nothing goes wrong on the way."""

    _inherit = "marketing.sender"

    def _count_waiting(self):
        """Mails of all mailings of a sender that wait for their turn."""
        self.ensure_one()
        return self.env.execute_query(
            SQL(
                "SELECT count(*) FROM mailing_mailing mailing"
                " JOIN marketing_delivery delivery ON delivery.mailing_id = mailing.id"
                " AND delivery.state = 'planned' AND delivery.pace_order IS NOT NULL"
                " WHERE mailing.marketing_sender_id = %s",
                self.id,
            )
        )[0][0]

    def _get_waiting(self, but=None):
        """`{provider: mails}` of what waits for its turn.

        :param but: a mailing that is left out
        """
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                "SELECT delivery.provider, count(*) FROM mailing_mailing mailing"
                " JOIN marketing_delivery delivery ON delivery.mailing_id = mailing.id"
                " AND delivery.state = 'planned' AND delivery.pace_order IS NOT NULL"
                " WHERE mailing.marketing_sender_id = %s AND mailing.id <> %s"
                " GROUP BY delivery.provider",
                self.id,
                but and but._origin.id or 0,
            )
        )
        return Counter({provider or "other": count for provider, count in rows})

    def _plan_hours(self, count, days=FORECAST_DAYS):
        """Hours in which so many mails would leave if nothing goes wrong.

        Whatever their providers: what these allow is in `_get_forecast`.
        """
        self.ensure_one()
        used = self._count_used().values()
        return plan_hours(
            fields.Datetime.now(),
            self._get_zone(),
            count,
            self._get_quotas(),
            Used(
                sum(mails.hour for mails in used),
                sum(mails.day for mails in used),
            ),
            days,
        )

    def _get_quotas(self):
        """The quota by number of days from today, each looked up once."""
        return cache(self._get_quota)

    def _get_limits(self, pace):
        """What a provider takes in an hour: a function as `plan_queues` asks for."""
        lines = {line.provider: line for line in self.provider_ids}

        def limit_of(provider, moment, later):
            if provider in pace.braked:
                until = pace.braked[provider]
                if not until or moment < until:
                    return 0
            line = lines.get(provider)
            return line and line._get_limit(later)

        return limit_of

    def _get_forecast(self, counts, ahead=None):
        """On which days mails would leave: `[(date, mails)]`.

        As if every day of the warm-up went well, after what waits already, within what
        each provider takes. Empty when they would not all leave within 400 days.

        :param counts: `{provider: mails}`
        :param ahead: the same of mails that leave first; default: all that wait now
        """
        self.ensure_one()
        ahead = self._get_waiting() if ahead is None else ahead
        zone = self._get_zone()
        utc = ZoneInfo("UTC")
        days = defaultdict(int)
        for moment, (_before, number) in plan_queues(
            fields.Datetime.now(),
            zone,
            [ahead, counts],
            self._get_quotas(),
            self._count_used(),
            FORECAST_DAYS,
            self._get_limits(self._get_pace()),
        ):
            if number:
                date = moment.replace(tzinfo=utc).astimezone(zone).date()
                days[date] += number
        is_complete = sum(days.values()) == sum(counts.values())
        return list(days.items()) if is_complete else []

    def _get_room_today(self):
        """Mails that may still leave today, None for any number."""
        self.ensure_one()
        pace = self._get_pace()
        if pace.is_braked:
            return 0
        if not pace.holds_all:
            return None
        unlimited = 10**9
        return sum(number for _moment, number in self._plan_hours(unlimited, days=1))
