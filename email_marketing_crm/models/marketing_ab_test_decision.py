"""When the numbers of an A/B test are looked at, and what follows from them."""

import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.ab_test import Arm, decide, get_level

_logger = logging.getLogger(__name__)


class MarketingAbTest(models.Model):
    _inherit = "marketing.ab.test"

    next_look_date = fields.Datetime("Next Look", compute="_compute_next_look_date")

    @api.depends("state", "looked_date", "arm_ids.test_id")
    def _compute_next_look_date(self):
        for test in self:
            early, late = (
                test._get_look_dates() if test.state == "running" else (False, False)
            )
            test.next_look_date = late if test.looked_date or not early else early

    @api.model
    def _cron_look(self):
        """Look at the numbers of those tests whose time has come."""
        running = self.search([("state", "=", "running")])
        for number, test in enumerate(running, 1):
            try:
                with self.env.cr.savepoint():
                    test._look()
            except Exception:
                _logger.exception("The A/B test %s could not be looked at", test.id)
                self.env.invalidate_all()
            self.env["ir.cron"]._commit_progress(1, remaining=len(running) - number)

    def _look(self):
        """Look at the numbers if it is time, and decide."""
        self.ensure_one()
        self._follow_stop()
        if self.state != "running":
            return
        now = fields.Datetime.now()
        early, late = self._get_look_dates()
        if late and now >= late:
            self._decide(is_last=True)
        elif early and not self.looked_date and now >= early:
            self._decide(is_last=False)

    def _get_look_dates(self):
        """`(first look, decision)`, as far as they are known.

        The decision is never later than `latest_days` after the first mail, however
        long a mail of the test waits for its place or for a server.
        """
        self.ensure_one()
        reference = self._get_reference()
        latest = self._get_latest_date()
        if not reference:
            return False, latest
        late = reference + timedelta(hours=self.late_hours)
        if latest:
            late = min(late, latest)
        return reference + timedelta(hours=self.early_hours), late

    def _get_latest_date(self):
        """When the test is decided in any case; False until its first mail left."""
        self.ensure_one()
        if self.mailing_kind == "journey":
            return False
        [(first,)] = self.env.execute_query(
            SQL(
                "SELECT min(sent_date) FROM marketing_delivery WHERE arm_id = ANY(%s)",
                self.arm_ids.ids,
            )
        )
        return first and first + timedelta(days=self.latest_days)

    def _follow_stop(self):
        """A mailing that was stopped has no rest to send anything to."""
        if self.mailing_id.marketing_hold == "stopped":
            self._finish("stopped", "stop", None, {"by": "mailing"})

    def _get_reference(self):
        """From when on time counts: the last mail of the test; False as long as some
        of them wait. In a journey, where mails never end, its start."""
        self.ensure_one()
        if self.mailing_kind == "journey":
            return self.started_date
        [(waiting, last)] = self.env.execute_query(
            SQL(
                "SELECT count(*) FILTER (WHERE state IN ('planned', 'composed',"
                " 'sending')), max(sent_date)"
                " FROM marketing_delivery WHERE arm_id = ANY(%s)",
                self.arm_ids.ids,
            )
        )
        if waiting:
            return False
        return last or self.started_date

    def _get_looks(self):
        return 1 if self.early_hours == self.late_hours else 2

    def _decide(self, is_last):
        """Choose the winner where there is one; else do what was agreed on."""
        self.ensure_one()
        cutoff = fields.Datetime.now() - timedelta(hours=self.early_hours)
        exposure = self._get_exposure(cutoff)
        figures = self._get_figures(cutoff, exposure)
        arms = [Arm(*figures[arm.id]) for arm in self.arm_ids]
        level = get_level(float(self.alpha), self._get_looks())
        verdict = decide(arms, level, self.metric == "revenue")
        is_enough = min(arm.size for arm in arms) >= self.minimum
        numbers = {
            "by": "numbers",
            "sizes": [arm.size for arm in arms],
            "totals": [arm.total for arm in arms],
            "level": level,
            "p_value": verdict.p_value,
            "difference": verdict.difference,
            "low": verdict.low,
            "high": verdict.high,
            "is_enough": is_enough,
            "hours": exposure and exposure.total_seconds() / 3600,
        }
        if is_enough and verdict.is_significant:
            self._finish("decided", "winner", self.arm_ids[verdict.best], numbers)
        elif is_last:
            best = self.arm_ids[verdict.best]
            first = self.arm_ids[0]
            chosen = {"best": best, "first": first}.get(self.inconclusive)
            self._finish("open", self.inconclusive, chosen, numbers)
        else:
            self.looked_date = fields.Datetime.now()

    def _finish(self, state, rule, winner, numbers):
        """Write the decision down, once, and do to the rest what it says.

        :param rule: winner, best, first, split or stop
        :param winner: the version that the rest gets, or None
        """
        self.ensure_one()
        figures = self._get_figures()
        if "sizes" in numbers:
            figures = dict(
                zip(
                    self.arm_ids.ids,
                    zip(numbers["sizes"], numbers["totals"], strict=True),
                    strict=True,
                )
            )
        for arm in self.arm_ids:
            size, total = figures[arm.id][:2]
            arm.write({"decided_size": size, "decided_total": total})
        deliveries = self.env["marketing.delivery"].sudo()
        if rule == "stop":
            rest = deliveries._skip_rest(self)
        else:
            rest = deliveries._release_rest(self, winner or self.arm_ids)
        self.write(
            {
                "state": state,
                "winner_id": winner and winner.id,
                "decided_date": fields.Datetime.now(),
                "decided_by_id": numbers["by"] == "user" and self.env.uid,
                "decision": {**numbers, "rule": rule, "rest": rest},
            }
        )
        self.mailing_id.message_post(body=self.explanation)
        if rest:
            self.mailing_id.sudo()._reopen_sending()
