"""Who gets which version of an A/B test, and when."""

from datetime import datetime, time, timedelta

import pytz

from odoo import fields, models
from odoo.tools import SQL


class MarketingAbTest(models.Model):
    _inherit = "marketing.ab.test"

    def _get_test_share(self):
        """Which part of the audience gets a version, in (0, 1]."""
        self.ensure_one()
        if self.mailing_kind == "journey":
            return 1.0
        return self.test_percent / 100

    def _get_planned_arms(self):
        """Which versions a new plan gives out, and to which part of the audience."""
        self.ensure_one()
        if self.state == "running":
            return self.arm_ids, self._get_test_share()
        if self.state == "open" and self.inconclusive == "split":
            return self.arm_ids, 1.0
        return self.winner_id, 1.0

    def _get_due(self, arms):
        """When the mails of each of these versions leave, from now on."""
        self.ensure_one()
        now = fields.Datetime.now()
        start = max(self.mailing_id.schedule_date or now, now)
        if self.varies != "hour":
            return [start] * len(arms)
        return [self._get_next_hour(arm.hour, start) for arm in arms]

    def _get_bucket_sql(self, email, salt=""):
        """SQL of `tools.ab_test.get_bucket` for a column of addresses."""
        self.ensure_one()
        return SQL(
            "('x' || left(encode(sha256(convert_to(%s || %s, 'UTF8')), 'hex'), 8)"
            ")::bit(32)::bigint / 4294967296.0::float",
            f"{salt}{self.sudo().key}:",
            email,
        )

    def _get_next_hour(self, hour, start):
        """The moment, in UTC, when it is that late in the responsible's zone again.

        An hour that the change to summer time leaves out is the one after it.
        """
        self.ensure_one()
        zone = pytz.timezone(self.user_id.tz or "UTC")
        local = pytz.utc.localize(start).astimezone(zone)
        minutes = round(hour * 60) % (24 * 60)
        at = time(minutes // 60, minutes % 60)
        for days in range(3):
            naive = datetime.combine(local.date() + timedelta(days=days), at)
            moment = zone.normalize(zone.localize(naive))
            if moment >= local:
                return moment.astimezone(pytz.utc).replace(tzinfo=None)
        raise AssertionError("One of three days has this hour")
