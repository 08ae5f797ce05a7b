from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import is_html_empty

from ..tools.mail_blocks import clean_placeholders


class MailingMailing(models.Model):
    """A mailing begins with a template, and may become one."""

    _inherit = "mailing.mailing"

    marketing_template_id = fields.Many2one(
        "marketing.mail.template",
        "Begun With",
        readonly=False,
        index="btree_not_null",
        ondelete="set null",
        help="The template the text was taken from; its other languages are offered "
        "for this mailing too.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._clean_body(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._clean_body(vals))

    @api.model
    def _clean_body(self, vals):
        """Values with placeholders as Odoo wants them in what is sent."""
        if not vals.get("body_html"):
            return vals
        return vals | {"body_html": clean_placeholders(str(vals["body_html"]))}

    def action_save_as_template(self):
        """Keep the text for other mailings."""
        self.ensure_one()
        if is_html_empty(self.body_html):
            raise UserError(self.env._("There is no text yet that could be kept."))
        template = self.env["marketing.mail.template"].create(
            {
                "name": self.subject,
                "subject": self.subject,
                "preview": self.preview,
                "body_arch": self.body_arch,
                "body_html": self.body_html,
                "kind": self.sudo().marketing_template_id.kind or "other",
                "lang_id": (
                    self.marketing_lang_id
                    or self.env["res.lang"]._lang_get(self.env.user.lang)
                ).id,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": template._name,
            "res_id": template.id,
            "views": [(False, "form")],
        }
