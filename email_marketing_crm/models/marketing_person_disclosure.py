from odoo import api, fields, models
from odoo.tools import html2plaintext

from ..tools.disclosure import Section, write_archive

#: Rows of a section that are read at once.
CHUNK = 2000


class MarketingPerson(models.Model):
    """All we know about a person, for him (GDPR, articles 15 and 20).

    A section for each kind of data; a test compares them with the tables that know
    persons. What is told is about him alone: names of others, of users for instance,
    stay out.
    """

    _inherit = "marketing.person"

    def action_disclose(self):
        """Write down who takes the data out, then hand it over."""
        self.ensure_one()
        requests = self.env["marketing.privacy.request"]
        requests._check_manager()
        self.check_access("read")
        self._check_companies()
        family = self.sudo()._get_identities()
        request = requests.sudo().create(
            {
                "kind": "disclosure",
                "user_id": self.env.uid,
                "person_count": 1,
                **requests._prepare_whom(family),
            }
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/marketing/disclosure/{request.id}",
            "target": "download",
        }

    def _write_disclosure(self, target):
        """Write the archive; returns the number of rows by model."""
        family = self._get_identities()
        survivor = family.filtered(lambda person: not person.merged_into_id)[:1]
        lang = survivor._get_disclosure_lang()
        family = family.with_context(lang=lang, active_test=False)
        return write_archive(
            target,
            family.env._("All we know about %s", survivor.display_name),
            family._get_disclosure_notes(),
            family._get_disclosure_sections(),
            lang.replace("_", "-"),
            family.env._("Nothing."),
        )

    def _get_disclosure_lang(self):
        """The language of the person where it is installed, else the user's."""
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        wanted = (self.preferred_lang, self.lang, self.env.user.lang, "en_US")
        return next(code for code in wanted if code in installed or code == "en_US")

    def _get_disclosure_notes(self):
        """What article 15, paragraph 1, asks for besides the data."""
        company = self.env.company
        contact = company.email or company.website or company.phone or company.name
        return [
            self.env._(
                "This is a copy of the personal data that %(company)s keeps about you"
                " for marketing, made on %(date)s. Times are in UTC.",
                company=company.name,
                date=fields.Date.today(),
            ),
            self.env._(
                "It is used to send you the mailings you agreed to, to find out what"
                " interests you, and to let our salespeople answer you. A score is"
                " computed from what you did; each part of it is listed."
            ),
            self.env._(
                "You may ask us to correct or erase it, object to its use, and complain"
                " to the data protection authority of your country. Write to"
                " %(contact)s.",
                contact=contact,
            ),
        ]

    def _get_disclosure_sections(self):
        """The sections, their rows read only when they are written."""
        for model, (path, names) in self._get_disclosed_fields().items():
            records = self.env[model].sudo()
            names = [name for name in names if name in records._fields]
            labels = records.fields_get(names, ["string"])
            is_by_address = path.endswith("email")
            known = self.mapped("email_normalized") if is_by_address else self.ids
            domain = [(path, "in", known)]
            yield Section(
                model,
                self.env["ir.model"]._get(model).name,
                [(name, labels[name]["string"]) for name in names],
                self._read_disclosed(records, domain, names),
            )
        yield Section(
            "segments",
            self.env._("Segments"),
            [
                ("segment", self.env._("Segment")),
                ("since", self.env._("Since")),
                ("state", self.env._("Membership")),
                ("conditions", self.env._("Why")),
            ],
            self._read_disclosed_segments(),
        )

    @api.model
    def _read_disclosed(self, records, domain, names):
        """Rows of a model, a chunk at a time."""
        last_id = 0
        while True:
            chunk = records.search(
                [*domain, ("id", ">", last_id)], order="id", limit=CHUNK
            )
            if not chunk:
                return
            for record in chunk:
                yield {name: self._disclose_value(record, name) for name in names}
            last_id = chunk[-1].id
            chunk.invalidate_recordset(flush=False)

    @api.model
    def _disclose_value(self, record, name):
        """The value of a field as JSON has it and people read it."""
        field, value = record._fields[name], record[name]
        if field.relational:
            found = [item.display_name for item in value]
            return found if field.type.endswith("2many") else (found or [None])[0]
        if field.type == "selection":
            labels = dict(field._description_selection(record.env))
            return labels.get(value, value) or None
        if field.type == "html":
            return html2plaintext(value) if value else None
        if field.type in ("date", "datetime"):
            return value.isoformat() if value else None
        if value is False and field.type != "boolean":
            return None
        return value

    def _read_disclosed_segments(self):
        """Segments of the person, with what each condition finds about him."""
        members = (
            self.env["marketing.segment.member"]
            .sudo()
            .search([("person_id", "in", self.ids)], order="id")
        )
        labels = dict(members._fields["state"]._description_selection(self.env))
        for member in members:
            verdicts = member.segment_id._get_verdicts([member.person_id.id])
            yield {
                "segment": member.segment_id.name,
                "since": member.since.isoformat(),
                "state": labels[member.state],
                "conditions": [
                    " · ".join(filter(None, (label, "✓" if is_met else "✗", detail)))
                    for label, is_met, detail in verdicts[member.person_id.id]
                ],
            }
