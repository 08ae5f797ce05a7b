from collections import Counter, defaultdict

from odoo import Command, api, models
from odoo.tools import SQL

from ..tools.name_key import name_key, website_key


class MarketingImport(models.Model):
    """Writes the contacts and companies of a batch, through the ORM in batches.

    New ones are created by marketing_import_create.py.
    """

    _inherit = "marketing.import"

    def _execute(self, rows):
        """Do what was decided for lines: companies, contacts, origin, segment."""
        written = [row for row in rows if row.outcome in ("create", "update")]
        if not written:
            return
        partners = self.env["res.partner"]
        emails = {row.normal for row in written if row.normal}
        known = self.env["marketing.person"]._get_ids_by_email(emails)
        tags = self._find_names(
            "res.partner.category", {tag for row in written for tag in row.tags}, True
        )
        companies = self._get_row_companies(written)
        created = [row for row in written if row.outcome == "create"]
        self._create_contacts(created, companies, tags, known)
        updated = [row for row in written if row.outcome == "update"]
        there = self._get_together({row.duplicate_id for row in updated})
        # A contact that several lines are about: each sees what the one before wrote.
        turns, taken = defaultdict(list), Counter()
        for row in updated:
            row.partner_id = row.duplicate_id
            turns[taken[row.partner_id]].append(row)
            taken[row.partner_id] += 1
        for turn in turns.values():
            self._write_changes(
                [
                    (
                        there[row.partner_id],
                        self._get_contact_changes(
                            row,
                            there[row.partner_id],
                            companies.get(row.number),
                            tags,
                        ),
                    )
                    for row in turn
                ]
            )
        self._write_origin(written, known)
        self._write_profiles(written)
        if self.segment_id:
            self.env.flush_all()
            self.segment_id._include_records(
                partners.browse([row.partner_id for row in written])
            )

    # ------------------------------------------------------------------
    # COMPANIES
    # ------------------------------------------------------------------

    def _get_row_companies(self, rows):
        """`{line number: company}`, found by name, then by website, else created."""
        rows = [row for row in rows if row.company_name]
        if not rows:
            return {}
        by_key = {}
        for row in rows:
            by_key.setdefault(name_key(row.company_name), []).append(row)
        sites = {
            key: website_key(group[0].company_values.get("website"))
            for key, group in by_key.items()
        }
        by_name, by_website = self._find_companies(
            [group[0].company_name for group in by_key.values()], set(sites.values())
        )
        company_ids, missing = {}, {}
        for key, group in by_key.items():
            found = by_name.get(group[0].company_name) or by_website.get(sites[key])
            if found:
                company_ids[key] = found
            else:
                # Two names with one website are one company.
                missing.setdefault(sites[key] or key, []).append(key)
        new = [
            self._prepare_company([row for key in keys for row in by_key[key]])
            for keys in missing.values()
        ]
        self._foresee_salespersons(
            new, self.env["res.partner"].default_get(["lang", "user_id"])
        )
        created = self._create_partners(
            [values | self._foresee(values) for values in new]
        )
        for keys, company in zip(missing.values(), created, strict=True):
            company_ids |= dict.fromkeys(keys, company.id)
        companies = self._get_together(set(company_ids.values()))
        known = [companies[id_] for id_ in companies.keys() - set(created.ids)]
        self._update_companies(known, by_key, company_ids)
        return {
            row.number: companies[company_ids[key]]
            for key, group in by_key.items()
            for row in group
        }

    def _prepare_company(self, rows):
        """Values of a new company: what its lines say, the first that says it."""
        values = {}
        for row in rows:
            for name, value in row.company_values.items():
                values.setdefault(name, value)
        address = self.env["res.partner"]._address_fields()
        if not any(values.get(name) for name in address):
            first = next(
                (row for row in rows if any(row.values.get(name) for name in address)),
                None,
            )
            if first:
                values |= {name: first.values.get(name, False) for name in address}
        return {
            **values,
            "name": rows[0].company_name,
            "is_company": True,
            "company_id": self.company_id.id,
            "marketing_relationship": self.relationship,
        }

    def _update_companies(self, companies, by_key, company_ids):
        """Add what the file says to companies there were, as contacts are updated."""
        if self.duplicate_policy == "skip" or not companies:
            return
        wanted = {}
        for key, rows in by_key.items():
            for row in rows:
                values = wanted.setdefault(company_ids[key], {})
                for name, value in row.company_values.items():
                    values.setdefault(name, value)
        overwrite = (
            self.duplicate_policy == "update" and self.update_mode == "overwrite"
        )
        self._write_changes(
            [
                (
                    company,
                    self._get_changes(company, wanted.get(company.id, {}), overwrite),
                )
                for company in companies
            ]
        )

    # ------------------------------------------------------------------
    # CONTACTS
    # ------------------------------------------------------------------

    def _prepare_contact(self, row, company, tags, commercial=None, address=None):
        """Values of a new contact, with what it takes from its company."""
        values = {
            **row.values,
            "name": row.name or row.normal,
            "company_id": self.company_id.id,
            "marketing_relationship": self.relationship,
            "category_id": [
                Command.set([*self.tag_ids.ids, *self._get_tag_ids(row, tags)])
            ],
        }
        if not company:
            return values
        values["parent_id"] = company.id
        values |= commercial
        given = {
            name: value
            for name, value in row.values.items()
            if name in company._address_fields()
        }
        if any(value != address.get(name) for name, value in given.items()):
            # Otherwise Odoo would write the company's address over this one.
            values["type"] = "other"
        else:
            values |= address
        return values

    @staticmethod
    def _get_tag_ids(row, tags):
        return [tags[name_key(tag)] for tag in row.tags]

    def _get_contact_changes(self, row, partner, company, tags):
        """What a line changes of a contact there was."""
        wanted = {**row.values, "marketing_relationship": self.relationship}
        if partner.is_company:
            wanted.pop("function", None)
        else:
            wanted |= {"name": row.name} if row.name else {}
            wanted |= {"parent_id": company.id} if company else {}
        changes = self._get_changes(
            partner, wanted, overwrite=self.update_mode == "overwrite"
        )
        if partner.email_normalized == row.normal:
            changes.pop("email", None)
        missing = {
            *self.tag_ids.ids,
            *self._get_tag_ids(row, tags),
        } - set(partner.category_id.ids)
        if missing:
            changes["category_id"] = [Command.link(tag) for tag in sorted(missing)]
        return changes

    @api.model
    def _write_changes(self, changes_by_partner):
        """Write what changes, once for all who change alike.

        Most lines of a file change the same few things: a relationship, a tag.

        :param changes_by_partner: `[(partner, values)]`; nobody is in it twice
        """
        alike = {}
        for partner, changes in changes_by_partner:
            if changes:
                key = repr(sorted(changes.items()))
                _same, partners = alike.setdefault(key, (changes, []))
                partners.append(partner.id)
        for changes, ids in alike.values():
            self.env["res.partner"].browse(ids).write(changes)

    @staticmethod
    def _get_changes(partner, wanted, overwrite):
        """Of the wanted values those that change something and may."""
        changes = {}
        for name, value in wanted.items():
            field = partner._fields[name]
            current = field.convert_to_write(partner[name], partner)
            empty = current is False or current in ("", "<p><br></p>")
            if value == current or not (overwrite or empty):
                continue
            changes[name] = value
        return changes

    # ------------------------------------------------------------------
    # ORIGIN
    # ------------------------------------------------------------------

    def _write_origin(self, rows, known):
        """Note where the persons come from; who was known keeps what he has."""
        self.env.flush_all()
        persons = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT marketing_person_id, email_normalized FROM res_partner
                     WHERE id = ANY(%s) AND marketing_person_id IS NOT NULL
                    """,
                    [row.partner_id for row in rows],
                )
            )
        )
        self.env["marketing.person"]._set_origin(
            list(persons),
            self.source_id.id,
            self.legal_basis,
            [person_id for person_id, email in persons.items() if email not in known],
        )

    def _write_profiles(self, rows):
        """Keep what the file says about persons beyond their contact."""
        told = [row for row in rows if row.profile]
        partners = self._get_together({row.partner_id for row in told})
        answers = [
            {
                "person_id": person_id,
                "attribute": code,
                "value": value,
                "origin": "import",
                "source": self.source_id.name,
            }
            for row in told
            for person_id in partners[row.partner_id].marketing_person_id.ids
            for code, value in row.profile.items()
        ]
        if answers:
            self.env["marketing.profile.value"]._set_values(answers)
