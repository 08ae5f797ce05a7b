"""When the numbers of an A/B test are looked at, and what follows from them."""

import logging
from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.tools import SQL, format_amount

from ..tools.ab_test import Arm, decide, get_interval, get_level
from ..tools.reliability import classes_from

_logger = logging.getLogger(__name__)

#: Events that count for a figure, of this very mailing.
REACTIONS = {
    "opened": ("opened", "clicked", "replied"),
    "clicked": ("clicked",),
    "replied": ("replied",),
}
#: Events that count for a figure, from the mail on, whatever brought them.
RESULTS = {"lead": "lead_created", "revenue": "won"}


class MarketingAbTest(models.Model):
    _inherit = "marketing.ab.test"

    explanation = fields.Text(compute="_compute_explanation")
    next_look_date = fields.Datetime("Next Look", compute="_compute_next_look_date")

    # ------------------------------------------------------------------
    # ASSIGNMENT
    # ------------------------------------------------------------------

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

    # ------------------------------------------------------------------
    # FIGURES
    # ------------------------------------------------------------------

    def _get_figures(self, sent_before=None):
        """What came of each version.

        :param sent_before: count mails that left before this moment only
        :returns: `{id of the version: (persons, total, sum of squares)}`
        """
        self.ensure_one()
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT arm_id, count(*), COALESCE(sum(value), 0)::float,
                       COALESCE(sum(value * value), 0)::float
                  FROM (SELECT delivery.arm_id, %(value)s AS value
                          FROM marketing_delivery delivery
                         WHERE delivery.arm_id = ANY(%(arms)s)
                           AND delivery.state = 'sent'
                           AND delivery.sent_date <= %(before)s
                           AND %(text)s) AS mail
                 GROUP BY arm_id
                """,
                value=self._get_value_sql(),
                arms=self.arm_ids.ids,
                before=sent_before or datetime.max,
                text=self._get_reader_condition(),
            )
        )
        found = {arm_id: tuple(figures) for arm_id, *figures in rows}
        return {arm.id: found.get(arm.id, (0, 0.0, 0.0)) for arm in self.arm_ids}

    def _get_control_figures(self):
        """`(persons, total)` of who was held out: what came of them without the mail.

        Only leads and revenue can be told of somebody who got nothing.
        """
        self.ensure_one()
        if self.metric not in RESULTS or not self.started_date:
            return 0, 0.0
        self.env.flush_all()
        return self.env.execute_query(
            SQL(
                "SELECT count(*), COALESCE(sum(%s), 0)::float"
                " FROM marketing_delivery delivery"
                " WHERE delivery.mailing_id = %s AND delivery.state = 'skipped'"
                " AND delivery.reason = 'holdout'",
                self._get_value_sql(SQL("%s::timestamp", self.started_date)),
                self.mailing_id.id,
            )
        )[0]

    def _get_value_sql(self, since=None):
        """SQL: what a person is worth to the test; alias: delivery.

        :param since: SQL of the moment from which on events count; without, when the
            mail left
        """
        since = since or SQL("delivery.sent_date")
        types = self.env["marketing.touchpoint.type"]
        if self.metric in REACTIONS:
            return SQL(
                """
                EXISTS (SELECT FROM marketing_touchpoint event
                         WHERE event.person_id = delivery.person_id
                           AND event.type_id = ANY(%s)
                           AND event.mailing_id = delivery.mailing_id
                           AND event.reliability = ANY(%s)
                           AND event.date >= %s)::int
                """,
                [types._get_id(code) for code in REACTIONS[self.metric]],
                list(classes_from("human_likely")),
                since,
            )
        events = SQL(
            "FROM marketing_touchpoint event"
            " WHERE event.person_id = delivery.person_id AND event.type_id = %s"
            " AND event.date >= %s",
            types._get_id(RESULTS[self.metric]),
            since,
        )
        if self.metric == "lead":
            return SQL("EXISTS (SELECT %s)::int", events)
        return SQL("(SELECT COALESCE(sum(event.value), 0) %s)", events)

    def _get_reader_condition(self):
        """SQL: who read a version; alias: delivery.

        A subject or a text is tested on those who read the mailing's own language;
        who got a translation of it has seen none of the versions.
        """
        own, others = self.mailing_id._get_text_langs()
        if self.varies not in ("subject", "content") or not others:
            return SQL("TRUE")
        return SQL(
            "(delivery.variant->>'lang' IS NULL OR delivery.variant->>'lang' = %s)", own
        )

    # ------------------------------------------------------------------
    # LOOKS
    # ------------------------------------------------------------------

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
        figures = self._get_figures(cutoff)
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

    # ------------------------------------------------------------------
    # EXPLANATION
    # ------------------------------------------------------------------

    @api.depends("state", "looked_date", "arm_ids.test_id")
    def _compute_next_look_date(self):
        for test in self:
            early, late = (
                test._get_look_dates() if test.state == "running" else (False, False)
            )
            test.next_look_date = late if test.looked_date or not early else early

    @api.depends("state", "decision", "winner_id")
    @api.depends_context("lang")
    def _compute_explanation(self):
        for test in self:
            test.explanation = test._explain() if test.decision else False

    def _explain(self):
        """The decision in sentences, from the numbers it was made from."""
        self.ensure_one()
        decision = self.decision
        sentences = []
        if decision["by"] == "numbers":
            sentences.append(self._explain_numbers(decision))
        elif self.state == "stopped":
            sentences.append(self.env._("The test was stopped."))
        else:
            sentences.append(
                self.env._(
                    "%(user)s chose version %(version)s.",
                    user=self.decided_by_id.name or "",
                    version=self.winner_id.name or "",
                )
            )
        sentences.append(self._explain_rest(decision))
        return " ".join(filter(None, sentences))

    def _explain_numbers(self, decision):
        best = max(
            range(len(decision["sizes"])),
            key=lambda index: (
                decision["totals"][index] / max(decision["sizes"][index], 1)
            ),
        )
        values = {
            "version": self.arm_ids[best].name if best < len(self.arm_ids) else "",
            "lead": self._format_value(decision["difference"]),
            "low": self._format_number(decision["low"]),
            "high": self._format_number(decision["high"]),
            "chance": f"{100 * decision['p_value']:.2g} %",
            "limit": f"{100 * decision['level']:.2g} %",
        }
        if not decision["is_enough"]:
            return self.env._(
                "A version reached only %(least)s persons, and %(minimum)s were asked "
                "for: too few to tell.",
                least=min(decision["sizes"]),
                minimum=self.minimum,
            )
        if self.state == "decided":
            return self.env._(
                "Version %(version)s wins: it is ahead by %(lead)s (%(low)s to "
                "%(high)s). Between equally good versions this happens in "
                "%(chance)s of tests, which is below the limit of %(limit)s.",
                **values,
            )
        return self.env._(
            "No version wins: %(version)s is ahead by %(lead)s (%(low)s to "
            "%(high)s), which happens between equally good versions in %(chance)s of "
            "tests; the limit is %(limit)s.",
            **values,
        )

    def _explain_rest(self, decision):
        rest = decision["rest"]
        if not rest:
            return ""
        values = {"count": rest, "version": self.winner_id.name or ""}
        match decision["rule"]:
            case "stop":
                return self.env._(
                    "%(count)s persons who waited get no mail.", count=rest
                )
            case "split":
                return self.env._(
                    "%(count)s persons who waited get all versions in equal numbers.",
                    count=rest,
                )
        return self.env._(
            "%(count)s persons who waited get version %(version)s.", **values
        )

    def _compare_with_first(self, figure, first):
        """The lead of a version over the first one, in words."""
        low, high = get_interval(figure, first, 0.05)
        return self.env._(
            "%(lead)s (%(low)s to %(high)s)",
            lead=self._format_value(figure.mean - first.mean),
            low=self._format_number(low),
            high=self._format_number(high),
        )

    def _format_value(self, value):
        """A figure of the test in words: percentage points, or money."""
        if self.metric == "revenue":
            return format_amount(self.env, value, self.env.company.currency_id)
        return self.env._("%s percentage points", self._format_number(value))

    def _format_number(self, value):
        """The same without its unit."""
        return f"{value if self.metric == 'revenue' else 100 * value:.2f}"
