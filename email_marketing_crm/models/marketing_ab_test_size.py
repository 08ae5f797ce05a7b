"""How much of a difference a test of this size can show."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.ab_test import get_level, get_needed_size, get_visible_lift

#: Mails of the company that tell what is usual, in days.
USUAL_DAYS = 180
#: Fewer mails than these tell nothing.
USUAL_MAILS = 500
#: What is usual elsewhere, where the company has no history: public benchmarks of mass
#: mailings lie around these.
USUAL_RATES = {"opened": 0.2, "clicked": 0.02, "replied": 0.005, "lead": 0.005}
#: Figures of the results of a mailing that tell the same.
FIGURES = {
    "opened": "opened",
    "clicked": "clicked",
    "replied": "replied",
    "lead": "leads",
}
#: A difference that is worth a test: a fifth more.
WORTHWHILE_LIFT = 0.2


class MarketingAbTest(models.Model):
    _inherit = "marketing.ab.test"

    audience_size = fields.Integer(
        "Audience",
        compute="_compute_size_help",
        help="Persons in the segments as they are now, or in the plan.",
    )
    arm_size = fields.Integer("Expected per Version", compute="_compute_size_help")
    size_help = fields.Text(compute="_compute_size_help")

    @api.depends(
        "mailing_id",
        "arm_ids",
        "test_percent",
        "metric",
        "alpha",
        "early_hours",
        "late_hours",
        "minimum",
    )
    @api.depends_context("lang")
    def _compute_size_help(self):
        for test in self:
            arms = max(len(test.arm_ids), 1)
            test.audience_size = test._get_audience_size()
            test.arm_size = int(test.audience_size * test._get_test_share() / arms)
            test.size_help = test._get_size_help()

    def _get_audience_size(self):
        """Persons of the mailing: of its plan, else of its segments."""
        mailing = self.mailing_id.sudo()
        if mailing.marketing_audience:
            return mailing.marketing_audience
        return self.env.execute_query(
            SQL(
                "SELECT count(DISTINCT person_id) FROM marketing_segment_member"
                " WHERE segment_id = ANY(%s) AND state = 'member'",
                mailing.marketing_segment_ids.ids,
            )
        )[0][0]

    def _get_usual_rate(self):
        """`(rate, whether it is the company's own)` of the figure of the test."""
        if self.metric == "revenue":
            return None, False
        since = fields.Datetime.now() - timedelta(days=USUAL_DAYS)
        # The figures that the results of mailings are shown from: small, and at hand.
        [(sent, reacted)] = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(sum(result.sent), 0), COALESCE(sum(result.%s), 0)
                  FROM marketing_mailing_result result
                  JOIN mailing_mailing mailing ON mailing.id = result.mailing_id
                 WHERE mailing.sent_date >= %s
                """,
                SQL.identifier(FIGURES[self.metric]),
                since,
            )
        )
        if sent < USUAL_MAILS or not 0 < reacted < sent:
            return USUAL_RATES[self.metric], False
        return reacted / sent, True

    def _get_size_help(self):
        """In sentences: what this size can show, and what size would do."""
        rate, is_own = self._get_usual_rate()
        if rate is None:
            return self.env._(
                "Revenue differs so much between persons that only large audiences "
                "show a difference: count with many thousands a version, or take "
                "clicks."
            )
        looks = 1 if self.early_hours == self.late_hours else 2
        pairs = max(len(self.arm_ids) * (len(self.arm_ids) - 1) // 2, 1)
        level = get_level(float(self.alpha), looks) / pairs
        source = (
            self.env._("in your mails of the last %s days", USUAL_DAYS)
            if is_own
            else self.env._("in mailings in general, as you have sent few so far")
        )
        values = {
            "rate": self._format_share(rate),
            "where": source,
            "needed": self._format_count(get_needed_size(rate, WORTHWHILE_LIFT, level)),
            "size": self._format_count(self.arm_size),
            "lift": self._format_share(WORTHWHILE_LIFT),
        }
        text = self.env._(
            "Usual is %(rate)s %(where)s. To see an improvement by %(lift)s in four "
            "of five tests, each version needs %(needed)s persons; here it has about "
            "%(size)s.",
            **values,
        )
        visible = get_visible_lift(rate, self.arm_size, level)
        if self.arm_size < self.minimum:
            return (
                text
                + " "
                + self.env._(
                    "That is fewer than the %s you ask for: the test will not be "
                    "decided by its numbers. Take a larger share, or fewer versions.",
                    self._format_count(self.minimum),
                )
            )
        if visible == float("inf"):
            return text + " " + self.env._("No difference would be seen.")
        return (
            text
            + " "
            + self.env._(
                "With these it shows differences from %s on.",
                self._format_share(visible),
            )
        )
