"""What the figures about the state of the data count, and which lists they open."""

from dataclasses import dataclass, replace
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .marketing_delivery_plan import PLAN_GATES

#: Gates that are about one mailing and not about the person.
MAILING_GATES = frozenset({"already_mailed", "duplicate", "no_address"})
#: A record is out of date when nothing happened for so many months.
STALE_MONTHS = (12, 24)
#: Categories that begin with their largest figure; others keep the order of the page.
RANKED_CATEGORIES = frozenset({"1_reach", "2_address"})
#: Models whose addresses are looked at, and the actions that show the bad ones.
ADDRESS_ACTIONS = {
    "res.partner": "res_partner_unusable_address_action",
    "crm.lead": "crm_lead_unusable_address_action",
    "mailing.contact": "mailing_contact_unusable_address_action",
}
#: States of addresses that are worth a look, see `marketing.person.address_state`.
ADDRESS_STATES = ("invalid", "risky", "unknown")


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

    A finding about persons is a condition on one relation (`_get_relation`); the
    count and the list behind it use the same one. Who cannot be mailed, and why, is
    asked of the gates of the deliveries.
    """

    _name = "marketing.quality.count"
    _description = "Counting of Data Quality"

    # ------------------------------------------------------------------
    # FINDINGS
    # ------------------------------------------------------------------

    @api.model
    def _get_person_figures(self):
        """Findings about persons, without their counts, in the order of the page."""
        return [
            *self._get_missing_figures(),
            *self._get_address_figures(),
            *self._get_profile_figures(),
            *self._get_stale_figures(),
        ]

    @api.model
    def _get_missing_figures(self):
        known = {
            "name": (SQL("NULLIF(person.name, '') IS NOT NULL"), ()),
            "company": (SQL("facts.has_company"), ("facts",)),
            "function": (SQL("facts.has_function"), ("facts",)),
            "phone": (SQL("facts.has_phone"), ("facts",)),
            "country": (SQL("facts.has_country"), ("facts",)),
            "lang": (SQL("person.lang IS NOT NULL"), ()),
        }
        return [
            Figure(
                f"missing:{name}",
                "3_complete",
                condition=SQL("(%s) IS NOT TRUE", condition),
                parts=parts,
            )
            for name, (condition, parts) in known.items()
        ]

    @api.model
    def _get_address_figures(self):
        figures = [
            Figure(
                f"address:{state}",
                "2_address",
                condition=SQL("person.address_state = %s", state),
            )
            for state in ADDRESS_STATES
        ]
        mistyped = SQL(
            "person.email_domain_id IN (SELECT id FROM marketing_email_domain"
            " WHERE suggested_domain IS NOT NULL AND kind <> 'trusted')"
        )
        return [*figures, Figure("address:mistyped", "2_address", condition=mistyped)]

    @api.model
    def _get_profile_figures(self):
        return [
            Figure(
                f"missing:profile:{attribute.code}",
                "3_complete",
                condition=SQL(
                    "(%s = ANY(answers.attribute_ids)) IS NOT TRUE", attribute.id
                ),
                parts=("answers",),
            )
            for attribute in self.env["marketing.profile.attribute"].sudo().search([])
        ]

    @api.model
    def _get_stale_figures(self):
        return [
            Figure(
                f"stale:{months}",
                "4_stale",
                condition=SQL(
                    "COALESCE(facts.changed, person.create_date) < %(limit)s"
                    " AND (recent.last_date < %(limit)s) IS NOT FALSE",
                    limit=self._get_stale_limit(months),
                ),
                parts=("facts", "recent"),
            )
            for months in STALE_MONTHS
        ]

    @api.model
    def _get_stale_limit(self, months):
        """What happened before this moment is out of date."""
        return fields.Datetime.now() - timedelta(days=round(months * 365.25 / 12))

    # ------------------------------------------------------------------
    # COUNTING
    # ------------------------------------------------------------------

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

    # ------------------------------------------------------------------
    # PERSONS
    # ------------------------------------------------------------------

    @api.model
    def _get_relation(self, parts, company_id):
        """FROM and WHERE of everybody that is counted, one row each: alias person.

        :param parts: what is joined: `facts` of the records, the `recent` events of
            the person's own doing, the attributes with `answers`
        :param company_id: only persons of this company, and shared ones
        """
        joins = SQL(" ").join(
            SQL(
                "LEFT JOIN (%s) AS %s ON %s.person_id = person.id",
                getattr(self, f"_get_{part}")(),
                SQL.identifier(part),
                SQL.identifier(part),
            )
            for part in parts
        )
        company = (
            SQL(
                """
                AND (NOT EXISTS (SELECT FROM marketing_person_company_rel rel
                                  WHERE rel.person_id = person.id)
                     OR EXISTS (SELECT FROM marketing_person_company_rel rel
                                 WHERE rel.person_id = person.id
                                   AND rel.company_id = %s))
                """,
                company_id,
            )
            if company_id
            else SQL()
        )
        return SQL(
            """
            marketing_person AS person %s
             WHERE person.merged_into_id IS NULL AND person.is_erased IS NOT TRUE %s
            """,
            joins,
            company,
        )

    @api.model
    def _get_facts(self):
        """SELECT of what the records of each person know."""
        return SQL(
            """
            SELECT person_id, bool_or(company <> '') AS has_company,
                   bool_or(function <> '') AS has_function,
                   bool_or(phone <> '') AS has_phone,
                   bool_or(country_id IS NOT NULL) AS has_country,
                   max(write_date) AS changed
              FROM (SELECT marketing_person_id AS person_id,
                           commercial_company_name AS company, function, phone,
                           country_id, write_date
                      FROM res_partner WHERE marketing_person_id IS NOT NULL
                    UNION ALL
                    SELECT marketing_person_id, partner_name, function, phone,
                           country_id, write_date
                      FROM crm_lead WHERE marketing_person_id IS NOT NULL
                    UNION ALL
                    SELECT marketing_person_id, company_name, NULL, NULL,
                           country_id, write_date
                      FROM mailing_contact WHERE marketing_person_id IS NOT NULL
                   ) AS record
             GROUP BY person_id
            """
        )

    @api.model
    def _get_recent(self):
        """SELECT of the last thing each person did; older ones are out of date anyway.

        The index of touchpoints by type and date has all that is read.
        """
        types = self.env["marketing.touchpoint.type"].sudo()
        types = types.with_context(active_test=False).search(
            [("direction", "=", "theirs")]
        )
        return SQL(
            """
            SELECT person_id, max(date) AS last_date FROM marketing_touchpoint
             WHERE type_id = ANY(%s) AND date >= %s
             GROUP BY person_id
            """,
            types.ids,
            self._get_stale_limit(max(STALE_MONTHS)),
        )

    @api.model
    def _get_answers(self):
        """SELECT of the attributes that each person has an answer to."""
        return SQL(
            """
            SELECT person_id, array_agg(attribute_id) AS attribute_ids
              FROM marketing_profile_value WHERE is_in_effect
             GROUP BY person_id
            """
        )

    @api.model
    def _get_persons_query(self, code, company_id):
        """SELECT of the ids of the persons that a figure counts, or None."""
        if code.startswith("reach:"):
            return SQL(
                "SELECT person_id FROM (%s) AS gated WHERE outcome = %s",
                self._get_outcomes(company_id),
                code.partition(":")[2],
            )
        for figure in self._get_person_figures():
            if figure.code == code:
                return SQL(
                    "SELECT person.id FROM %s AND %s",
                    self._get_relation(figure.parts, company_id),
                    figure.condition,
                )
        return None
