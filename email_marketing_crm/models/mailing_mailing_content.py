from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

#: The key of a part's content that says which variant of the mail it is.
VARIANT = "marketing_variant"


class MailingMailing(models.Model):
    """Which text each recipient gets: variants of a mailing.

    `_split_by_content` asks the kinds of variants one after the other, and each splits
    the parts of the one before: by language, by the conditions of blocks, by sender. A
    kind has two halves: one that finds out what is right for whom, in sets, and one
    that makes the content of it. The second one alone shows again what somebody got:
    `variant` of his delivery keeps what was right for him.
    """

    _inherit = "mailing.mailing"

    def _get_body(self, content):
        """The body of a part, as the composer gets it."""
        self.ensure_one()
        if "body" in content:
            return content["body"]
        return self._prepend_preview(self.body_html or "", self.preview)

    @api.model
    def _get_domain_with(self, words):
        """Mailings with these words in the HTML of one of the texts people may get.

        Each kind of variant with texts of its own adds them.
        """
        return Domain("body_html", "like", words)

    @api.model
    def _open_with(self, words, name):
        """An action that lists these mailings."""
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": self._name,
            "view_mode": "list,form",
            "domain": list(self._get_domain_with(words)),
        }

    def _add_variant(self, content, **values):
        """Content with values, some of which say which variant it is."""
        variant = {**content.get(VARIANT, {}), **values}
        return {**content, VARIANT: variant}

    def _get_content_persons(self, deliveries):
        """`{record id: person id}` of recipients; without a person: not in there.

        :param deliveries: `{record id: delivery id}`; a record that has no delivery,
            in a test or in Odoo's own queue, is found by itself
        """
        self.ensure_one()
        ids = [delivery_id for delivery_id in deliveries.values() if delivery_id]
        by_delivery = {}
        if ids:
            by_delivery = dict(
                self.env.execute_query(
                    SQL(
                        "SELECT id, person_id FROM marketing_delivery"
                        " WHERE id = ANY(%s)",
                        ids,
                    )
                )
            )
        persons = {
            res_id: by_delivery[delivery_id]
            for res_id, delivery_id in deliveries.items()
            if delivery_id in by_delivery
        }
        others = [res_id for res_id in deliveries if res_id not in persons]
        return persons | self._get_record_persons(others)

    def _get_record_persons(self, res_ids):
        """`{record id: person id}`; records of any model, by their address."""
        model = self.env[self.mailing_model_real].sudo()
        records = model.browse([res_id for res_id in res_ids if res_id]).exists()
        if not records:
            return {}
        if "marketing_person_id" in model._fields:
            return {
                record.id: record.marketing_person_id._get_person().id
                for record in records
                if record.marketing_person_id
            }
        normalize = self.env["marketing.person"]._normalize
        addresses = {
            record_id: normalize(found["email"])
            for record_id, found in self._get_record_addresses(records).items()
        }
        known = (
            self.env["marketing.person"]
            .sudo()
            ._get_ids_by_email({email for email in addresses.values() if email})
        )
        return {
            record_id: known[email]
            for record_id, email in addresses.items()
            if email in known
        }

    def _get_record_addresses(self, records):
        """`{record id: {"email": address}}` of a model we know nothing about."""
        if "email_normalized" in records._fields:
            return {record.id: {"email": record.email_normalized} for record in records}
        found = records._message_get_default_recipients()
        partners = self.env["res.partner"].sudo()
        return {
            record_id: {
                "email": values.get("email_to")
                or partners.browse(values.get("partner_ids", [])[:1]).email
            }
            for record_id, values in found.items()
        }

    def _get_variant_content(self, variant):
        """The content of a variant that somebody got: what `_split_by_content` made."""
        self.ensure_one()
        return {VARIANT: dict(variant)} if variant else {}
