import re

from odoo import api, models

#: A number with its country's prefix, of which Odoo keeps the sign and the digits.
_INTERNATIONAL = re.compile(r"\+[\d\s./()-]+")
#: Where Odoo's own methods of contacts are; an add-on that knows better is elsewhere.
_PARTNER_MODULE = "odoo.addons.base.models.res_partner"


class MarketingImport(models.Model):
    """Creates the companies and contacts of a batch, each written once.

    Odoo inserts a contact, computes its other columns, and updates the row: all its
    indexes are written twice. What it will compute can be foreseen for most lines of
    a file, and is inserted with the rest. Odoo computes it all the same: what was
    foreseen wrong, or another add-on computes in its own way, is put right by that
    update.
    """

    _inherit = "marketing.import"

    def _create_partners(self, values_list):
        """Create contacts whose values hold what they share with their company."""
        partners = self.env["res.partner"].with_context(_partners_skip_fields_sync=True)
        created = partners.create(values_list)
        # Odoo would look for each contact's picture to make four smaller ones.
        bare = created.with_context(bin_size=False).filtered(
            lambda partner: not partner.image_1920
        )
        for field in partners._fields.values():
            if field.related == "image_1920" and field.store:
                self.env.remove_to_compute(field, bare)
        return created

    def _create_contacts(self, rows, companies, tags, known):
        """Create the contacts of lines, and the persons nobody knew.

        :param companies: `{line number: company}`
        :param tags: `{name key of a tag: id}`
        :param known: `{normalised address: person}` of persons there were
        """
        shared = {
            company: self._get_shared_values(company)
            for company in {companies.get(row.number) for row in rows} - {None}
        }
        values_list = []
        for row in rows:
            company = companies.get(row.number)
            values_list.append(
                self._prepare_contact(row, company, tags, *shared.get(company, ()))
            )
        defaults = self.env["res.partner"].default_get(["lang", "tz", "user_id"])
        self._foresee_salespersons(values_list, defaults)
        persons = known | self._create_persons(rows, values_list, known, defaults)
        for row, values in zip(rows, values_list, strict=True):
            values |= self._foresee(values)
            if row.normal in persons:
                values |= {
                    "email_normalized": row.normal,
                    "marketing_person_id": persons[row.normal],
                }
        created = self._create_partners(values_list)
        for row, partner in zip(rows, created, strict=True):
            row.partner_id = partner.id

    @api.model
    def _get_shared_values(self, company):
        """What contacts take over from their company: `(of taxes …, address)`."""
        return (
            company._convert_fields_to_values(company._commercial_fields()),
            company._get_address_values(),
        )

    def _create_persons(self, rows, values_list, known, defaults):
        """Insert the persons nobody knew, with what their contact will say of them.

        :returns: `{normalised address: person}`
        """
        told = {}
        for row, values in zip(rows, values_list, strict=True):
            if row.normal and row.normal not in known:
                country = self.env["res.country"].browse(values.get("country_id"))
                told[row.normal] = {
                    "name": values["name"],
                    "lang": values.get("lang", defaults.get("lang")) or None,
                    "tz": values.get("tz", defaults.get("tz"))
                    or country.marketing_tz
                    or None,
                    "acquisition_source_id": self.source_id.id,
                    "legal_basis": self.legal_basis,
                }
        if not told:
            return {}
        return self.env["marketing.person"]._insert_persons(sorted(told), told)

    # ------------------------------------------------------------------
    # FORESEE
    # ------------------------------------------------------------------

    @api.model
    def _foresee(self, values):
        """Columns that Odoo will compute of a new contact or company."""
        name = values["name"]
        foreseen = {"complete_name": name, "partner_share": True}
        company = self.env["res.partner"].browse(values.get("parent_id"))
        if company:
            foreseen |= {
                "commercial_partner_id": company.id,
                "commercial_company_name": company.name,
                "complete_name": f"{company.name}, {name}",
            }
        elif values.get("is_company"):
            foreseen["commercial_company_name"] = name
        phone = values.get("phone")
        if phone and _INTERNATIONAL.fullmatch(phone):
            foreseen["phone_sanitized"] = "+" + re.sub(r"\D", "", phone)
        return foreseen

    @api.model
    def _foresee_salespersons(self, values_list, defaults):
        """Salesperson and language of new contacts, as Odoo takes them over.

        What Odoo finds among the values it does not compute for each contact alone.
        """
        methods = type(self.env["res.partner"])
        if (
            methods._compute_user_id.__module__ == _PARTNER_MODULE
            and "user_id" not in defaults
        ):
            for values in values_list:
                company = self.env["res.partner"].browse(values.get("parent_id"))
                is_human = not values.get("is_company")
                values.setdefault("user_id", is_human and company.user_id.id)
        if methods._compute_lang.__module__ == _PARTNER_MODULE:
            for values in values_list:
                company = self.env["res.partner"].browse(values.get("parent_id"))
                lang = company.lang or defaults.get("lang") or self.env.lang
                if company:
                    values.setdefault("lang", lang)
