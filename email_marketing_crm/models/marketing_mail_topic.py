from odoo import api, fields, models

from ..tools.mail_language import choose_language

#: Context key: the mailing that a text is written for.
MAILING = "marketing_mailing"
#: The field that puts the topic into a mail.
TOPIC_FIELD = "marketing_topic_name"


class MarketingPersonMixin(models.AbstractModel):
    """The topic of the mailing, which its footer or text may name to each reader."""

    _inherit = "marketing.person.mixin"

    marketing_topic_name = fields.Char(
        "Topic of the Mailing",
        compute="_compute_marketing_topic_name",
        help="What the mail is about, as the person reads it on the preference page: "
        "in his own language. Empty in a mailing without a topic.",
    )

    @api.depends_context(MAILING)
    def _compute_marketing_topic_name(self):
        mailing = (
            self.env["mailing.mailing"].sudo().browse(self.env.context.get(MAILING))
        )
        topic = mailing.marketing_topic_id
        if not topic:
            self.marketing_topic_name = False
            return
        readers = mailing._get_reader_langs(dict.fromkeys(self.ids, False))
        installed = [code for code, _name in self.env["res.lang"].get_installed()]
        own = mailing.marketing_lang_id.code
        names = {}
        for record in self:
            lang = choose_language(readers.get(record.id), own, installed)
            if lang not in names:
                known = lang if lang in installed else None
                names[lang] = topic.with_context(lang=known).name
            record.marketing_topic_name = names[lang]

    @api.model
    def mail_allowed_qweb_expressions(self):
        return (*super().mail_allowed_qweb_expressions(), f"object.{TOPIC_FIELD}")


class MailingMailing(models.Model):
    """Whoever writes a text of the mailing knows which mailing it is."""

    _inherit = "mailing.mailing"

    def _get_mass_mailing_context(self):
        return super()._get_mass_mailing_context() | {MAILING: self.id}

    def _with_sending_context(self):
        return super()._with_sending_context().with_context(**{MAILING: self.id})

    def _render_field(self, field, res_ids, *args, **kwargs):
        mailing = self.with_context(**{MAILING: self.id}) if len(self) == 1 else self
        return super(MailingMailing, mailing)._render_field(
            field, res_ids, *args, **kwargs
        )


class MarketingMailingCheck(models.Model):
    """Where the mailing has no topic, nobody reads one."""

    _inherit = "marketing.mailing.check"

    def _get_missing_domain(self, records, path):
        if path != (TOPIC_FIELD,):
            return super()._get_missing_domain(records, path)
        if self.mailing_id.marketing_topic_id:
            return None
        return fields.Domain.TRUE
