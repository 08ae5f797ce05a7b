from odoo import api, fields, models


class MarketingMailingText(models.AbstractModel):
    """A text that some persons get instead of a mailing's own.

    Who inherits says which mailing it belongs to, and refuses in `_check_may_change`
    what would change a text that people got. A change withdraws the approval of the
    mailing, as one of its own text does.
    """

    _name = "marketing.mailing.text"
    _description = "Text of a Mailing for Some"
    _inherit = ["mail.render.mixin"]
    _unrestricted_rendering = True

    mailing_id = fields.Many2one("mailing.mailing")
    subject = fields.Char()
    preview = fields.Char("Preview Text")
    body_arch = fields.Html(
        "Body",
        sanitize="email_outgoing",
        sanitize_output_method="html",
        help="As it is edited.",
    )
    body_html = fields.Html(
        "Body as it is sent",
        sanitize="email_outgoing",
        render_engine="qweb",
        render_options={"post_process": True},
    )
    # what the editor has to know of the mailing
    mailing_model_id = fields.Many2one(related="mailing_id.mailing_model_id")
    mailing_model_real = fields.Char(related="mailing_id.mailing_model_real")

    @api.depends("mailing_model_real")
    def _compute_render_model(self):
        for text in self:
            text.render_model = text.mailing_model_real

    @api.model_create_multi
    def create(self, vals_list):
        texts = super().create([self._convert_text(vals) for vals in vals_list])
        texts._check_may_change()
        texts.mailing_id._follow_changes()
        return texts

    def write(self, vals):
        self._check_may_change(vals)
        result = super().write(self._convert_text(vals))
        self.mailing_id._follow_changes()
        return result

    def unlink(self):
        mailings = self.mailing_id
        result = super().unlink()
        mailings._follow_changes()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_on_its_way(self):
        self._check_may_change()

    def _check_may_change(self, vals=()):
        """Refuse what would change a text that people got.

        :param vals: what is written; nothing where a text is made or deleted
        """
        raise NotImplementedError

    def _convert_text(self, vals):
        """Values as they are kept: like those of the mailing's own text.

        Pictures become attachments, and placeholders what Odoo wants them to be.
        """
        mailings = self.env["mailing.mailing"]
        converted = dict(mailings._clean_body(vals))
        for name in ("body_arch", "body_html"):
            if converted.get(name):
                converted[name] = mailings._convert_inline_images_to_urls(
                    converted[name]
                )
        return converted
