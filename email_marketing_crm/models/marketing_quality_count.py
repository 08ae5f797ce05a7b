"""How many the figures about the state of the data count."""

from dataclasses import dataclass, replace

from odoo import api, models
from odoo.tools import SQL

from .marketing_delivery_plan import PLAN_GATES

#: Gates that are about one mailing and not about the person.
MAILING_GATES = frozenset({"already_mailed", "duplicate", "no_address"})
#: Categories that begin with their largest figure; others keep the order of the page.
RANKED_CATEGORIES = frozenset({"1_reach", "2_address"})
#: Models whose addresses are looked at, and the actions that show the bad ones.
ADDRESS_ACTIONS = {
    "res.partner": "res_partner_unusable_address_action",
    "crm.lead": "crm_lead_unusable_address_action",
    "mailing.contact": "mailing_contact_unusable_address_action",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: how many of how many.

    :param code: says what is counted, for ever
    :param category: code of the category of `marketing.quality.metric`
    :param is_good: the more, the better
    :param condition: SQL on the relation of persons; None for other records
    :param parts: what the condition needs besides the person, see `_get_relation`
    """

    code: str
    category: str
    is_good: bool = False
    condition: SQL | None = None
    parts: tuple = ()
    count: int = 0
    total: int = 0


class MarketingQualityCount(models.AbstractModel):
    """Counts of findings over everybody: a few statements, whatever the number.

    Findings about persons are conditions (`marketing_quality_finding.py`). Who cannot
    be mailed, and why, is asked of the gates of the deliveries.
    """

    _name = "marketing.quality.count"
    _description = "Counting of Data Quality"

    @api.model
    def _compute_figures(self, company_id):
        """All figures of a company (False: of everything), with their counts."""
        self.env.flush_all()
        figures = [
            *self._count_reach(company_id),
            *self._count_addresses(company_id),
            *self._count_persons(company_id),
            *self._count_duplicates(company_id),
        ]
        return sorted(
            figures,
            key=lambda figure: (
                figure.category,
                not figure.is_good,
                -figure.count if figure.category in RANKED_CATEGORIES else 0,
            ),
        )

    @api.model
    def _count_persons(self, company_id):
        """Counts of all findings about persons, in one statement."""
        figures = self._get_person_figures()
        parts = sorted({part for figure in figures for part in figure.parts})
        filters = SQL(", ").join(
            SQL("count(*) FILTER (WHERE %s)", figure.condition) for figure in figures
        )
        total, *counts = self.env.execute_query(
            SQL(
                "SELECT count(*), %s FROM %s",
                filters,
                self._get_relation(parts, company_id),
            )
        )[0]
        return [
            replace(figure, count=count, total=total)
            for figure, count in zip(figures, counts, strict=True)
        ]

    @api.model
    def _count_reach(self, company_id):
        """Who can be mailed, and who cannot and why; the figures add up to all."""
        rows = self.env.execute_query(
            SQL(
                "SELECT outcome, count(*) FROM (%s) AS gated GROUP BY outcome",
                self._get_outcomes(company_id),
            )
        )
        counts = {"mailable": 0} | dict(rows)
        total = sum(counts.values())
        return [
            Figure(
                f"reach:{outcome}",
                "1_reach",
                is_good=outcome == "mailable",
                count=count,
                total=total,
            )
            for outcome, count in counts.items()
        ]

    @api.model
    def _get_outcomes(self, company_id):
        """SELECT of person_id and outcome of everybody: mailable, or a reason."""
        deliveries = self.env["marketing.delivery"].sudo()
        company = self.env["res.company"].browse(company_id or self.env.company.id)
        segment = self.env["marketing.segment"].with_company(company)
        mailing = segment.new({"res_model": "res.partner"})._get_sample_mailing()
        gates = [gate for gate in PLAN_GATES if gate not in MAILING_GATES]
        candidates = SQL(
            """
            SELECT NULL::int AS id, person.id AS person_id, NULL::int AS res_id,
                   person.email_normalized AS email, 0 AS visit, 1 AS rank
              FROM %s
            """,
            self._get_relation((), company_id),
        )
        return SQL(
            "SELECT candidate.person_id, COALESCE(%s, 'mailable') AS outcome"
            " FROM (%s) AS candidate",
            deliveries._get_reason(mailing, gates),
            deliveries._get_owned(candidates),
        )

    @api.model
    def _count_addresses(self, company_id):
        """Records whose address nobody can be mailed at."""
        figures = []
        for name in ADDRESS_ACTIONS:
            records = self.env[name]
            conditions = [SQL("TRUE")]
            if "active" in records._fields:
                conditions.append(SQL("active"))
            if company_id and "company_id" in records._fields:
                conditions.append(
                    SQL("(company_id IS NULL OR company_id = %s)", company_id)
                )
            address = SQL.identifier(records._primary_email)
            row = self.env.execute_query(
                SQL(
                    """
                    SELECT count(*),
                           count(*) FILTER (WHERE %(address)s <> ''
                                              AND marketing_person_id IS NULL),
                           count(*) FILTER (WHERE COALESCE(%(address)s, '') = '')
                      FROM %(table)s WHERE %(conditions)s
                    """,
                    address=address,
                    table=SQL.identifier(records._table),
                    conditions=SQL(" AND ").join(conditions),
                )
            )[0]
            figures.append(
                Figure(f"address:{name}", "2_address", count=row[1], total=row[0])
            )
            if name == "res.partner":
                figures.append(
                    Figure("address:none", "2_address", count=row[2], total=row[0])
                )
        return figures

    @api.model
    def _count_duplicates(self, company_id):
        counts = dict(
            self.env["marketing.duplicate"]._read_group(
                self._get_duplicate_domain(company_id), ["res_model"], ["__count"]
            )
        )
        return [
            Figure(
                f"duplicate:{model}",
                "5_duplicate",
                count=counts.get(model, 0),
                total=sum(counts.values()),
            )
            for model in ("marketing.person", "res.partner")
        ]

    @api.model
    def _get_duplicate_domain(self, company_id):
        domain = [("state", "=", "open")]
        if company_id:
            domain.append(("company_id", "in", [company_id, False]))
        return domain
