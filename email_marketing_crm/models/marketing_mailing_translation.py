from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import is_html_empty


class MarketingMailingTranslation(models.Model):
    """A mailing in another language: its subject, preview and body.

    Written by marketers, one row a language. Who reads that language gets this text
    instead of the mailing's own; everything else (audience, sender, attachments) is
    the mailing's. A row without a body or subject cannot be saved, so nobody ever
    gets an empty mail. Nothing changes once the mailing is on its way: what was sent
    is shown from here.
    """

    _name = "marketing.mailing.translation"
    _description = "Language of a Mailing"
    _inherit = ["marketing.mailing.text"]
    _order = "mailing_id, lang_id"
    _rec_name = "lang_id"

    mailing_id = fields.Many2one(
        "mailing.mailing", required=True, ondelete="cascade", index=True
    )
    lang_id = fields.Many2one(
        "res.lang",
        "Written In",
        required=True,
        ondelete="restrict",
        domain="[('active', '=', True)]",
    )
    subject = fields.Char(required=True, help="Subject of the mail.")
    mailing_state = fields.Selection(related="mailing_id.state", string="Status")

    _mailing_lang_unique = models.Constraint(
        "UNIQUE(mailing_id, lang_id)",
        "The mailing has a text in this language already.",
    )

    @api.constrains("body_html")
    def _check_body(self):
        for translation in self:
            if is_html_empty(translation.body_html):
                raise ValidationError(
                    self.env._(
                        "The text in %s is empty. Write it, or take the language out.",
                        translation.lang_id.name,
                    )
                )

    @api.model
    def default_get(self, fields_list):
        """A translation starts from the text that is to be translated.

        Where the mailing was begun with a template that there is in another language
        of this database, it starts from that one.
        """
        values = super().default_get(fields_list)
        mailing = self.env["mailing.mailing"].browse(values.get("mailing_id"))
        if not mailing:
            return values
        twin = self._find_twin(mailing)
        if twin and "lang_id" in fields_list and not values.get("lang_id"):
            values["lang_id"] = twin.lang_id.id
        source = (
            twin.get_mailing_values(mailing.mailing_model_real)
            if twin and values.get("lang_id") == twin.lang_id.id
            else mailing
        )
        for name in ("subject", "preview", "body_arch", "body_html"):
            if name in fields_list and name not in values:
                values[name] = source[name]
        return values

    @api.model
    def _find_twin(self, mailing):
        """The mailing's template in a language that it is not written in yet."""
        template = mailing.sudo().marketing_template_id
        written = mailing.marketing_lang_id + mailing.marketing_translation_ids.lang_id
        wanted = self.env["res.lang"].search([("id", "not in", written.ids)])
        return template._get_twins(wanted)[:1].with_env(self.env)

    def _check_may_change(self, vals=()):
        for translation in self:
            mailing = translation.mailing_id
            if mailing.state in ("sending", "done"):
                raise UserError(
                    self.env._(
                        "“%s” was sent already. Its text stays as people got it.",
                        mailing.subject,
                    )
                )
