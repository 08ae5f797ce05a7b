from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.mail_language import choose_language
from .mailing_mailing_content import VARIANT


class MailingMailing(models.Model):
    """Each recipient gets the mailing in his language, where it is written in it."""

    _inherit = "mailing.mailing"

    marketing_lang_id = fields.Many2one(
        "res.lang",
        "Written In",
        default=lambda self: self.env["res.lang"]._lang_get(self.env.user.lang),
        domain="[('active', '=', True)]",
        help="The language of the mailing itself. Whoever reads none of its "
        "languages gets this text.",
    )
    marketing_translation_ids = fields.One2many(
        "marketing.mailing.translation",
        "mailing_id",
        string="Languages",
        copy=True,
        help="The same mailing in other languages, for those who read them.",
    )

    marketing_translation_count = fields.Integer(
        "Other Languages", compute="_compute_marketing_translation_count"
    )

    @api.depends("marketing_translation_ids")
    def _compute_marketing_translation_count(self):
        for mailing in self:
            mailing.marketing_translation_count = len(mailing.marketing_translation_ids)

    def action_view_translations(self):
        """The texts of this mailing in other languages."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "email_marketing_crm.marketing_mailing_translation_action"
        )
        return action | {
            "display_name": self.env._("Languages of %s", self.subject),
            "domain": [("mailing_id", "=", self.id)],
            "context": {"default_mailing_id": self.id, "hide_mailing": True},
        }

    def _get_approved_texts(self):
        """Who approves a mailing approves its translations."""
        return super()._get_approved_texts() + [
            (
                translation.lang_id.code,
                translation.subject,
                translation.preview or "",
                str(translation.body_html),
            )
            for translation in self.sudo().marketing_translation_ids
        ]

    def _split_by_content(self, deliveries):
        parts = super()._split_by_content(deliveries)
        if not self.sudo().marketing_translation_ids:
            return parts
        langs = self._get_reader_langs(deliveries)
        return [
            split
            for content, part in parts
            for split in self._split_by_language(content, part, langs)
        ]

    def _split_by_language(self, content, part, langs):
        """A part, split by the text each of it reads."""
        texts = self._get_text_langs()
        groups = {}
        for res_id, delivery_id in part.items():
            lang = choose_language(langs.get(res_id), *texts)
            groups.setdefault(lang, {})[res_id] = delivery_id
        return [
            (self._add_language(content, lang), group) for lang, group in groups.items()
        ]

    def _get_text_langs(self):
        """`(own language, [languages of the translations])`, as codes."""
        self.ensure_one()
        mailing = self.sudo()
        translations = mailing.marketing_translation_ids
        return mailing.marketing_lang_id.code, translations.lang_id.mapped("code")

    def _add_language(self, content, lang):
        """Content in a language; the mailing's own has no translation."""
        translation = self.sudo().marketing_translation_ids.filtered(
            lambda translation: translation.lang_id.code == lang
        )
        content = self._add_variant(content, lang=lang)
        if lang:
            content["lang"] = lang
        if translation:
            content |= {
                "subject": translation.subject,
                "body": translation._prepend_preview(
                    translation.body_html, translation.preview
                ),
            }
        return content

    def _get_variant_content(self, variant):
        content = super()._get_variant_content(variant)
        lang = variant and variant.get("lang")
        return self._add_language(content, lang) if lang else content

    @api.model
    def _get_domain_with(self, words):
        translations = Domain("marketing_translation_ids.body_html", "like", words)
        return super()._get_domain_with(words) | translations

    @api.model
    def _get_content_lang(self, content):
        """The language of a part, where the mailing has several."""
        return content.get(VARIANT, {}).get("lang")

    def _get_reader_langs(self, deliveries):
        """`{record id: language its person reads}`, the one he chose first."""
        persons = self._get_content_persons(deliveries)
        langs = dict(
            self.env.execute_query(
                SQL(
                    "SELECT id, COALESCE(preferred_lang, lang) FROM marketing_person"
                    " WHERE id = ANY(%s)",
                    list(set(persons.values())),
                )
            )
        )
        return {res_id: langs.get(person_id) for res_id, person_id in persons.items()}
