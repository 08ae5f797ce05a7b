"""What came of a mailing, person by person: one definition for each figure."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..tools.client_action import notify
from ..tools.reading import READ_SECONDS, SKIMMED_SECONDS
from ..tools.reliability import classes_from
from .marketing_mailing_figures import REPORTED, REVENUES
from .search_key import read_search_key

#: Setting: a lead counts as a result within so many days after a click or an answer.
CONVERSION_DAYS = ("email_marketing_crm.conversion_days", 30)
_HUMAN = classes_from("human_likely")
#: Facts about a person and a mailing: SQL over that person's touchpoints `t` of it,
#: with the code of their type as `code`.
FACTS = {
    "is_sent": "bool_or(code = 'sent')",
    "has_hard": "bool_or(code = 'hard_bounce')",
    "has_soft": "bool_or(code = 'soft_bounce')",
    "has_policy": "bool_or(code = 'policy_bounce')",
    "has_human_open": "bool_or(is_human AND"
    " code IN ('opened', 'clicked', 'viewed_online', 'replied'))",
    "has_unknown_open": "bool_or(code IN ('opened', 'clicked', 'viewed_online')"
    " AND reliability = 'unknown')",
    "has_machine_open": "bool_or(code = 'opened' AND NOT is_human)",
    "has_human_click": "bool_or(code = 'clicked' AND is_human)",
    "has_other_click": "bool_or(code = 'clicked' AND NOT is_human)",
    "has_reply": "bool_or(code = 'replied' AND is_human)",
    "has_view": "bool_or(code = 'viewed_online' AND is_human)",
    "programs": "count(DISTINCT COALESCE(data->>'program', data->>'user_agent'))"
    " FILTER (WHERE code = 'viewed_online' AND is_human)",
    "seconds": "max((data->>'seconds')::float) FILTER ("
    "WHERE code = 'read_online' AND is_human)",
    "has_complaint": "bool_or(code = 'complaint')",
    "has_opt_out": "bool_or(code IN ('unsubscribed', 'consent_withdrawn'))",
    "reacted": "min(date) FILTER (WHERE code IN ('clicked', 'replied') AND is_human)",
}
#: Whose money it is: the figure that an amount opens.
REVENUE_PEOPLE = {"expected_revenue": "leads", "won_revenue": "won"}
_CAME_BACK = "(has_hard OR has_soft OR has_policy)"
#: Figures: SQL over the facts above, and over `lead_count` and `won_count`.
FIGURES = {
    "sent": "is_sent",
    "delivered": f"is_sent AND NOT {_CAME_BACK}",
    "hard": "has_hard",
    "soft": "has_soft AND NOT has_hard",
    "policy": "has_policy AND NOT has_hard AND NOT has_soft",
    "opened": "has_human_open",
    "opened_unknown": "has_unknown_open AND NOT has_human_open",
    "opened_machine": "has_machine_open AND NOT has_human_open"
    " AND NOT has_unknown_open",
    "ignored": f"is_sent AND NOT {_CAME_BACK} AND NOT has_human_open"
    " AND NOT has_unknown_open",
    "clicked": "has_human_click",
    "clicked_other": "has_other_click AND NOT has_human_click",
    "replied": "has_reply",
    "viewed": "has_view",
    "maybe_forwarded": "programs > 1",
    "glanced": f"seconds < {SKIMMED_SECONDS}",
    "skimmed": f"seconds >= {SKIMMED_SECONDS} AND seconds < {READ_SECONDS}",
    "read": f"seconds >= {READ_SECONDS}",
    "time_unknown": f"is_sent AND NOT {_CAME_BACK} AND seconds IS NULL",
    "complained": "has_complaint",
    "unsubscribed": "has_opt_out",
    "leads": "lead_count > 0",
    "won": "won_count > 0",
}
#: How figures are shown: group, the figure that shares are of, figures.
GROUPS = (
    ("arrived", "sent", ("sent", "delivered", "hard", "soft", "policy")),
    ("read", "delivered", ("opened", "opened_unknown", "opened_machine", "ignored")),
    (
        "did",
        "delivered",
        ("clicked", "clicked_other", "replied", "viewed", "maybe_forwarded"),
    ),
    ("time", "delivered", ("glanced", "skimmed", "read", "time_unknown")),
    ("no", "delivered", ("unsubscribed", "complained")),
    ("business", "delivered", ("leads", "won")),
)


class MailingMailing(models.Model):
    """What came of a mailing, from what happened to the persons it was sent to.

    Each figure counts persons, once, and has one definition (`FIGURES`), which its
    number, its list of persons and the reports share. What machines did is apart from
    what humans did, and what nobody can know is called unknown.
    """

    _inherit = "mailing.mailing"

    # ------------------------------------------------------------------
    # DEFINITIONS
    # ------------------------------------------------------------------

    @api.model
    def _get_conversion_days(self):
        get_param = self.env["ir.config_parameter"].sudo().get_param
        return int(get_param(*CONVERSION_DAYS))

    @api.model
    def _get_facts_query(self, mailing_ids):
        """SELECT of mailing_id, person_id and `FACTS`, with leads and money won.

        Served by the index of touchpoints by mailing, and by the one of a person's.
        """
        types = self.env["marketing.touchpoint.type"]
        return SQL(
            """
            SELECT fact.*, lead.lead_count, lead.won_count, lead.expected_revenue,
                   lead.won_revenue
              FROM (SELECT mailing_id, person_id, %(facts)s
                      FROM (SELECT t.mailing_id, t.person_id, t.date, t.reliability,
                                   t.data, type.code,
                                   t.reliability = ANY(%(human)s) AS is_human
                              FROM marketing_touchpoint AS t
                              JOIN marketing_touchpoint_type AS type
                                ON type.id = t.type_id
                             WHERE t.mailing_id = ANY(%(mailings)s)) AS t
                     GROUP BY mailing_id, person_id) AS fact
             CROSS JOIN LATERAL (
                   SELECT count(*) FILTER (WHERE later.type_id = %(lead)s)
                              AS lead_count,
                          count(*) FILTER (WHERE later.type_id = %(won)s) AS won_count,
                          COALESCE(sum(lead.expected_revenue) FILTER (
                              WHERE later.type_id = %(lead)s), 0) AS expected_revenue,
                          COALESCE(sum(later.value) FILTER (
                              WHERE later.type_id = %(won)s), 0) AS won_revenue
                     FROM marketing_touchpoint AS later
                     LEFT JOIN crm_lead AS lead
                       ON lead.id = later.res_id AND later.res_model = 'crm.lead'
                    WHERE fact.reacted IS NOT NULL
                      AND later.person_id = fact.person_id
                      AND later.type_id IN (%(lead)s, %(won)s)
                      AND later.date >= fact.reacted
                      AND later.date < fact.reacted + %(days)s * interval '1 day'
                   ) AS lead
            """,
            facts=SQL(", ").join(
                SQL("COALESCE(%s, FALSE) AS %s", SQL(sql), SQL.identifier(name))
                if sql.startswith("bool_or")
                else SQL("%s AS %s", SQL(sql), SQL.identifier(name))
                for name, sql in FACTS.items()
            ),
            human=list(_HUMAN),
            mailings=list(mailing_ids),
            lead=types._get_id("lead_created"),
            won=types._get_id("won"),
            days=self._get_conversion_days(),
        )

    @api.model
    def _count_results(self, mailing_ids):
        """`{mailing id: {figure: persons, expected_revenue, won_revenue}}`."""
        self.env.flush_all()
        names = [*FIGURES, *REVENUES]
        rows = self.env.execute_query(
            SQL(
                "SELECT mailing_id, %s, sum(expected_revenue)::float,"
                " sum(won_revenue)::float FROM (%s) AS fact GROUP BY mailing_id",
                SQL(", ").join(
                    SQL("count(*) FILTER (WHERE %s)", SQL(condition))
                    for condition in FIGURES.values()
                ),
                self._get_facts_query(mailing_ids),
            )
        )
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}

    # ------------------------------------------------------------------
    # FORM
    # ------------------------------------------------------------------

    def get_results(self):
        """Figures as the form shows them, each with its definition and its share.

        :returns: `{"groups": [{title, figures: [{code, label, help, count, share}]}],
            currency_id, revenues: [{code, people, label, help}], expected_revenue,
            won_revenue, kept_since}`; no groups before a mail left. `people`: the
            figure whose persons brought the amount. `kept_since`: the date of figures
            whose persons are not known any more, else False
        """
        self.ensure_one()
        self.check_access("read")
        kept = self.sudo()._get_kept_result()
        if kept:
            [counts] = kept.read([*REPORTED, *REVENUES])
        else:
            counts = self.sudo()._count_results(self.ids).get(self.id)
        if not counts:
            return {"groups": []}
        wording = self._get_figure_wording()
        titles = self._get_group_titles()
        return {
            "groups": [
                {
                    "title": titles[group],
                    "figures": [
                        {
                            "code": code,
                            "label": wording[code][0],
                            "help": wording[code][1],
                            "count": counts[code],
                            "share": counts[code] / counts[base] if counts[base] else 0,
                        }
                        for code in codes
                        if code in counts
                    ],
                }
                for group, base, codes in GROUPS
            ],
            "kept_since": format_date(self.env, kept.date) if kept else False,
            "currency_id": self.env.company.currency_id.id,
            "revenues": [
                {
                    "code": code,
                    "people": REVENUE_PEOPLE[code],
                    "label": wording[code][0],
                    "help": wording[code][1],
                }
                for code in REVENUES
                if counts[code]
            ],
            **{code: counts[code] for code in REVENUES},
        }

    def _get_kept_result(self):
        """The stored result of a mailing whose events may be deleted by now.

        Counting what is left of them would say that hardly anybody got the mail. Those
        of journeys go on being sent: they are counted from the events that are there.
        """
        horizon = self.env["marketing.retention"]._get_horizon()
        results = self.env["marketing.mailing.result"]
        if (
            not horizon
            or not self.sent_date
            or self.sent_date >= horizon
            or self.marketing_kind == "journey"
        ):
            return results
        return results.search([("mailing_id", "=", self.id)])

    def _get_figure_people(self, figure):
        """SELECT of the persons behind a figure or a link; None for what is neither.

        :param figure: as of `action_view_result`
        """
        self.ensure_one()
        link, _separator, version = figure.removeprefix("link-").partition(".")
        if figure in FIGURES:
            return SQL(
                "SELECT person_id FROM (%s) AS fact WHERE %s",
                self._get_facts_query(self.ids),
                SQL(FIGURES[figure]),
            )
        if link == figure or not link.isdecimal():
            return None
        tracker = self.env["link.tracker"].sudo().browse(int(link)).exists()
        return SQL(
            "SELECT person_id FROM marketing_touchpoint AS event"
            " WHERE mailing_id = %s AND link_id = ANY(%s)"
            " AND reliability = ANY(%s) AND %s",
            self.id,
            tracker._get_same_links().ids,
            list(_HUMAN),
            self._get_reader_filter(version),
        )

    def _get_figure_label(self, figure):
        """What the persons behind a figure or a link did."""
        label, _definition = self._get_figure_wording().get(
            figure, (self.env._("Clicked this link"), "")
        )
        return label

    def action_view_result(self, figure):
        """The persons behind a figure, or behind a link.

        :param figure: its code; `link-<id>`, or of a version `link-<id>.<version>`
        """
        self.ensure_one()
        self.check_access("read")
        kept = self.sudo()._get_kept_result()
        if kept:
            return notify(
                self.env._(
                    "Counted on %s. Who it was is not known any more: events that are "
                    "too old are deleted.",
                    format_date(self.env, kept.date),
                ),
                "info",
            )
        return {
            "type": "ir.actions.act_window",
            "name": f"{self.subject}: {self._get_figure_label(figure)}",
            "res_model": "marketing.person",
            "view_mode": "list,kanban,form",
            "views": [[False, "list"], [False, "kanban"], [False, "form"]],
            "mobile_view_mode": "kanban",
            "domain": [("mailing_figure", "=", f"{self.id}:{figure}")],
            "context": {"create": False},
        }


class MarketingPerson(models.Model):
    _inherit = "marketing.person"

    mailing_figure = fields.Char(
        "Figure of a Mailing",
        store=False,
        search="_search_mailing_figure",
        help="Finds the persons behind a figure of a mailing's results.",
    )

    @api.model
    def _search_mailing_figure(self, operator, value):
        """Persons of "<mailing id>:<figure>": the same query that counts them."""
        if operator != "in":
            return NotImplemented
        self.env.flush_all()
        found = Domain.FALSE
        for item in value:
            mailing, figure = read_search_key(self.env["mailing.mailing"], item)
            people = mailing and mailing._get_figure_people(figure)
            if people:
                found |= Domain("id", "in", SQL("(%s)", people))
        return found
