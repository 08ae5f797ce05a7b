"""What is found wrong with persons: conditions on one relation of everybody."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .marketing_quality_count import Figure

#: A record is out of date when nothing happened for so many months.
STALE_MONTHS = (12, 24)
#: States of addresses that are worth a look, see `marketing.person.address_state`.
ADDRESS_STATES = ("invalid", "risky", "unknown")


class MarketingQualityCount(models.AbstractModel):
    """A finding about persons is a condition on one relation (`_get_relation`).

    The count of a finding and the list behind it use the same one.
    """

    _inherit = "marketing.quality.count"

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
