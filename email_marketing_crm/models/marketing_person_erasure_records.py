from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

#: What identifies somebody on a record of Odoo, where the model has the field.
PERSONAL_FIELDS = {
    "res.partner": (
        "email",
        "phone",
        "street",
        "street2",
        "zip",
        "city",
        "company_name",
        "website",
        "function",
        "vat",
        "ref",
        "barcode",
        "comment",
        "image_1920",
        "category_id",
    ),
    "crm.lead": (
        "contact_name",
        "partner_name",
        "email_from",
        "email_cc",
        "phone",
        "street",
        "street2",
        "zip",
        "city",
        "website",
        "function",
        "referred",
        "description",
    ),
}
#: What a line of an imported file says.
IMPORT_LINE_CLEAR = dict.fromkeys(
    ("cells", "name", "company_name", "email", "suggested_email", "reason")
)
#: Documents that name a contact and that the law wants kept; of modules that may not be
#: there.
KEPT_DOCUMENTS = (
    ("account.move", "partner_id"),
    ("sale.order", "partner_id"),
    ("purchase.order", "partner_id"),
    ("pos.order", "partner_id"),
    ("hr.employee", "work_contact_id"),
)


class MarketingPerson(models.Model):
    """What an erasure does with records of Odoo: contacts, leads, mails, traces."""

    _inherit = "marketing.person"

    def _find_erased_records(self, keep_records):
        """Records an erasure deals with: `{(model, outcome): recordset}`."""
        found = {}
        addresses = self._get_addresses()
        everything = self.with_context(active_test=False, lang=None).sudo()
        partners, leads = everything.partner_ids, everything.lead_ids
        partners |= partners.child_ids.filtered(lambda child: child.type != "contact")
        kept = partners if keep_records else partners._find_needed()
        found["res.partner", "kept"] = kept
        found["res.partner", "anonymized"] = partners - kept
        found["crm.lead", "kept" if keep_records else "anonymized"] = leads
        found["mailing.contact", "deleted"] = everything.contact_ids
        traces = self._find_traces(addresses)
        found["mailing.trace", "anonymized"] = traces
        found["link.tracker.click", "anonymized"] = (
            self.env["link.tracker.click"]
            .sudo()
            .search([("mailing_trace_id", "in", traces.ids), ("ip", "!=", False)])
        )
        # Lines of the person himself are a rule; these made or changed nothing.
        found["marketing.import.line", "anonymized"] = (
            self.env["marketing.import.line"]
            .sudo()
            .search([("email", "in", addresses), ("person_id", "=", False)])
        )
        found["mail.mail", "deleted"] = self._find_mails(addresses, traces)
        found["mail.blacklist", "deleted"] = (
            self.env["mail.blacklist"]
            .sudo()
            .with_context(active_test=False)
            .search([("email", "in", addresses)])
        )
        anonymous = [
            ("res.partner", (partners - kept).ids),
            ("crm.lead", [] if keep_records else leads.ids),
            ("mailing.contact", everything.contact_ids.ids),
        ]
        for name, column in (("mail.message", "model"), ("ir.attachment", "res_model")):
            found[name, "deleted"] = (
                self.env[name]
                .sudo()
                .search(
                    Domain.OR(
                        Domain(column, "=", model) & Domain("res_id", "in", ids)
                        for model, ids in anonymous
                    )
                )
            )
        return found

    @api.model
    def _get_record_reasons(self, keep_records):
        """Why records become what they do: `{(model, outcome): sentence}`."""
        reasons = {
            ("mailing.contact", "deleted"): self.env._(
                "They are there for mailings only."
            ),
            ("mailing.trace", "anonymized"): self.env._(
                "Figures of mailings stay, without the address."
            ),
            ("link.tracker.click", "anonymized"): self.env._(
                "Figures of links stay, without the address of the network."
            ),
            ("mail.mail", "deleted"): self.env._(
                "Marketing mails that wait or were kept, and mails to the address."
            ),
            ("mail.blacklist", "deleted"): self.env._(
                "The fingerprint on the suppression list takes its place."
            ),
        }
        if keep_records:
            stay = self.env._("You chose to leave them; they get no marketing mail.")
            return reasons | {
                ("res.partner", "kept"): stay,
                ("crm.lead", "kept"): stay,
            }
        return reasons | {
            ("res.partner", "kept"): self.env._(
                "Companies, users, and contacts that documents such as invoices name:"
                " they get no marketing mail."
            ),
            ("res.partner", "anonymized"): self.env._(
                "Name, addresses, numbers and notes go; the contact is archived."
            ),
            ("crm.lead", "anonymized"): self.env._(
                "Name, addresses, numbers and notes go; what was not won is archived."
            ),
            ("mail.message", "deleted"): self.env._(
                "Discussions on the records that go."
            ),
            ("ir.attachment", "deleted"): self.env._("Files on the records that go."),
        }

    def _find_traces(self, addresses):
        """Odoo's traces of mails to addresses; by the index of mailing and address."""
        self.env["mailing.trace"].flush_model(["email", "mass_mailing_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT trace.id
                  FROM mailing_mailing mailing
                 CROSS JOIN LATERAL (
                       SELECT id FROM mailing_trace
                        WHERE mass_mailing_id = mailing.id AND email = ANY(%s)) trace
                """,
                addresses,
            )
        )
        return self.env["mailing.trace"].sudo().browse(row[0] for row in rows)

    def _find_mails(self, addresses, traces):
        """Mails of mailings to these persons, and mails to their addresses."""
        return (
            self.env["mail.mail"]
            .sudo()
            .search(
                Domain.OR(
                    [
                        [("id", "in", traces.mail_mail_id.ids)],
                        [("marketing_delivery_id.person_id", "in", self.ids)],
                        [("email_to", "in", addresses)],
                    ]
                )
            )
        )

    def _erase_records(self, found):
        """Do what `_find_erased_records` found."""
        found[("mail.mail", "deleted")].unlink()
        found["marketing.import.line", "anonymized"].write(IMPORT_LINE_CLEAR)
        clicks = found["link.tracker.click", "anonymized"]
        clicks.write({"ip": False})
        self._anonymize_traces(found["mailing.trace", "anonymized"])
        found["ir.attachment", "deleted"].unlink()
        partners = found["res.partner", "anonymized"]
        partners._anonymize_records(self.env._("Erased contact"))
        if leads := found.get(("crm.lead", "anonymized")):
            # A contact that is needed for something else no longer says who it was.
            leads.filtered(lambda lead: lead.partner_id - partners).partner_id = False
            leads._anonymize_records(self.env._("Erased lead"))
        found["mailing.contact", "deleted"].unlink()
        found["mail.message", "deleted"].exists().unlink()
        found["mail.blacklist", "deleted"].with_context(marketing_erasure=True).unlink()

    def _anonymize_traces(self, traces):
        """Figures of mailings stay; the record behind a trace is a person unknown."""
        if not traces:
            return
        traces.flush_model()
        self.env.cr.execute(
            """
            UPDATE mailing_trace trace
               SET email = NULL, model = 'marketing.person', res_id = person.id,
                   failure_reason = NULL
              FROM marketing_person person
             WHERE trace.id = ANY(%s) AND person.id = ANY(%s)
               AND person.email_normalized = trace.email
            """,
            [traces.ids, self.ids],
        )
        traces.invalidate_model()

    def _release_kept_records(self):
        """Records that stay belong to new persons, who are not mailed."""
        for name in self._get_record_models():
            model = self.env[name].sudo().with_context(active_test=False)
            records = model.search([("marketing_person_id", "in", self.ids)])
            if records:
                self.env.add_to_compute(model._fields["marketing_person_id"], records)
                records.flush_recordset(["marketing_person_id"])


class MarketingPersonMixin(models.AbstractModel):
    _inherit = "marketing.person.mixin"

    def _anonymize_records(self, name):
        """Empty what identifies somebody, and archive; one write for all of them."""
        if not self:
            return
        values = {
            field: False
            for field in PERSONAL_FIELDS.get(self._name, ())
            if field in self._fields and self._fields[field].store
        }
        records = self.with_context(marketing_automated=True, tracking_disable=True)
        records.write(values | {"name": name})
        records._get_anonymous_to_archive().write({"active": False})

    def _get_anonymous_to_archive(self):
        """Records that nobody works with any more."""
        return self


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _find_needed(self):
        """Contacts that are needed for something else: users, companies, documents."""
        needed = self.filtered(
            lambda partner: (
                partner.is_company or partner.with_context(active_test=False).user_ids
            )
        )
        if (
            companies := self.env["res.company"]
            .sudo()
            .search([("partner_id", "in", self.ids)])
        ):
            needed |= companies.partner_id
        for model, name in KEPT_DOCUMENTS:
            if model in self.env and name in self.env[model]._fields:
                groups = (
                    self.env[model]
                    .sudo()
                    .with_context(active_test=False)
                    ._read_group([(name, "in", self.ids)], [name])
                )
                needed |= self.browse(partner.id for (partner,) in groups)
        return self & needed


class CrmLead(models.Model):
    _inherit = "crm.lead"

    def _get_anonymous_to_archive(self):
        """What was won stays in the figures of sales."""
        return self.filtered(lambda lead: lead.won_status != "won")
