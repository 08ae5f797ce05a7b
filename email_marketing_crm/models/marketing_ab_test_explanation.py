"""Why an A/B test was decided as it was, in words."""

from odoo import api, fields, models
from odoo.tools import format_amount

from ..tools.ab_test import get_interval
from .number_format import format_number


class MarketingAbTest(models.Model):
    _inherit = "marketing.ab.test"

    explanation = fields.Text(compute="_compute_explanation")

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
            if decision.get("hours"):
                sentences.append(
                    self.env._(
                        "Of each mail counted what happened within its first %s hours, "
                        "the time that the latest of them has had.",
                        format_number(self.env, decision["hours"], 1),
                    )
                )
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
            "chance": self._format_share(decision["p_value"]),
            "limit": self._format_share(decision["level"]),
        }
        if not decision["is_enough"]:
            return self.env._(
                "A version reached only %(least)s persons, and %(minimum)s were asked "
                "for: too few to tell.",
                least=self._format_count(min(decision["sizes"])),
                minimum=self._format_count(self.minimum),
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
        if not decision["rest"]:
            return ""
        rest = self._format_count(decision["rest"])
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
        shown = value if self.metric == "revenue" else 100 * value
        return format_number(self.env, shown)

    def _format_count(self, count):
        return format_number(self.env, count, 0)

    def _format_share(self, share):
        """A share in percent, as exactly as its size asks for."""
        percent = 100 * share
        digits = 0 if percent >= 10 else 1 if percent >= 1 else 2
        if percent < 0.01:
            return self.env._("less than %s %%", format_number(self.env, 0.01))
        return f"{format_number(self.env, percent, digits)} %"
