"""What a mailing brought: who got it against who was held out of it."""

from datetime import timedelta

from odoo import models
from odoo.tools import SQL

from ..tools.ab_test import Arm, compare, get_interval
from .number_format import format_difference

#: Figures of the comparison: whom they are about, and the event that counts. Without
#: an event they count everybody.
LIFT_FIGURES = {
    "lift_sent": ("sent", None),
    "lift_sent_leads": ("sent", "lead_created"),
    "lift_sent_won": ("sent", "won"),
    "lift_held": ("held", None),
    "lift_held_leads": ("held", "lead_created"),
    "lift_held_won": ("held", "won"),
}
#: Who belongs to each of the two groups; alias: delivery.
_GROUPS = {
    "sent": "delivery.state = 'sent'",
    "held": "delivery.state = 'skipped' AND delivery.reason = 'holdout'",
}
#: A difference is more than chance below this.
ALPHA = 0.05


class MailingMailing(models.Model):
    """Leads and business of who got a mailing, beside those of who was held out.

    Both groups are counted alike: everything from the first mail on until the
    conversion window after the last one, whether or not it began with a click. Chance
    alone decided who was held out, so the difference is what the mailings of the
    campaign brought, and the interval says how sure that is.
    """

    _inherit = "mailing.mailing"

    def get_results(self):
        results = super().get_results()
        if not results["groups"] or results["kept_since"]:
            return results
        return results | {"lift": self.sudo()._get_lift()}

    def _get_lift(self):
        """The comparison as the form shows it; False where nobody was held out.

        :returns: `{"columns": [title], "rows": [{title, figures: [{code, count, share,
            help}], revenue, revenue_help}], "verdicts": [sentence]}`; everybody has no
            share
        """
        self.ensure_one()
        if not self.marketing_holdout_percent:
            return False
        sizes = self._count_lift_groups()
        window = self._get_lift_window()
        if not window or not sizes["held"]:
            return False
        counts = self._count_lift(window)
        titles = {
            "sent": self.env._("Got the mail"),
            "held": self.env._("Held out"),
        }
        wording = self._get_lift_wording()
        return {
            "columns": [
                self.env._("People"),
                self.env._("Leads"),
                self.env._("Won"),
                self.env._("Won per person"),
            ],
            "rows": [
                {
                    "title": titles[group],
                    "figures": [
                        {
                            "code": code,
                            "help": wording[code],
                            "count": counts[group, event] if event else sizes[group],
                            "share": counts[group, event] / sizes[group]
                            if event
                            else None,
                        }
                        for code, (of_group, event) in LIFT_FIGURES.items()
                        if of_group == group
                    ],
                    "revenue": counts[group, "total"] / sizes[group],
                    "revenue_help": wording["revenue"],
                }
                for group in _GROUPS
            ],
            "verdicts": self._explain_lift(sizes, counts),
        }

    # ------------------------------------------------------------------
    # COUNT
    # ------------------------------------------------------------------

    def _get_lift_window(self):
        """`(from, until)`: the same time for both groups; None before a mail left."""
        [(first, last)] = self.env.execute_query(
            SQL(
                "SELECT min(sent_date), max(sent_date) FROM marketing_delivery"
                " WHERE mailing_id = %s AND state = 'sent'",
                self.id,
            )
        )
        if not first:
            return None
        return first, last + timedelta(days=self._get_conversion_days())

    def _count_lift_groups(self):
        """`{group: persons}`."""
        [row] = self.env.execute_query(
            SQL(
                "SELECT %s FROM marketing_delivery delivery WHERE mailing_id = %s",
                SQL(", ").join(
                    SQL("count(*) FILTER (WHERE %s)", SQL(condition))
                    for condition in _GROUPS.values()
                ),
                self.id,
            )
        )
        return dict(zip(_GROUPS, row, strict=True))

    def _count_lift(self, window):
        """`{(group, event): persons}`, and `total`: the money won."""
        found = {}
        for group, condition in _GROUPS.items():
            [row] = self.env.execute_query(
                SQL(
                    "SELECT count(*) FILTER (WHERE leads > 0),"
                    " count(*) FILTER (WHERE won > 0),"
                    " COALESCE(sum(amount), 0)::float"
                    " FROM (%s) AS person",
                    self._get_lift_query(window, SQL(condition)),
                )
            )
            names = ("lead_created", "won", "total")
            for name, number in zip(names, row, strict=True):
                found[group, name] = number
        return found

    def _get_lift_query(self, window, condition):
        """SELECT of person_id, leads, won, amount of those to whom something happened.

        From the events, which are few, to the deliveries, of which there may be a
        million.
        """
        types = self.env["marketing.touchpoint.type"]
        lead, won = types._get_id("lead_created"), types._get_id("won")
        return SQL(
            """
            SELECT event.person_id,
                   count(*) FILTER (WHERE event.type_id = %(lead)s) AS leads,
                   count(*) FILTER (WHERE event.type_id = %(won)s) AS won,
                   COALESCE(sum(event.value) FILTER (WHERE event.type_id = %(won)s), 0)
                       AS amount
              FROM marketing_touchpoint AS event
             WHERE event.type_id IN (%(lead)s, %(won)s)
               AND event.date >= %(first)s AND event.date < %(last)s
               AND EXISTS (SELECT FROM marketing_delivery AS delivery
                            WHERE delivery.person_id = event.person_id
                              AND delivery.mailing_id = %(mailing)s AND %(condition)s)
             GROUP BY event.person_id
            """,
            lead=lead,
            won=won,
            first=window[0],
            last=window[1],
            mailing=self.id,
            condition=condition,
        )

    def _get_figure_people(self, figure):
        if figure not in LIFT_FIGURES:
            return super()._get_figure_people(figure)
        group, event = LIFT_FIGURES[figure]
        condition = SQL(_GROUPS[group])
        if not event:
            return SQL(
                "SELECT person_id FROM marketing_delivery AS delivery"
                " WHERE mailing_id = %s AND %s",
                self.id,
                condition,
            )
        window = self.sudo()._get_lift_window()
        if not window:
            return SQL("SELECT NULL::int WHERE FALSE")
        return SQL(
            "SELECT person_id FROM (%s) AS person WHERE %s > 0",
            self._get_lift_query(window, condition),
            SQL.identifier("leads" if event == "lead_created" else "won"),
        )

    # ------------------------------------------------------------------
    # WORDS
    # ------------------------------------------------------------------

    def _get_lift_wording(self):
        """`{figure: definition}`; `revenue` is the money per person."""
        days = self._get_conversion_days()
        leads = self.env._(
            "Became a lead between the first mail and %s days after the last one,"
            " whether or not they clicked.",
            days,
        )
        won = self.env._(
            "A lead of theirs was won between the first mail and %s days after the last"
            " one, whether or not they clicked.",
            days,
        )
        return {
            "lift_sent": self.env._("A mail server took the mail."),
            "lift_held": self.env._(
                "Chosen by chance to get no mail of the campaign, so that you can"
                " compare."
            ),
            "lift_sent_leads": leads,
            "lift_held_leads": leads,
            "lift_sent_won": won,
            "lift_held_won": won,
            "revenue": self.env._(
                "What was won in the same time, divided by everybody of the line: who"
                " brought nothing counts as well."
            ),
        }

    def _get_figure_label(self, figure):
        if figure not in LIFT_FIGURES:
            return super()._get_figure_label(figure)
        return {
            "lift_sent": self.env._("Got the mail"),
            "lift_held": self.env._("Held out"),
            "lift_sent_leads": self.env._("Got the mail, and became a lead"),
            "lift_held_leads": self.env._("Held out, and became a lead"),
            "lift_sent_won": self.env._("Got the mail, and was won"),
            "lift_held_won": self.env._("Held out, and was won"),
        }[figure]

    def _explain_lift(self, sizes, counts):
        """What the two groups differ in, with the interval of 95 %, in sentences."""
        labels = {
            "lead_created": self.env._("Leads"),
            "won": self.env._("Won"),
        }
        sentences = []
        for event, label in labels.items():
            sent, held = (
                Arm(sizes[group], counts[group, event], counts[group, event])
                for group in _GROUPS
            )
            if not sent.total and not held.total:
                sentences.append(
                    self.env._("%s: nobody of either group so far.", label)
                )
                continue
            low, high = get_interval(sent, held, ALPHA)
            values = {
                "figure": label,
                "lift": format_difference(self.env, 100 * (sent.mean - held.mean)),
                "low": format_difference(self.env, 100 * low),
                "high": format_difference(self.env, 100 * high),
            }
            if compare(sent, held) < ALPHA:
                sentences.append(
                    self.env._(
                        "%(figure)s: %(lift)s percentage points by the mail (%(low)s "
                        "to %(high)s), which is more than chance.",
                        **values,
                    )
                )
            else:
                sentences.append(
                    self.env._(
                        "%(figure)s: %(lift)s percentage points (%(low)s to "
                        "%(high)s), which may be chance.",
                        **values,
                    )
                )
        return sentences
