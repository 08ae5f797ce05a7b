from odoo import api, models
from odoo.tools import SQL

from ..tools.name_key import website_key, website_spellings


class MarketingImport(models.Model):
    """Which contacts and companies of a file there are already; found in sets."""

    _inherit = "marketing.import"

    @api.model
    def _get_name_key(self, name):
        """SQL of a name without what writers do differently, as `tools.name_key`.

        The same expression as the index of contacts' names.
        """
        return SQL(
            r"lower(btrim(regexp_replace(normalize(%s, NFKC), '\s+', ' ', 'g')))", name
        )

    def _get_scope(self, alias):
        """SQL: contacts that an import may look at and change."""
        company_ids = self.company_id.ids or self.user_id.company_ids.ids
        return SQL(
            "(%(company)s IS NULL OR %(company)s = ANY(%(ids)s))",
            company=SQL.identifier(alias, "company_id"),
            ids=company_ids,
        )

    def _find_by_email(self, rows):
        """`{normalised address: contact}`; humans and active contacts first."""
        emails = [row.normal for row in rows if row.normal]
        if not emails:
            return {}
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ON (partner.email_normalized)
                           partner.email_normalized, partner.id
                      FROM res_partner partner
                     WHERE partner.email_normalized = ANY(%s) AND %s
                     ORDER BY partner.email_normalized, partner.active DESC,
                              partner.is_company, partner.id
                    """,
                    emails,
                    self._get_scope("partner"),
                )
            )
        )

    def _find_by_name(self, rows):
        """`{line: contact}` of the same name in a company of the same name.

        A name alone says nothing, unless there is no address on either side: then
        it is all there is. Each line asks the index of names (LATERAL, OFFSET): while
        an import makes the table grow, PostgreSQL takes it for small and would read
        all names there are for each batch.
        """
        rows = [
            row for row in rows if row.name and (row.company_name or not row.normal)
        ]
        if not rows:
            return {}
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ON (line.number) line.number, partner.id
                      FROM unnest(%(numbers)s::int[], %(names)s::text[],
                                  %(companies)s::text[], %(emails)s::text[])
                               line (number, name, company, email)
                     CROSS JOIN LATERAL (
                           SELECT partner.id, partner.parent_id,
                                  partner.company_name, partner.email_normalized
                             FROM res_partner partner
                            WHERE %(partner_key)s = %(line_key)s
                              AND partner.active
                              AND partner.is_company IS NOT TRUE AND %(scope)s
                           OFFSET 0) partner
                      LEFT JOIN res_partner parent ON parent.id = partner.parent_id
                     WHERE %(parent_key)s = %(company_key)s
                       AND (line.company <> '' OR partner.email_normalized IS NULL)
                     ORDER BY line.number,
                              partner.email_normalized IS NOT NULL, partner.id
                    """,
                    numbers=[row.number for row in rows],
                    names=[row.name for row in rows],
                    companies=[row.company_name for row in rows],
                    emails=[row.normal or "" for row in rows],
                    partner_key=self._get_name_key(SQL("partner.name")),
                    line_key=self._get_name_key(SQL("line.name")),
                    parent_key=self._get_name_key(
                        SQL("COALESCE(parent.name, partner.company_name, '')")
                    ),
                    company_key=self._get_name_key(SQL("line.company")),
                    scope=self._get_scope("partner"),
                )
            )
        )

    def _find_companies(self, names, websites):
        """Companies by name, and by website.

        :returns: two dictionaries: `{name: company}` and `{website key: company}`
        """
        by_name = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT ON (wanted.name) wanted.name, company.id
                      FROM unnest(%s::text[]) wanted (name)
                     CROSS JOIN LATERAL (
                           SELECT company.id, company.parent_id
                             FROM res_partner company
                            WHERE %s = %s
                              AND company.is_company AND company.active AND %s
                           OFFSET 0) company
                     ORDER BY wanted.name, company.parent_id IS NOT NULL, company.id
                    """,
                    list(names),
                    self._get_name_key(SQL("company.name")),
                    self._get_name_key(SQL("wanted.name")),
                    self._get_scope("company"),
                )
            )
        )
        spellings = [text for key in websites if key for text in website_spellings(key)]
        by_website = {}
        if spellings:
            for website, company_id in self.env.execute_query(
                SQL(
                    """
                    SELECT company.website, min(company.id)
                      FROM res_partner company
                     WHERE company.website = ANY(%s)
                       AND company.is_company AND company.active AND %s
                     GROUP BY company.website
                    """,
                    spellings,
                    self._get_scope("company"),
                )
            ):
                by_website.setdefault(website_key(website), company_id)
        return by_name, by_website
